// Moving in from another app: a file is shown first, what is chosen is imported and nothing else, and it is taken back.
// Usage: node tests/browser/moving-in.mjs <base-url> <picture.png>
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { daysAgo, given, handsOn, launch, phone, signIn, steps, until } from './page.mjs';

const [base, picture] = given('base-url', 'picture.png');
const samples = new URL('../../functions/web/app/src/lib/moving-in/samples/', import.meta.url);
const loop = readFileSync(new URL('Loop Habits CSV 2026-11-26.zip', samples));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const browser = await launch();
const { page, complaints } = await phone(browser, {
  expected: [
    ['401', '/api/streaks/today'], // nobody is signed in yet
    ['409', '/api/data/import'], // more foods than fit
    ['ERR_FAILED', '/api/data/import'], // an answer that is lost
  ],
});
const { step, quiet } = steps(page, picture, complaints);
const { button, link, heading, see, seeText, gone, read } = handsOn(page);

/** What the page has sent to be stored. */
const sent = [];
page.on('request', (request) => {
  if (request.method() !== 'GET') sent.push(`${request.method()} ${request.url()} ${request.postData()}`);
});

const pick = (name, content) =>
  page.getByLabel('옮겨 올 파일').setInputFiles({
    name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(content),
  });
const habit = (name) => page.getByRole('article').filter({ hasText: name });
const take = (name) => page.getByRole('checkbox', { name: new RegExp(`^${name}`) });
const foods = async () => (await read('/api/foods')).foods;
const statuses = async (name, from, to) => {
  const { id } = (await foods()).find((food) => food.name === name);
  const { days } = await read(`/api/streaks/${id}/calendar?from=${from}&to=${to}`);
  return days.map(({ date, status }) => `${date} ${status}`);
};
const findings = async () => {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
};

await signIn(page, base, `이사 ${Date.now()}`);

await step('a file that is not understood is told what was expected', async () => {
  await page.goto(`${base}/settings/data`);
  await page.getByRole('link', { name: /^다른 앱의 기록 옮겨 오기/ }).click();
  await see(heading('다른 앱에서 옮겨 오기'));
  sent.length = 0;
  await pick('notes.csv', 'Dear diary,\nno sugar today.\n');
  await seeText('표에서 날짜를 찾지 못했어요.');
  await pick('Loop Habits Backup.db', 'SQLite format 3\0');
  await seeText('Loop에서 ‘CSV로 내보내기’를 하면 나오는 zip을 골라 주세요.');
  await pick('broken.zip', loop.subarray(0, 900));
  await seeText('중간에 끊기거나 망가진 zip이에요.');
});

await step('a file of Loop is shown first, and nothing of it leaves the device', async () => {
  const thread = page.waitForEvent('worker');
  await pick('a.bin', loop);
  // The page answers while a large file is read.
  assert.match((await thread).url(), /\/assets\/reader-/);
  await see(heading('Loop Habit Tracker: 3개를 찾았어요'));
  await until(() => heading('Loop Habit Tracker: 3개를 찾았어요').evaluate((h2) => h2 === document.activeElement));
  await see(habit('라면 안 먹기').getByText('표시가 없는 날 1일'));
  await button('0개 가져오기').click();
  await seeText('하나 이상 골라 주세요.');
  await take('No sugar').check();
  await see(habit('No sugar').getByText('지킴 2일 · 먹음 1일 · 쉬어감 1일').first());
  await see(habit('No sugar').getByText('지킴 1일 · 먹음 1일 · 쉬어감 1일'));
  await take('Cola, cans').check();
  await page.getByRole('article').filter({ hasText: 'Cola, cans' }).getByLabel('이름').fill('콜라');
  assert.deepEqual(sent, []);
});

for (const colorScheme of ['light', 'dark']) {
  await step(`what was found is accessible, and fits a small phone (${colorScheme})`, async () => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    assert.deepEqual(await findings(), []);
    await page.setViewportSize({ width: 320, height: 720 });
    const wide = () => document.scrollingElement.scrollWidth > document.documentElement.clientWidth;
    assert.equal(await page.evaluate(wide), false);
    await page.setViewportSize({ width: 390, height: 844 });
  });
}

await step('what was chosen is imported, and nothing else', async () => {
  await button('2개 가져오기').click();
  await seeText('음식 2개와 기록 6일을 가져왔어요.');
  assert.equal(sent.length, 1);
  assert.ok(!sent[0].includes('라면'), 'what was not chosen stays here');
  assert.deepEqual((await foods()).map(({ name, archived_on }) => [name, archived_on]), [['No sugar', null]]);
  assert.deepEqual(await statuses('No sugar', '2026-11-22', '2026-11-25'), [
    '2026-11-22 kept',
    '2026-11-23 skipped',
    '2026-11-24 slipped',
    '2026-11-25 kept',
  ]);
  const { foods: archived } = await read('/api/foods?state=archived');
  assert.deepEqual(archived.map(({ name }) => name), ['콜라']);
});

await step('its days are in History', async () => {
  await link('지난 기록에서 보기').click();
  const day = page.locator('article[data-date="2026-11-24"]');
  await see(day.getByText('birthday cake, two pieces'));
  await see(day.getByText('party'));
});

await step('one tap takes it back, after a reload too', async () => {
  await page.goto(`${base}/settings/moving-in`);
  await seeText('음식 2개와 기록 6일을 가져왔어요.');
  await button('되돌리기').click();
  await seeText('되돌렸어요.');
  await gone(button('되돌리기'));
  assert.deepEqual(await foods(), []);
  assert.deepEqual((await read('/api/foods?state=archived')).foods, []);
  assert.deepEqual((await read('/api/reviews')).reviews, []);
  await page.goto(`${base}/history`);
  await see(heading('지난 기록'));
  await page.waitForLoadState('networkidle');
  assert.equal(await page.locator('article[data-date="2026-11-24"]').count(), 0);
});

const days = [4, 3, 2, 1].map(daysAgo);
await step('a table is moved in by keyboard, where a mark means what the person says', async () => {
  await page.goto(`${base}/settings/moving-in`);
  await pick('표.csv', `날짜,커피,"빵, 단것"\n${days[0]},x,지킴\n${days[1]},,먹음\n${days[2]},x,\n${days[3]},,지킴\n`);
  await see(heading('표 (CSV): 2개를 찾았어요'));
  const tabTo = async (locator) => {
    for (let stops = 0; stops < 60; stops += 1) {
      if (await locator.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach ${locator}`);
  };
  assert.ok(await take('커피').isChecked() && await take('빵, 단것').isChecked());
  await tabTo(habit('커피').getByRole('radio', { name: /^지킨 날이에요/ }));
  await page.keyboard.press('ArrowDown');
  assert.ok(await habit('커피').getByRole('radio', { name: /^먹은 날이에요/ }).isChecked());
  assert.ok(await habit('커피').getByRole('radio', { name: /^먹은 날만 기록/ }).isChecked(), 'silence counts as kept then');
  await tabTo(button('2개 가져오기'));
  await page.keyboard.press('Enter');
  await seeText('음식 2개와 기록 5일을 가져왔어요.');
  const [first, second, third, last] = days;
  assert.deepEqual(await statuses('커피', first, last), [
    `${first} slipped`,
    `${second} kept`,
    `${third} slipped`,
    `${last} kept`,
  ]);
  assert.deepEqual(await statuses('빵, 단것', first, last), [
    `${first} kept`,
    `${second} slipped`,
    `${third} missing`,
    `${last} kept`,
  ]);
});

/** Imports crackers, whose import is stored, and whose answer is lost. */
async function loseAnswer() {
  await page.goto(`${base}/settings/moving-in`);
  await pick('하나.csv', `날짜,과자\n${days[0]},x\n`);
  await page.route('**/api/data/import', async (route) => {
    await route.fetch();
    await route.abort();
  }, { times: 1 });
  await button('1개 가져오기').click();
}

await step('an import whose answer is lost is sent again, and there once', async () => {
  await loseAnswer();
  await button('다시 시도').click();
  await seeText('음식 1개와 기록 1일을 가져왔어요.');
  assert.equal((await foods()).filter(({ name }) => name === '과자').length, 1);
  await button('되돌리기').click();
  await seeText('되돌렸어요.');
});

await step('an import whose answer is lost can be sent again or taken back after a reload, and is there once', async () => {
  const crackers = async () => (await foods()).filter(({ name }) => name === '과자').length;
  const lose = async () => {
    await loseAnswer();
    await see(button('다시 시도'));
    await page.reload();
    await see(heading('가져오다가 끊긴 것'));
    assert.equal(await crackers(), 1);
  };
  await lose();
  await button('다시 보내기').click();
  await seeText('음식 1개와 기록 1일을 가져왔어요.');
  assert.equal(await crackers(), 1);
  await button('되돌리기').click();
  await seeText('되돌렸어요.');
  await lose();
  await button('되돌리기').click();
  await seeText('되돌렸어요.');
  assert.equal(await crackers(), 0);
  await lose();
  await pick('하나.csv', `날짜,과자\n${days[0]},x\n`);
  await button('1개 가져오기').click();
  await seeText('음식 1개와 기록 1일을 가져왔어요.');
  assert.equal(await crackers(), 1);
  await button('되돌리기').click();
  await seeText('되돌렸어요.');
});

await step('more foods than fit are refused as a whole, and the choice stays', async () => {
  await page.goto(`${base}/settings/moving-in`);
  const names = Array.from({ length: 199 }, (_, i) => `음식 ${i}`);
  await pick('많음.csv', `날짜,${names.join()}\n${days[0]},${names.map(() => 'x').join()}\n`);
  await button('199개 가져오기').click();
  await see(page.getByRole('alert'));
  assert.equal((await foods()).length, 2);
  await button('모두 빼기').click();
  await take('음식 107').check();
  await button('1개 가져오기').click();
  await seeText('음식 1개와 기록 1일을 가져왔어요.');
  await button('되돌리기').click();
  await seeText('되돌렸어요.');
  assert.deepEqual((await foods()).map(({ name }) => name), ['커피', '빵, 단것']);
});

await quiet();
await browser.close();
