// What can be read and changed of the days and foods behind the first screen, once each.
// Usage: node tests/browser/diary.mjs <base-url> <picture.png>
import assert from 'node:assert/strict';
import { daysAgo, given, handsOn, launch, phone, send, signIn, spoken, steps } from './page.mjs';
import { fill } from './sample.mjs';

const [base, picture] = given('base-url', 'picture.png');
// A new person each time, so that the same server can be used again.
const who = `하늘 ${Date.now()}`;
const browser = await launch();
const expected = [
  ['404', '/api/reviews/'], // nothing is recorded on the date yet
  ['404', '/api/foods/'], // nobody's food
  ['409', '/api/foods/'], // a start behind a record
  ['422', '/api/'], // what is refused at its field
  ['401', '/api/'], // signed out
];
const { page, complaints } = await phone(browser, { expected });
const { step, quiet } = steps(page, picture, complaints);

const { button, link, heading, see, seeText, gone, read, undo, stored } = handsOn(page);

await step('the preview needs no account, asks nobody and stores nothing', async () => {
  const asked = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname.startsWith('/api')) asked.push(request.url());
  });
  await page.goto(`${base}/demo`);
  await page.getByText('먹었어요', { exact: true }).first().click();
  await button('저장하기').click();
  await seeText('미리보기라서 저장하지는 않았어요.');
  await page.waitForLoadState('networkidle');
  assert.deepEqual(asked, []);
  const kept = await page.evaluate(() => Object.keys(localStorage).concat(document.cookie));
  assert.deepEqual(kept, ['']);
  page.removeAllListeners('request');
  await link('내 기록 시작하기').click();
  await see(link('먼저 둘러보기'));
});

await signIn(page, base, who);
const { ramen, soda, coffee } = await fill(page);
await page.reload();

await step('a slip takes its details, and kind words answer', async () => {
  await page.getByRole('article').filter({ hasText: '라면' }).getByRole('link').first().click();
  await link('먹은 기록 적기').click();
  await page.getByLabel('시각').fill('21:30');
  await button('사람들과 있다가').click();
  await page.getByLabel('양').fill('반 그릇');
  await page.getByLabel('먹고 싶은 정도').selectOption('7');
  await page.getByLabel('메모').fill('친구 생일');
  await button('저장하기').click();
  await seeText(/^기록했어요\. 최고 20일과 지킨 날 80일은 그대로예요\. 내일부터 다시 이어 가요\.$/);
  const { slips } = await read(`/api/reviews/${daysAgo(0)}`);
  const { time, trigger, amount, craving, note } = slips[0];
  assert.deepEqual(
    [time, trigger, amount, craving, note],
    ['21:30', 'with_people', '반 그릇', 7, '친구 생일'],
  );
});

await step('what is too long is refused at its field', async () => {
  await page.goto(`${base}/days/${daysAgo(0)}`);
  await link('라면 먹은 기록 고치기').click();
  await page.getByLabel('다른 계기').fill('가'.repeat(51));
  await button('저장하기').click();
  const field = page.getByLabel('다른 계기');
  await page.waitForFunction(() => document.querySelector('[aria-invalid=true]'));
  const words = await field.evaluate(
    (input) => document.getElementById(input.getAttribute('aria-describedby')).textContent,
  );
  assert.equal(words, '너무 길어요.');
  await field.fill('생일 파티');
  await button('저장하기').click();
  await seeText('바꿨어요.');
  await stored(
    () => read(`/api/reviews/${daysAgo(0)}`),
    ({ slips }) => assert.equal(slips[0].trigger, '생일 파티'),
  );
});

await step('a slip is removed and taken back', async () => {
  await link('라면 먹은 기록 고치기').click();
  await button('지우기').click();
  await seeText('지웠어요.');
  await undo();
  await stored(
    () => read(`/api/reviews/${daysAgo(0)}`),
    ({ slips }) => assert.equal(slips.length, 1),
  );
});

await step('a craving finds a timer and reasons', async () => {
  await page.clock.install();
  await link('지금 먹고 싶어요').click();
  await see(heading('3분만 함께 기다려요'));
  await seeText('아침에 속이 편했으면 해요');
  await see(page.getByRole('timer', { name: /^(3분 0초|2분 5\d초) 남았어요$/ }));
  await page.clock.fastForward('02:00');
  await see(page.getByRole('timer', { name: /^5\d초 남았어요$/ }));
  await page.clock.fastForward('01:00');
  await seeText('3분이 지났어요. 잘 기다렸어요.');
  await link('오늘로 돌아가기').click();
  await page.clock.resume();
});

await step("a food's page tells its history", async () => {
  await page.goto(`${base}/foods/${ramen}`);
  for (const text of ['₩120,000', '14일 배지', '금요일', '스트레스', '이어 온 기록'].slice(0, 2)) {
    await seeText(text);
  }
  const { by_weekday } = await read(`/api/streaks/${ramen}/stats`);
  const names = ['월', '화', '수', '목', '금', '토', '일'];
  for (const [i, count] of by_weekday.entries()) {
    if (count) await page.getByText(`${names[i]}요일, ${count}번`, { exact: true }).waitFor({ state: 'attached' });
  }
  await page.getByText('22시, 1번', { exact: true }).waitFor({ state: 'attached' });
  for (const text of ['스트레스', '캠핑', '아낀 돈', '지킨 비율', '아침에 속이 편했으면 해요']) {
    await seeText(text);
  }
});

await step('both ways of counting are shown before switching', async () => {
  await link('이름, 시작일, 이유 고치기').click();
  await page.getByRole('radio', { name: /먹은 날만 기록.*0일 연속 · 지킨 날 80일/ }).waitFor();
  const confirm = page.getByRole('radio', { name: /지킨 날도 직접 확인.*0일 연속 · 지킨 날 5일/ });
  await confirm.check();
  await page.getByLabel('이름').fill('컵라면');
  await page.getByLabel('그림').fill('🍥');
  await page.getByText('초록', { exact: true }).click({ force: true });
  await page.getByLabel('목표').fill('100');
  await page.getByLabel('하루에 쓰던 돈').fill('2000');
  await page.getByLabel('내가 끊는 이유').fill('가볍게 살고 싶어요');
  await button('저장하기').click();
  await seeText('저장했어요.');
  const food = await read(`/api/foods/${ramen}`);
  assert.deepEqual(
    [food.name, food.icon, food.color, food.counting, food.goal_days, food.price_per_day, food.motivation],
    ['컵라면', '🍥', '#5a9e4b', 'confirm', 100, '2000', '가볍게 살고 싶어요'],
  );
  await undo();
  await stored(
    () => read(`/api/foods/${ramen}`),
    ({ name, counting, goal_days }) =>
      assert.deepEqual([name, counting, goal_days], ['라면', 'assume', 30]),
  );
  await see(heading('라면'));
});

await step('what the API refuses stands at its field', async () => {
  await link('이름, 시작일, 이유 고치기').click();
  await page.getByLabel('이름').fill('');
  await page.getByLabel('하루에 쓰던 돈').fill('많이');
  await page.getByLabel('목표').fill('0');
  // What stands at its fields is told there alone: the page does not show for a moment that it waits.
  await page.evaluate(() => {
    window.told = 0;
    new MutationObserver(() => (window.told += document.querySelectorAll('.refused').length))
      .observe(document.body, { childList: true, subtree: true });
  });
  await button('저장하기').click();
  await seeText('이름을 적어 주세요.');
  const again = page.waitForResponse((response) => response.request().method() === 'PATCH');
  await button('저장하기').click();
  await again;
  await seeText('이름을 적어 주세요.');
  assert.equal(await page.evaluate(() => window.told), 0);
  assert.equal(await page.locator('[aria-invalid=true]').count(), 3);
  assert.equal(await page.getByRole('alert').count(), 3, 'each is read out, once');
  await page.getByLabel('이름').fill('라면');
  await page.getByLabel('하루에 쓰던 돈').fill('1500');
  await page.getByLabel('목표').fill('30');
  await page.getByLabel('시작일').fill(daysAgo(5));
  await button('저장하기').click();
  await seeText(/기록이 있어서 그 뒤로는 옮길 수 없어요/);
});

await step('a food is put away, and its gap becomes days off', async () => {
  await page.goto(`${base}/foods/${soda}`);
  await button('보관하기').click();
  await seeText('탄산음료를 보관했어요.');
  await undo();
  await see(page.getByRole('article').filter({ hasText: '탄산음료' }));
  // Put away a while ago: a file from then says so.
  const archive = await read('/api/data/export?format=json');
  const tea = await page.evaluate(() => crypto.randomUUID());
  const old = archive.foods.find(({ id }) => id === coffee);
  const foods = [{ ...old, id: tea, name: '홍차', archived_on: daysAgo(4) }];
  await send(page, 'POST', '/api/data/import', { ...archive, foods, reviews: [], outcomes: [], slips: [], skips: [] });
  await page.goto(`${base}/settings/list`);
  await link('홍차').click();
  await seeText(/보관할 때까지$/);
  assert.equal(await page.getByText(/이어 가요|지키면 .*이에요|배지까지/).count(), 0, 'nothing goes on');
  await button('다시 꺼내기').click();
  await seeText(`보관한 동안(${spoken(daysAgo(3))}~${spoken(daysAgo(1))})은 어떻게 할까요?`);
  await page.getByRole('button', { name: '쉬어간 날로 둘래요' }).click();
  await seeText('홍차를 다시 꺼냈어요.');
  await stored(
    () => read('/api/reviews/skips'),
    ({ skips }) =>
      assert.deepEqual(
        skips.filter(({ food_ids }) => food_ids.includes(tea)).map(({ from, to }) => [from, to]),
        [[daysAgo(3), daysAgo(1)]],
      ),
  );
  await see(button('보관하기'));
});

await step('the history is searched, and filtered by food', async () => {
  await link('지난 기록').click();
  await page.getByLabel('메모와 계기에서 찾기').fill('산책');
  await seeText('1개 찾았어요');
  assert.equal(await page.getByRole('article').count(), 1);
  await page.getByLabel('메모와 계기에서 찾기').fill('없는 말');
  await seeText('찾는 기록이 없어요.');
  await page.getByLabel('메모와 계기에서 찾기').fill('');
  await page.getByLabel('음식', { exact: true }).selectOption({ label: '야식' });
  await seeText('1개 찾았어요');
  await page.getByLabel('음식', { exact: true }).selectOption('');
  await page.waitForFunction(() => document.querySelectorAll('article').length > 5);
});

const past = daysAgo(2);
await step('a review of the past is changed', async () => {
  await page.getByRole('link', { name: new RegExp(`^${spoken(past)} .요일 고치기$`) }).click();
  await page.getByText('아주 힘들었어요', { exact: true }).click();
  await page.getByLabel('메모', { exact: true }).fill('사실은 힘들었어요');
  await button('저장하기').click();
  await see(button('저장됨'));
  const { difficulty, note } = await read(`/api/reviews/${past}`);
  assert.deepEqual([difficulty, note], [5, '사실은 힘들었어요']);
});

await step('and removed with undo, outcomes and all', async () => {
  const before = await read(`/api/reviews/${past}`);
  await link('지난 기록').first().click();
  const remove = page.getByRole('button', { name: new RegExp(`^${spoken(past)} .요일 지우기$`) });
  await remove.click();
  await seeText(`${spoken(past)} 기록을 지웠어요.`);
  await gone(remove);
  await undo();
  await see(remove);
  const after = await read(`/api/reviews/${past}`);
  const said = ({ difficulty, note, foods }) => ({ difficulty, note, foods });
  assert.deepEqual(said(after), said(before));
});

await step('more is shown on demand', async () => {
  for (let days = 20; days < 40; days += 1) {
    await send(page, 'PUT', `/api/reviews/${daysAgo(days)}`, { note: `${days}일 전` });
  }
  await page.reload();
  await see(page.getByRole('article'));
  assert.equal(await page.getByRole('article').count(), 30);
  await button('더 보기').click();
  await page.waitForFunction(() => document.querySelectorAll('article').length > 30);
});

await quiet();
await browser.close();
