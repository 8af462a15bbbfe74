// What two devices of one person say of the same day, and two people on one device.
// Usage: node tests/browser/two-devices.mjs <base-url> <picture.png>
import assert from 'node:assert/strict';
import { daysAgo, given, handsOn, launch, online, phone, send, signIn, steps, until } from './page.mjs';

const [base, picture] = given('base-url', 'picture.png');
const browser = await launch();
// What a browser logs where the network is away, and where the API says no as it should.
const expected = [
  ['ERR_', base],
  ['401', '/api/'],
  ['404', '/api/reviews/'],
  ['404', '/api/foods/'],
  ['412', '/api/reviews/'],
  ['422', '/api/reviews/'],
];
const { context, page, complaints } = await phone(browser, { expected });
const { page: other } = await phone(browser, { expected });
const { step, quiet } = steps(page, picture, complaints);

const today = daysAgo(0);
const me = `한입이 ${Date.now()}`;
const { button, see } = handsOn(page);
const card = (name) => page.getByRole('article').filter({ hasText: name });
const waiting = (count) => page.getByText(`연결되면 보낼게요 (${count})`, { exact: true });
const review = () => send(other, 'GET', `/api/reviews/${today}`);
const names = async () =>
  (await send(other, 'GET', '/api/foods')).foods.map((food) => food.name).sort();

await step('a person is here with two foods, and there as well', async () => {
  await signIn(page, base, me);
  await button('라면').click();
  await see(card('라면'));
  await button('끊을 음식 추가').click();
  await page.getByRole('dialog').getByRole('button', { name: '설탕', exact: true }).click();
  await see(card('설탕'));
  await page.getByText('그저 그랬어요', { exact: true }).click();
  await button('저장하기').click();
  await see(button('저장됨'));
  await page.evaluate(() => navigator.serviceWorker.ready);
  await signIn(other, base, me);
});

await step('a language chosen there is spoken here at the next visit', async () => {
  await send(other, 'PATCH', '/api/auth/me', { locale: 'en' });
  await page.reload();
  await see(page.getByRole('link', { name: 'History', exact: true }));
  await send(other, 'PATCH', '/api/auth/me', { locale: 'ko' });
  await page.reload();
  await see(page.getByRole('link', { name: '지난 기록', exact: true }));
});

/** Writes on this device while it is away, and on the other meanwhile. */
async function disagree(mine, theirs) {
  await context.setOffline(true);
  await page.getByText(mine, { exact: true }).click();
  await button('저장하기').click();
  await see(waiting(1));
  await send(other, 'PUT', `/api/reviews/${today}`, { difficulty: theirs });
  await online(page);
  await see(page.getByText('다른 기기에서 바뀐 기록이 있어요. 어느 쪽을 남길까요?'));
}

await step('what two devices say is asked about: theirs', async () => {
  await disagree('쉬웠어요', 5);
  await page.reload();
  await button('다른 기기 기록 남기기').click();
  await page.waitForFunction(() => !document.querySelector('[role=alert]'));
  assert.equal((await review()).difficulty, 5);
  assert.ok(await page.getByRole('radio', { name: '아주 힘들었어요' }).isChecked());
});

await step('what two devices say is asked about: mine', async () => {
  await disagree('괜찮았어요', 4);
  await button('이 기록 남기기').click();
  await page.waitForFunction(() => !document.querySelector('[role=alert]'));
  await until(async () => (await review()).difficulty === 2);
  assert.equal((await review()).difficulty, 2);
});

const gone = page.getByRole('alert').filter({ hasText: '다른 곳에서 지운 항목이라' });
/** Deletes a food on the other device. */
async function deleteElsewhere(name) {
  const { foods } = await send(other, 'GET', '/api/foods');
  await send(other, 'DELETE', `/api/foods/${foods.find((food) => food.name === name).id}`);
}

await step('of a food deleted elsewhere it is told at once what waits, and the rest is stored', async () => {
  await context.setOffline(true);
  await card('설탕').getByText('먹었어요', { exact: true }).click();
  await page.getByText('그저 그랬어요', { exact: true }).click();
  await page.getByLabel('메모').fill('비가 왔다');
  await button('저장하기').click();
  await see(waiting(1));
  await button('끊을 음식 추가').click();
  await page.getByRole('dialog').getByRole('button', { name: '커피', exact: true }).click();
  await see(waiting(2));
  await page.reload();
  await see(waiting(2));
  await deleteElsewhere('설탕');
  await online(page);
  await see(gone.filter({ hasText: '설탕 먹음' }));
  assert.equal(await page.getByText('어느 쪽을 남길까요?', { exact: false }).count(), 0);
  await until(async () => (await review()).note === '비가 왔다');
  assert.equal((await review()).difficulty, 3);
  await see(card('커피'));
  await card('설탕').waitFor({ state: 'detached' });
  assert.deepEqual(await names(), ['라면', '커피']);
});

await step('it stays over a reload, and is stored when the food is brought back', async () => {
  await page.reload();
  await see(gone);
  await button('되살리고 저장하기').click();
  await gone.waitFor({ state: 'hidden' });
  await see(card('설탕'));
  const sugar = await until(async () => {
    const { foods } = await send(other, 'GET', '/api/foods');
    return foods.find((food) => food.name === '설탕');
  });
  await until(async () =>
    (await review()).foods.some((f) => f.food_id === sugar.id && f.outcome === 'slipped'),
  );
});

await step('a slip of a food deleted elsewhere is told, and let go of when asked', async () => {
  await context.setOffline(true);
  await page.goto(`${base}/days/${today}/slip`);
  await page.getByLabel('무엇을 먹었나요?').selectOption({ label: '설탕' });
  await page.getByLabel('양').fill('두 스푼');
  await button('저장하기').click();
  await see(waiting(1));
  await deleteElsewhere('설탕');
  await online(page);
  await see(gone.filter({ hasText: '두 스푼' }));
  await button('보내지 않기').click();
  await gone.waitFor({ state: 'hidden' });
  assert.deepEqual(await names(), ['라면', '커피']);
});

/** Writes while away, and is signed out by the other device meanwhile. */
async function writeAndBeSignedOut(face) {
  await context.setOffline(true);
  await page.getByText(face, { exact: true }).click();
  await button('저장하기').click();
  await see(waiting(1));
  const { sessions } = await send(other, 'GET', '/api/auth/sessions');
  for (const { id, current } of sessions) {
    if (!current) await send(other, 'DELETE', `/api/auth/sessions/${id}`);
  }
  await online(page);
  await see(page.getByText('다시 로그인해 주세요. 적던 내용은 그대로 있어요.'));
}

await step('nothing is sent under another account', async () => {
  await writeAndBeSignedOut('힘들었어요');
  const taken = [];
  context.on('request', (request) => {
    const writes = request.method() !== 'GET' && request.url().includes('/api/');
    if (writes) taken.push(request.url());
  });
  await signIn(page, base, `다른 ${me}`);
  await see(page.getByRole('heading', { name: '무엇을 끊을까요?' }));
  await page.waitForTimeout(1_000);
  const theirs = await send(page, 'GET', '/api/streaks/today');
  assert.deepEqual([theirs.foods, theirs.review, taken], [[], null, []]);
  assert.equal((await review()).difficulty, 3);
});

await step('it is sent once its own account is back', async () => {
  await context.clearCookies();
  await signIn(page, base, me);
  await see(card('라면'));
  await until(async () => (await review()).difficulty === 4);
});

await step('signing out warns of what is unsent, and wipes the device', async () => {
  await context.route('**/api/reviews/**', (route) => route.abort());
  await page.getByText('그저 그랬어요', { exact: true }).click();
  await button('저장하기').click();
  await see(waiting(1));
  await page.getByRole('link', { name: '설정', exact: true }).click();
  await button('로그아웃').click();
  await see(page.getByText('아직 보내지 못한 기록이 1개 있어요.', { exact: false }));
  await button('그래도 로그아웃').click();
  await see(page.getByRole('link', { name: '이 컴퓨터에서 시작하기' }));
  const left = await page.evaluate(async () => {
    const db = await new Promise((resolve) => {
      indexedDB.open('hanip').onsuccess = ({ target }) => resolve(target.result);
    });
    const rows = [...db.objectStoreNames].map(
      (name) =>
        new Promise((resolve) => {
          const all = db.transaction(name).objectStore(name).getAll();
          all.onsuccess = () => resolve(all.result);
        }),
    );
    return [...(await Promise.all(rows)).flat(), ...Object.values(sessionStorage)];
  });
  assert.deepEqual(left, []);
});

await quiet();
await browser.close();
