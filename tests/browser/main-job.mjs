// The main job in a real browser: sign in, register foods, review the day, find it all again.
// Usage: node tests/browser/main-job.mjs <base-url> <screenshot.png>
// Where a step fails, the screenshot shows the page as it was then.
import assert from 'node:assert/strict';
import { daysAgo, given, handsOn, launch, phone, steps } from './page.mjs';

const [base, screenshot] = given('base-url', 'screenshot.png');

const browser = await launch();
const expected = [
  ['401', '/api/streaks/today'], // nobody is signed in yet
  ['422', '/api/foods'], // the empty name
  ['404', '/api/reviews/'], // nothing is recorded on yesterday yet
  ['404', '/stats'], // a food that was removed while its numbers were on their way
];
const { origin } = new URL(base);
const { page, complaints } = await phone(browser, { expected, origin });
const { step, quiet } = steps(page, screenshot, complaints);

const { button } = handsOn(page);
const card = (name) => page.getByRole('article').filter({ hasText: name });
const see = (locator) => locator.waitFor({ state: 'visible' });
const seeIn = async (name, ...texts) => {
  for (const text of texts) await see(card(name).getByText(text, { exact: true }));
};

// Standalone has a sign-in of its own, and the API pages; elsewhere a provider is asked.
let standalone;
const local = page.getByRole('link', { name: '이 컴퓨터에서 시작하기' });
const signIn = local.or(page.getByRole('link', { name: /계정으로 계속하기$/ }));

await step('an unknown visitor is offered to sign in', async () => {
  await page.goto(base);
  await see(page.getByRole('heading', { name: '한입' }));
  assert.equal(new URL(page.url()).pathname, '/sign-in');
});

await step('signing in leads to the first food', async () => {
  await see(signIn.first());
  const name = `한입이 ${Date.now()}`;
  standalone = await local.isVisible();
  await signIn.first().click();
  if (standalone) {
    await page.locator('input[name=name]').fill(name);
    await page.keyboard.press('Enter');
  } else {
    await page.locator('input[name=login]').fill(name);
    await page.locator('input[name=password]').fill('x');
    await page.locator('button[type=submit]').click();
    await page.getByRole('button', { name: 'Continue' }).click();
  }
  await see(page.getByRole('heading', { name: '무엇을 끊을까요?' }));
  await see(page.getByText('Asia/Seoul', { exact: false }).first());
});

await step('one tap registers a suggestion, starting today', async () => {
  await button('라면').click();
  await seeIn('라면', '시작한 지 1일째', '오늘이 1일째, 시작했어요');
});

await step('a typed name with a past start counts at once', async () => {
  await button('끊을 음식 추가').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('전부터 끊고 있어요').click();
  await dialog.getByLabel('시작일').fill(daysAgo(10));
  await dialog.getByLabel('직접 적기').fill('밀크티');
  await dialog.getByRole('button', { name: '시작하기' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await seeIn('밀크티', '시작한 지 11일째', '최고 10일', '지킨 날 10일', '14일 배지까지 4일');
  assert.match(await card('밀크티').innerText(), /10\s*일 연속/);
});

await step('an empty name is refused at its field', async () => {
  await button('끊을 음식 추가').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: '시작하기' }).click();
  await see(dialog.getByText('이름을 적어 주세요.'));
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('article').count(), 2);
});

await step('the day is reviewed on one sheet, with a slip', async () => {
  await seeIn('라면', '지킨 날로 세고 있어요');
  await seeIn('밀크티', '지킨 날로 세고 있어요');
  assert.equal(await page.locator('article :checked').count(), 0, 'nothing is chosen beforehand');
  assert.equal(await button('저장하기').count(), 0, 'there is nothing to save yet');
  assert.equal(await page.getByText(/^어제\(/).count(), 0, 'silence is no debt');
  await card('라면').getByText('지켰어요', { exact: true }).click();
  await card('밀크티').getByText('먹었어요', { exact: true }).click();
  await page.getByText('힘들었어요', { exact: true }).click();
  await page.getByLabel('메모').fill('회식이 있었어요');
  await button('저장하기').click();
  await see(button('저장됨'));
});

const reviewed = async () => {
  assert.match(await card('라면').innerText(), /1\s*일 연속/);
  await seeIn('라면', '3일 배지까지 2일');
  const kind = '기록했어요. 최고 10일과 지킨 날 10일은 그대로예요. 내일부터 다시 이어 가요.';
  await seeIn('밀크티', '시작한 지 11일째', kind);
};

await step('the numbers follow the answer', reviewed);

await step('a reload shows what was stored', async () => {
  await page.reload();
  await reviewed();
  assert.equal(await page.locator('.bar').count(), 0, 'nothing is left to save');
  assert.ok(await card('밀크티').getByRole('radio', { name: '먹었어요' }).isChecked());
  assert.ok(await page.getByRole('radio', { name: '힘들었어요', exact: true }).isChecked());
  assert.equal(await page.getByLabel('메모').inputValue(), '회식이 있었어요');
});

await step('a change of mind is saved over it', async () => {
  await page.getByText('그저 그랬어요', { exact: true }).click();
  await button('저장하기').click();
  await see(button('저장됨'));
});

await step('the page is saved as a picture', async () => {
  const close = page.getByRole('status').getByRole('button', { name: '닫기' });
  if (await close.isVisible()) await close.click();
  // At the end, where the save button covers nothing.
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.screenshot({ path: screenshot, fullPage: true });
});

await step('where each day is to be confirmed, yesterday is kept too, with one tap', async () => {
  await page.evaluate(async () => {
    const { foods } = await (await fetch('/api/foods')).json();
    const { id } = foods.find(({ name }) => name === '밀크티');
    await fetch(`/api/foods/${id}`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: '{"counting":"confirm"}',
    });
  });
  await page.reload();
  await button('어제도 지켰어요').click();
  await see(page.getByText('어제도 지킨 날로 저장했어요.'));
  await button('어제도 지켰어요').waitFor({ state: 'hidden' });
});

await step('the calendar names every day', async () => {
  await card('밀크티').getByRole('link').click();
  await see(page.getByRole('heading', { name: '밀크티' }));
  const [, month, day] = daysAgo(0).split('-').map(Number);
  await see(page.getByRole('gridcell', { name: new RegExp(`^${month}월 ${day}일, 먹음`) }));
});

await step('a food is removed and brought back', async () => {
  await button('지우기').click();
  await see(page.getByText('밀크티를 지웠어요.'));
  await card('밀크티').waitFor({ state: 'hidden' });
  await button('되돌리기').click();
  await seeIn('밀크티', '시작한 지 11일째');
});

await step('English at once, and back', async () => {
  await button('English').click();
  await see(card('밀크티').getByText('day 11 since you started'));
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await page.reload();
  await button('한국어').click();
  await seeIn('밀크티', '시작한 지 11일째');
});

await step('the API pages show every function, a link away from its tokens', async () => {
  if (!standalone) return;
  await page.getByRole('link', { name: '설정', exact: true }).click();
  await page.getByRole('link', { name: 'API 토큰' }).click();
  await page.getByRole('link', { name: 'API 문서' }).click();
  const functions = page.getByRole('combobox', { name: /definition/i });
  for (const name of ['Foods', 'Reviews and slips', 'Streaks', 'Sign-in and account']) {
    await functions.selectOption({ label: name });
    await page.getByRole('heading', { name: `Hanip: ${name}` }).waitFor();
    await page.locator('.opblock').first().waitFor();
  }
  await page.goto(base);
});

await step('signing out ends the session', async () => {
  await page.getByRole('link', { name: '설정', exact: true }).click();
  await button('로그아웃').click();
  await see(signIn.first());
  const answer = await page.request.get(new URL('/api/auth/me', base).href);
  assert.equal(answer.status(), 401);
});

await quiet();
await browser.close();
