// What the settings hold, once each: the list, days off, tokens, devices, the account and its data.
// Usage: node tests/browser/settings.mjs <base-url> <picture.png>
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { daysAgo, given, handsOn, launch, online, phone, send, signIn, spoken, steps, until } from './page.mjs';
import { fill } from './sample.mjs';

const [base, picture] = given('base-url', 'picture.png');
// A new person each time, so that the same server can be used again.
const who = `하늘 ${Date.now()}`;
const browser = await launch();
const expected = [
  ['422', '/api/'], // what is refused at its field
  ['401', '/api/'], // signed out
];
const { page, complaints } = await phone(browser, { expected });
const { step, quiet } = steps(page, picture, complaints);

const { button, link, heading, see, seeText, gone, read, undo, stored } = handsOn(page);

await signIn(page, base, who);
const { soda } = await fill(page);

await step('a food is removed with undo, and later brought back from the list', async () => {
  await page.goto(`${base}/foods/${soda}`);
  // What is asked for after it is removed is not found.
  await page.waitForLoadState('networkidle');
  await button('지우기').click();
  await seeText('탄산음료를 지웠어요.');
  await undo();
  await see(page.getByRole('article').filter({ hasText: '탄산음료' }));
  await page.goto(`${base}/settings/list`);
  await button('빵 되살리기').click();
  await seeText('빵을 되살렸어요.');
  await see(button('빵 위로'));
});

await step('the list takes another order', async () => {
  await button('탄산음료 위로').click();
  await stored(
    () => read('/api/foods'),
    ({ foods }) => assert.deepEqual(foods.slice(0, 2).map(({ name }) => name), ['탄산음료', '라면']),
  );
});

await step('days off are set, changed and removed with undo', async () => {
  await page.goto(`${base}/settings/days-off`);
  await page.getByLabel('첫날').fill(daysAgo(-3));
  await page.getByLabel('마지막 날').fill(daysAgo(-1));
  await button('저장하기').click();
  await see(page.locator('[aria-invalid=true]'));
  await page.getByLabel('마지막 날').fill(daysAgo(-5));
  await page.getByLabel('메모').fill('설날');
  await button('저장하기').click();
  await seeText('쉬어가는 날로 정했어요.');
  const range = `${spoken(daysAgo(-3))}~${spoken(daysAgo(-5))}`;
  await button(`${range} 고치기`).click();
  await page.getByLabel('메모').fill('설 연휴');
  await button('저장하기').click();
  await seeText('설 연휴');
  await button(`${range} 지우기`).click();
  await seeText('쉬어가는 날을 지웠어요.');
  await gone(button(`${range} 지우기`));
  await undo();
  await see(button(`${range} 지우기`));
  await stored(
    () => read('/api/reviews/skips'),
    ({ skips }) => assert.equal(skips.filter(({ note }) => note === '설 연휴').length, 1),
  );
});

let token;
/** Somebody with two foods, whose app opens without a network too. */
async function away(paths, run) {
  const { context, page } = await phone(browser);
  await signIn(page, base, `섬 ${Math.random()}`);
  const add = (name) => send(page, 'POST', '/api/foods', { name, start_date: daysAgo(9) });
  const ids = [(await add('라면')).id, (await add('설탕')).id];
  await page.evaluate(() => navigator.serviceWorker.ready);
  for (const path of paths(...ids)) {
    await page.goto(base + path);
    await page.waitForLoadState('networkidle');
  }
  await context.setOffline(true);
  await run({ context, page, ids, ...handsOn(page) });
  await context.close();
}

await step('days off that are set without a network are in the list, over a reload too', () =>
  away(() => ['/settings/days-off'], async ({ context, page, button, see, gone, read }) => {
    const row = page.getByRole('listitem').filter({ hasText: '제주' });
    await page.getByLabel('메모', { exact: true }).fill('제주');
    await button('저장하기').click();
    await see(page.getByText('연결되면 보낼게요 (1)'));
    await page.waitForTimeout(500);
    assert.equal(await row.count(), 1);
    await page.reload();
    await see(row);
    await online(page);
    await until(async () => (await read('/api/reviews/skips')).skips.length === 1);
    await see(row);
    await row.getByRole('button', { name: /지우기$/ }).click();
    await gone(row);
    await until(async () => (await read('/api/reviews/skips')).skips.length === 0);
  }));

await step('a food that is deleted or archived without a network says so, and not that it loads', () =>
  away(
    (...ids) => ids.map((id) => `/foods/${id}`),
    async ({ page, ids, button, link, heading, see }) => {
      await button('지우기').click();
      await page.waitForURL(`${base}/`);
      await page.goBack();
      await see(heading('지운 음식이에요.'));
      await page.goto(`${base}/foods/${ids[1]}/edit`);
      await see(heading('지운 음식이에요.'));
      await link('오늘로 돌아가기').click();
      await page.getByRole('article').getByRole('link', { name: '라면' }).click();
      await button('보관하기').click();
      await page.waitForURL(`${base}/`);
      await page.goBack();
      await see(heading('보관한 음식이에요.'));
      await see(link('목록 정리'));
    },
  ));

await step('a token is made, shown once, and revoked', async () => {
  await page.goto(`${base}/settings/tokens`);
  await button('만들기').click();
  await seeText('이름을 적어 주세요.');
  await page.getByLabel('이름').fill('노트북');
  await page.getByText('읽고 쓰기', { exact: true }).first().click();
  await button('만들기').click();
  token = await page.locator('code').innerText();
  const ask = () => fetch(`${base}/api/foods`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await ask()).status, 200);
  await page.reload();
  await seeText('노트북');
  assert.equal(await page.getByText(token).count(), 0);
  // The new one of the same name stands before it, and its secret stays.
  await page.getByLabel('이름').fill('노트북');
  await button('만들기').click();
  await see(page.locator('code'));
  await button('노트북 없애기').last().click();
  await seeText('없애면 이 토큰을 쓰는 곳에서는 더 접속할 수 없어요.');
  await button('노트북 없애기').last().click();
  await seeText('“노트북” 토큰을 없앴어요.');
  assert.equal((await ask()).status, 401);
  assert.notEqual(await page.locator('code').innerText(), token);
});

await step('the name of a token is still there after a sign-in', async () => {
  await page.getByLabel('이름').fill('집 서버');
  const body = JSON.stringify({ status: 401, code: 'unauthenticated', title: 'Unauthorized' });
  await page.route(
    '**/api/auth/tokens',
    (route) => route.fulfill({ status: 401, contentType: 'application/problem+json', body }),
    { times: 1 },
  );
  await button('만들기').click();
  await page.waitForURL((url) => url.pathname !== '/settings/tokens');
  await page.goto(`${base}/settings/tokens`);
  assert.equal(await page.getByLabel('이름').inputValue(), '집 서버');
  await page.getByLabel('이름').fill('');
});

await step('a calendar link is made, shown once, and revoked', async () => {
  await page.goto(`${base}/settings/data`);
  await button('캘린더 주소 만들기').click();
  const code = page.locator('code');
  await see(code);
  const address = await code.innerText();
  const calendar = async (address) => (await fetch(address)).text();
  assert.match(await calendar(address), /^BEGIN:VCALENDAR\r\n[^]*SUMMARY:라면/);
  assert.ok(!(await calendar(address)).includes('OPAQUE'));
  await page.getByLabel('먹은 날도 바쁜 날로 보여 주기').check();
  assert.equal(await code.innerText(), `${address}&slips=1`);
  assert.match(await calendar(`${address}&slips=1`), /SUMMARY:먹음: [^]*TRANSP:OPAQUE/);
  const webcal = await link('캘린더 앱에 추가하기').getAttribute('href');
  assert.equal(webcal, `${address}&slips=1`.replace(/^https?/, 'webcal'));
  await page.reload();
  const revoke = page.getByRole('button', { name: /에 만든 주소 없애기$/ });
  await see(revoke);
  await seeText(/마지막 사용/);
  assert.equal(await code.count(), 0);
  await page.goto(`${base}/settings/tokens`);
  await seeText('노트북');
  assert.equal(await page.getByText('캘린더').count(), 0, 'it is no token for a script');
  await page.goto(`${base}/settings/data`);
  await revoke.click();
  await seeText('없애면 이 주소를 쓰는 캘린더에 새 소식이 오지 않아요.');
  await revoke.click();
  await seeText('캘린더 주소를 없앴어요.');
  assert.equal((await fetch(address)).status, 401);
});

await step('another device is signed out from here', async () => {
  const other = await phone(browser, {
    expected,
    userAgent: 'Mozilla/5.0 (Android 15; Mobile; rv:142.0) Gecko/142.0 Firefox/142.0',
  });
  await signIn(other.page, base, who);
  await page.goto(`${base}/settings/sign-in`);
  await seeText('지금 이 기기');
  await seeText('이 컴퓨터');
  await button('Firefox · Android 로그아웃').click();
  await seeText('Firefox · Android에서 로그아웃했어요.');
  await other.page.reload();
  await see(other.page.getByText('이 컴퓨터에서 시작하기'));
  await other.context.close();
});

await step('the account takes a name', async () => {
  await page.goto(`${base}/settings`);
  await page.getByLabel('이름').fill('하늘이');
  await button('저장하기').click();
  await see(button('저장됨'));
  assert.equal((await read('/api/auth/me')).display_name, '하늘이');
});

let file;
await step('everything is exported, and the same file adds nothing twice', async () => {
  await link('내 데이터', { exact: false }).or(page.getByRole('link', { name: /^내 데이터/ })).click();
  const downloading = page.waitForEvent('download');
  await link('파일로 받기 (JSON)').click();
  file = await (await downloading).path();
  assert.equal(JSON.parse(await readFile(file, 'utf8')).format, 'hanip');
  const table = page.waitForEvent('download');
  await link('표로 받기 (CSV)').click();
  assert.match(await readFile(await (await table).path(), 'utf8'), /라면/);
  const days = page.waitForEvent('download');
  await link('날짜별 표로 받기 (CSV)').click();
  assert.match(await readFile(await (await days).path(), 'utf8'), /^\ufeff"날짜",.*"라면"/);
  const input = page.getByLabel('JSON 파일');
  await input.setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
  await seeText('한입에서 내보낸 JSON 파일이 아니에요.');
  const pick = async (buffer) =>
    input.setInputFiles({ name: 'hanip.json', mimeType: 'application/json', buffer });
  const archive = await readFile(file);
  await pick(archive);
  await seeText('새로 추가할 것이 없어요. 모두 이미 있어요.');
  const broken = JSON.parse(archive);
  broken.foods[0].name = '';
  await pick(Buffer.from(JSON.stringify(broken)));
  await seeText('이름을 적어 주세요. 파일 안의 위치: /foods/0/name');
});

await step('the account is erased, and a new one takes the file', async () => {
  assert.ok(await button('계정과 모든 기록 지우기').isDisabled());
  await page.getByLabel('모두 지워진다는 걸 알고 있어요').check();
  await button('계정과 모든 기록 지우기').click();
  await see(link('이 컴퓨터에서 시작하기'));
  await seeText('계정을 지웠어요.');
  assert.equal((await page.request.get(`${base}/api/auth/me`)).status(), 401);
  await signIn(page, base, who);
  await see(heading('무엇을 끊을까요?'));
  await page.goto(`${base}/settings/data`);
  await page.getByLabel('JSON 파일').setInputFiles(file);
  await seeText(/^가져왔어요\. 음식 \d+개/);
  await link('오늘').click();
  await see(page.getByRole('article').filter({ hasText: '라면' }));
});

await quiet();
await browser.close();
