// The main things by keyboard alone, as somebody does who sees where the focus is.
// Usage: node tests/browser/keyboard.mjs <base-url> <picture.png>
import assert from 'node:assert/strict';
import { daysAgo, given, launch, phone, send, signIn, steps, until } from './page.mjs';

const [base, picture] = given('base-url', 'picture.png');
const browser = await launch();
const { page, complaints } = await phone(browser, {
  expected: [
    ['401', '/api/streaks/today'], // nobody is signed in yet
    ['404', '/api/reviews/'], // nothing is recorded on the date yet
  ],
});
const { step, quiet } = steps(page, picture, complaints);

const press = async (...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};
/** Whether somebody sees what has the focus: it has a mark, and nothing lies over it. */
const focusIsSeen = () =>
  page.evaluate(() => {
    const element = document.activeElement;
    // What is drawn for a hidden radio button is its label.
    const shown = element.matches('input.hidden') ? element.closest('label') : element;
    const { left, top, width, height } = shown.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + Math.min(height / 2, 20)];
    const there = document.elementFromPoint(x, y);
    const style = getComputedStyle(shown);
    if (style.outlineStyle === 'none') return `no mark on ${shown.outerHTML.slice(0, 120)}`;
    if (!there || !(shown.contains(there) || there.contains(shown))) {
      return `${shown.outerHTML.slice(0, 120)} is behind ${there?.outerHTML.slice(0, 120)}`;
    }
    return null;
  });
const focused = (locator) =>
  locator.first().evaluate((element) => element === document.activeElement);

/** Tab until this has the focus; every stop on the way has to be seen. */
async function tabTo(locator, key = 'Tab') {
  await locator.first().waitFor({ state: 'attached' });
  for (let stops = 0; stops < 120; stops += 1) {
    if (stops && (await focused(locator))) return;
    await press(key);
    const onPage = await page.evaluate(() => document.activeElement !== document.body);
    if (onPage) assert.equal(await focusIsSeen(), null);
  }
  throw new Error(`Tab does not reach ${locator}`);
}
const enter = async (locator) => {
  await tabTo(locator);
  await press('Enter');
};
const button = (name) => page.getByRole('button', { name, exact: true });
const link = (name) => page.getByRole('link', { name, exact: true });
const see = (locator) => locator.first().waitFor({ state: 'visible' });
const spoken = (date) => `${Number(date.slice(5, 7))}월 ${Number(date.slice(8))}일`;

await step('from signing in to the first food', async () => {
  await page.goto(base);
  await enter(link('이 컴퓨터에서 시작하기'));
  await page.locator('input[name=name]').focus();
  await page.keyboard.type(`바다 ${Date.now()}`);
  await press('Enter');
  await enter(button('라면'));
  await see(page.getByRole('article').filter({ hasText: '라면' }));
});

await step('another food in the dialog, which gives the focus back', async () => {
  const opener = button('끊을 음식 추가');
  await enter(opener);
  const dialog = page.getByRole('dialog');
  await see(dialog);
  await press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.ok(await focused(opener));
});

await step('the day is reviewed', async () => {
  const card = page.getByRole('article').filter({ hasText: '라면' });
  await tabTo(card.getByRole('radio', { name: '지켰어요' }));
  await press('ArrowRight');
  assert.ok(await card.getByRole('radio', { name: '먹었어요' }).isChecked());
  await press('ArrowLeft');
  await tabTo(page.getByRole('radio', { name: '쉬웠어요' }));
  await press('Space', 'ArrowRight');
  assert.ok(await page.getByRole('radio', { name: '괜찮았어요' }).isChecked());
  await enter(button('저장하기'));
  await see(button('저장됨'));
});

await step('the calendar is walked with the arrow keys, across months', async () => {
  const { foods } = await send(page, 'GET', '/api/foods');
  await send(page, 'PATCH', `/api/foods/${foods[0].id}`, { start_date: daysAgo(90) });
  await page.goto(`${base}/foods/${foods[0].id}`);
  const day = (ago) => page.getByRole('link', { name: new RegExp(`^${spoken(daysAgo(ago))}, `) });
  await tabTo(day(0));
  assert.equal(await day(0).getAttribute('aria-current'), 'date');
  await press('ArrowUp');
  assert.ok(await focused(day(7)));
  await press('ArrowLeft', 'ArrowLeft');
  assert.ok(await focused(day(9)));
  for (let weeks = 0; weeks < 5; weeks += 1) await press('ArrowUp');
  await see(day(44));
  assert.ok(await focused(day(44)));
  await press('PageDown', 'PageDown', 'PageDown');
  assert.ok(await focused(day(0)), 'not past today');
  await press('ArrowUp', 'Enter');
  await page.waitForURL(`${base}/days/${daysAgo(7)}`);
});

await step('a slip with its details, and its way back', async () => {
  await enter(page.getByRole('link', { name: '먹은 기록 적기: 라면' }));
  await see(page.getByRole('heading', { name: '먹은 기록 적기' }));
  await tabTo(button('피곤해서'));
  await press('Space');
  await tabTo(page.getByLabel('메모'));
  await page.keyboard.type('늦게 잤어요');
  await enter(button('저장하기'));
  await see(page.getByText('늦게 잤어요'));
  await enter(button('되돌리기'));
  await page.getByText('늦게 잤어요').waitFor({ state: 'detached' });
});

await step('what was chosen by keyboard is taken back by keyboard', async () => {
  const easy = page.getByRole('radio', { name: '쉬웠어요' });
  await tabTo(easy);
  await press('Space');
  assert.ok(await easy.isChecked());
  await press('Space');
  assert.ok(!(await easy.isChecked()));
});

await step('all foods are walked through with the arrow keys, and days are marked in one go', async () => {
  const { id } = (await send(page, 'GET', '/api/foods')).foods[0];
  await page.goto(`${base}/history/all?view=year`);
  const day = (ago) => page.getByRole('link', { name: new RegExp(`^라면, (\\d+년 )?${spoken(daysAgo(ago))}, `) });
  await tabTo(day(0));
  await press('ArrowLeft', 'ArrowLeft');
  assert.ok(await focused(day(2)));
  await press('PageUp', 'Home');
  assert.ok(await focused(day(90)), 'not before the food began');
  await press('End', 'ArrowLeft', 'ArrowLeft', 'ArrowLeft');
  await press('Shift+ArrowLeft', 'Shift+ArrowLeft');
  assert.ok(await focused(day(5)));
  await see(page.getByText('3칸 골랐어요.'));
  await enter(button('쉬어갈래요'));
  await see(page.getByText('3칸을 쉬어감으로 바꿨어요.'));
  const statuses = async () => {
    const { days } = await send(page, 'GET', `/api/streaks/${id}/calendar?from=${daysAgo(6)}&to=${daysAgo(2)}`);
    return days.map(({ status }) => status).join(' ');
  };
  await until(async () => (await statuses()) === 'kept skipped skipped skipped kept');
  await enter(button('되돌리기'));
  await until(async () => (await statuses()) === 'kept kept kept kept kept');
  await tabTo(day(5), 'Shift+Tab');
  await press('Enter');
  await page.waitForURL(`${base}/days/${daysAgo(5)}`);
  await enter(page.getByRole('main').getByRole('link', { name: '지난 기록' }));
  await page.waitForURL(/history\/all\?view=year/);
  await until(() => focused(day(5)));
});

await step('every page is reached from the bar, and the focus goes along', async () => {
  for (const [name, title] of [
    ['지난 기록', '지난 기록'],
    ['지금 먹고 싶어요', '3분만 함께 기다려요'],
    ['설정', '설정'],
  ]) {
    await enter(link(name));
    await see(page.getByRole('heading', { name: title, exact: true }));
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'MAIN');
    await page.locator('body').evaluate(() => document.activeElement.blur());
  }
  for (const name of [/^목록 정리/, /^쉬어가는 날/, /^로그인과 기기/, /^API 토큰/, /^내 데이터/]) {
    await enter(page.getByRole('link', { name }));
    await page.waitForURL(/settings\/./);
    await enter(link('설정').first());
    await page.waitForURL(/settings$/);
  }
});

await quiet();
await browser.close();
