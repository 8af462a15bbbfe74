// The day on the screen is the person's day, whatever the device's clock says, and turns when that turns.
// Usage: node tests/browser/clock.mjs <base-url> <picture.png>
import assert from 'node:assert/strict';
import { wrongClock } from './faults.mjs';
import { answerChanged, daysAgo, given, handsOn, launch, phone, send, signIn, steps, until } from './page.mjs';

const [base, picture] = given('base-url', 'picture.png');
const browser = await launch();
const expected = [
  ['ERR_', base],
  ['401', '/api/'],
  ['404', '/api/reviews/'],
];
const HOUR = 3_600_000;
const today = daysAgo(0);
const yesterday = daysAgo(1);
const { page: first, complaints } = await phone(browser, { expected });
const { step, quiet } = steps(first, picture, complaints);
const note = (page) => page.getByLabel('메모', { exact: true });
const heading = (page) => page.getByRole('heading', { level: 1 }).innerText();
/** 2026-03-05 as the first screen names it. */
const titleOf = (date) =>
  new Intl.DateTimeFormat('ko', { month: 'long', day: 'numeric', weekday: 'long', timeZone: 'UTC' })
    .format(Date.parse(`${date}T00:00Z`));

/** A person with a food that was begun long ago. */
async function somebody(context, page) {
  await signIn(page, base, `${Math.random()}`);
  await send(page, 'POST', '/api/foods', { name: '라면', start_date: daysAgo(30) });
  return page;
}

/** Answers as if yesterday ended in a few seconds; from then on as it is. */
async function endOfYesterday(page, seconds) {
  const end = Date.now() + seconds * 1000;
  await page.route('**/api/streaks/today', (route) =>
    answerChanged(route, (json) => {
      if (Date.now() >= end) return;
      json.as_of = yesterday;
      json.next_day_at = new Date(end).toISOString();
      for (const { streak } of json.foods) streak.as_of = yesterday;
    }));
}

for (const [name, hours] of [['ahead', 26], ['behind', -26], ['years ahead', 30_000]]) {
  await step(`with a device whose clock is ${Math.abs(hours)} hours ${name.split(' ').at(-1)} a review is of today`, async () => {
    const { context, page } = await phone(browser, { expected });
    await context.addInitScript(wrongClock, hours * HOUR);
    await somebody(context, page);
    await page.goto(base);
    await until(async () => (await heading(page)) === titleOf(today));
    await note(page).fill('오늘 쓴 글');
    await handsOn(page).button('저장하기').click();
    const review = () => send(page, 'GET', `/api/reviews/${today}`);
    await until(async () => (await review().catch(() => null))?.note === '오늘 쓴 글');
    await page.reload();
    await until(async () => (await heading(page)) === titleOf(today));
    await context.close();
  });
}

await step('a page that stays visible turns with the day, and writes into the new one', async () => {
  const { context, page } = await phone(browser, { expected });
  await somebody(context, page);
  await endOfYesterday(page, 8);
  await page.goto(base);
  await until(async () => (await heading(page)) === titleOf(yesterday));
  await until(async () => (await heading(page)) === titleOf(today));
  await note(page).fill('새 날의 글');
  await handsOn(page).button('저장하기').click();
  const review = () => send(page, 'GET', `/api/reviews/${today}`);
  await until(async () => (await review().catch(() => null))?.note === '새 날의 글');
  await context.close();
});

await step('what is being written when the day turns says whose day it is, and is stored there', async () => {
  const { context, page } = await phone(browser, { expected });
  const { button, seeText } = handsOn(page);
  await somebody(context, page);
  await endOfYesterday(page, 10);
  await page.goto(base);
  await until(async () => (await heading(page)) === titleOf(yesterday));
  await note(page).fill('어제의 글');
  await until(async () => (await heading(page)) === titleOf(today));
  await seeText(/에 쓰던 기록이에요\. 저장하면 그날 기록이 돼요\./);
  await until(async () => (await note(page).inputValue()) === '어제의 글');
  await page.reload();
  await until(async () => (await note(page).inputValue()) === '어제의 글');
  await button('저장하기').click();
  await until(
    async () =>
      (await send(page, 'GET', `/api/reviews/${yesterday}`).catch(() => null))?.note === '어제의 글',
  );
  assert.equal(await send(page, 'GET', `/api/reviews/${today}`).catch(() => null), null);
  await until(async () => (await note(page).inputValue()) === '');
  await context.close();
});

await step('a slip that is being told when the day turns keeps its time and trigger', async () => {
  const { context, page } = await phone(browser, { expected });
  const { button, seeText } = handsOn(page);
  await somebody(context, page);
  await endOfYesterday(page, 10);
  await page.goto(base);
  await until(async () => (await heading(page)) === titleOf(yesterday));
  await page.getByText('먹었어요', { exact: true }).click();
  await page.getByLabel('시각').fill('23:50');
  await button('피곤해서').click();
  await seeText(/에 쓰던 기록이에요\. 저장하면 그날 기록이 돼요\./);
  assert.equal(await page.getByLabel('시각').inputValue(), '23:50');
  await button('저장하기').click();
  const slips = async () =>
    (await send(page, 'GET', `/api/reviews/${yesterday}`).catch(() => null))?.slips;
  const [slip] = await until(async () => (await slips())?.length && (await slips()));
  assert.deepEqual([slip.time, slip.trigger], ['23:50', 'tired']);
  assert.equal(await send(page, 'GET', `/api/reviews/${today}`).catch(() => null), null);
  const drafts = () =>
    page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('hanip.draft/')));
  await until(async () => (await drafts()).length === 0);
  await context.close();
});

await step('a slip that is noted when the day turns stays with its day, and is offered on the first screen', async () => {
  const { context, page } = await phone(browser, { expected });
  const { button, link, see, seeText } = handsOn(page);
  const date = page.getByLabel('날짜', { exact: true });
  await somebody(context, page);
  await endOfYesterday(page, 10);
  await page.goto(`${base}/slip`);
  await until(async () => (await date.inputValue()) === yesterday);
  await note(page).fill('자정 전의 글');
  await seeText(/에 쓰던 기록이에요\. 저장하면 그날 기록이 돼요\./);
  assert.deepEqual([await date.inputValue(), await note(page).inputValue()], [yesterday, '자정 전의 글']);
  await page.reload();
  await until(async () => (await note(page).inputValue()) === '자정 전의 글');
  await link('오늘 기록 쓰기').click();
  await until(async () => (await date.inputValue()) === today && (await note(page).inputValue()) === '');
  await page.goto(base);
  await page.getByRole('link', { name: /에 적던 먹은 기록 이어 쓰기$/ }).click();
  await until(async () => (await note(page).inputValue()) === '자정 전의 글');
  await button('저장하기').click();
  const slips = async () =>
    (await send(page, 'GET', `/api/reviews/${yesterday}`).catch(() => null))?.slips;
  await until(async () => (await slips())?.[0]?.note === '자정 전의 글');
  await link('오늘').click();
  await see(page.getByRole('article'));
  assert.equal(await page.getByRole('link', { name: /이어 쓰기$/ }).count(), 0);
  await context.close();
});

await step('days off that are filled in when the day turns keep their first day', async () => {
  const { context, page } = await phone(browser, { expected });
  const from = page.getByLabel('첫날', { exact: true });
  await somebody(context, page);
  await endOfYesterday(page, 6);
  await page.goto(`${base}/settings/days-off`);
  await until(async () => (await from.inputValue()) === yesterday);
  await note(page).fill('제주');
  const turned = await page.waitForResponse('**/api/streaks/today');
  assert.equal((await turned.json()).as_of, today);
  await page.waitForTimeout(500);
  assert.equal(await from.inputValue(), yesterday);
  await context.close();
});

await step('a device that wakes after the day has ended asks, and turns', async () => {
  const { context, page } = await phone(browser, { expected });
  await somebody(context, page);
  await page.clock.install();
  await page.goto(base);
  await until(async () => (await heading(page)) === titleOf(today));
  const asked = page.waitForRequest('**/api/streaks/today');
  await page.clock.fastForward('08:00:00');
  await asked;
  await context.close();
});

await step('without a network it turns by what has passed on the device', async () => {
  const { context, page } = await phone(browser, { expected });
  await somebody(context, page);
  await page.goto(base);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await endOfYesterday(page, 6);
  await page.reload();
  await until(async () => (await heading(page)) === titleOf(yesterday));
  await context.setOffline(true);
  await until(async () => (await heading(page)) === titleOf(today));
  await context.close();
});

await step('a device in another zone is told once, with the button of the settings', async () => {
  const { context, page } = await phone(browser, { expected, timezoneId: 'America/New_York' });
  const { button, seeText } = handsOn(page);
  await somebody(context, page);
  await send(page, 'PATCH', '/api/auth/me', { time_zone: 'Asia/Seoul' });
  await page.goto(base);
  await seeText('이 기기의 시간대는 America/New_York인데, 하루는 Asia/Seoul 기준으로 세고 있어요.');
  await button('그대로 두기').click();
  await page.reload();
  await until(async () => (await heading(page)) === titleOf(today));
  assert.equal(await page.getByText('이 기기의 시간대', { exact: false }).count(), 0);
  await context.close();
});

await step('a browser that hides its zone is asked for it', async () => {
  const { context, page } = await phone(browser, { expected, timezoneId: 'UTC' });
  const { button, see } = handsOn(page);
  await signIn(page, base, `${Math.random()}`);
  const zone = page.getByLabel('어느 시간대에서 지내세요? 이 브라우저가 알려 주지 않았어요.');
  await see(zone);
  await zone.selectOption('Asia/Seoul');
  await button('이 시간대로 바꾸기').click();
  await until(async () => (await send(page, 'GET', '/api/auth/me')).time_zone === 'Asia/Seoul');
  await zone.waitFor({ state: 'detached' });
  await context.close();
});

await quiet();
await browser.close();
