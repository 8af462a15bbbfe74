// While a function wakes up: nothing jumps, and nobody waits for a save.
// Usage: node tests/browser/slow.mjs <base-url> <picture.png>
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { daysAgo, given, handsOn, launch, phone, send, signIn, steps, until } from './page.mjs';
import { fill } from './sample.mjs';

const [base, picture] = given('base-url', 'picture.png');
const browser = await launch();
const expected = [
  ['401', '/api/streaks/today'], // nobody is signed in yet
  ['404', '/api/reviews/'], // nothing is recorded on the date yet
];
const { context, page, complaints } = await phone(browser, { expected });
const { step, quiet } = steps(page, picture, complaints);
const { button, link, see, read } = handsOn(page);
const today = daysAgo(0);

await signIn(page, base, `하늘 ${Date.now()}`);
const { ramen } = await fill(page);

/** Every answer of the API that fits is late by this. */
const delay = (pattern, late) =>
  context.route(pattern, async (route) => {
    await sleep(late);
    await route.continue();
  });

await step('one call fills the first screen, and one wakes who will take the review', async () => {
  const asked = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/api/')) asked.push(`${request.method()} ${pathname}`);
  });
  await page.reload();
  await page.waitForLoadState('networkidle');
  assert.deepEqual(asked.sort(), ['GET /api/reviews', 'GET /api/streaks/today']);
  page.removeAllListeners('request');
});

await step('a save takes one request and is done at once, however late the answer', async () => {
  await delay('**/api/reviews/**', 2_500);
  const sent = [];
  page.on('request', (request) => {
    if (request.url().includes('/api/reviews/')) sent.push(request.method());
  });
  await page.getByText('괜찮았어요', { exact: true }).click();
  const start = Date.now();
  await button('저장하기').click();
  await see(button('보내는 중'));
  assert.ok(Date.now() - start < 1_000, `${Date.now() - start} ms`);
  // Whoever goes on to another page loses nothing.
  await link('설정').click();
  await link('오늘').click();
  assert.ok(await page.getByRole('radio', { name: '괜찮았어요', exact: true }).isChecked());
  await see(button('저장됨'));
  assert.ok(Date.now() - start > 2_000, 'the answer was late');
  assert.equal((await read(`/api/reviews/${today}`)).difficulty, 2);
  assert.deepEqual(sent.filter((method) => method !== 'GET'), ['PUT']);
  await context.unrouteAll();
  page.removeAllListeners('request');
});

await step('a language that is chosen while today loads stays, and the account keeps it', async () => {
  const other = await phone(browser, { expected, storageState: await context.storageState() });
  await other.context.route('**/api/streaks/today', async (route) => {
    await sleep(1_500);
    await route.continue();
  });
  await other.page.goto(base);
  await handsOn(other.page).button('English').click();
  await see(other.page.getByRole('article'));
  await until(async () => (await read('/api/auth/me')).locale === 'en');
  assert.equal(await other.page.locator('html').getAttribute('lang'), 'en');
  await handsOn(other.page).button('한국어').click();
  await until(async () => (await read('/api/auth/me')).locale === 'ko');
  await other.context.close();
});

await step('of two languages that are chosen at once the last one stays, however late the answers', async () => {
  const other = await phone(browser, { expected, storageState: await context.storageState() });
  const html = other.page.locator('html');
  let [asked, answered] = [0, 0];
  await other.context.route('**/api/auth/me', async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue();
    asked += 1;
    if (asked === 1) await sleep(1_500);
    await route.fulfill({ response: await route.fetch() });
    answered += 1;
  });
  await other.page.goto(base);
  await see(other.page.getByRole('article'));
  await other.page.waitForLoadState('networkidle');
  await handsOn(other.page).button('English').click();
  await handsOn(other.page).button('한국어').click();
  await until(async () => (await html.getAttribute('lang')) === 'ko');
  await other.page.evaluate(() => {
    globalThis.spoken = [];
    new MutationObserver(() => globalThis.spoken.push(document.documentElement.lang)).observe(
      document.documentElement,
      { attributeFilter: ['lang'] },
    );
  });
  await until(() => answered === 2);
  await sleep(500);
  const spoken = await other.page.evaluate(() => globalThis.spoken);
  assert.ok(!spoken.includes('en'), `it spoke ${spoken.join(', ')}`);
  assert.equal((await read('/api/auth/me')).locale, 'ko');
  await other.page.reload();
  await see(other.page.getByRole('article'));
  await other.page.waitForLoadState('networkidle');
  assert.equal(await html.getAttribute('lang'), 'ko');
  await other.context.close();
});

await step('what is typed while the settings are stored stays', async () => {
  const name = page.getByLabel('이름', { exact: true });
  await delay('**/api/auth/me', 1_500);
  await page.goto(`${base}/settings`);
  await name.fill('하늘');
  await button('저장하기').click();
  await name.fill('하늘과 바다');
  await see(page.getByText('저장했어요.'));
  await see(button('저장하기'));
  assert.equal((await read('/api/auth/me')).display_name, '하늘');
  assert.equal(await name.inputValue(), '하늘과 바다');
  assert.equal(await page.getByText('어느 쪽을 남길까요?').count(), 0);
  await context.unrouteAll();
  await button('저장하기').click();
  await until(async () => (await read('/api/auth/me')).display_name === '하늘과 바다');
});

await step('what is typed while a slip is sent stays', async () => {
  const { context, page } = await phone(browser, { expected });
  await signIn(page, base, `바다 ${Date.now()}`);
  await send(page, 'POST', '/api/foods', { name: '라면', start_date: daysAgo(9) });
  await context.route('**/api/reviews/**', async (route) => {
    await sleep(1_500);
    await route.continue();
  });
  const { button, seeText } = handsOn(page);
  const note = page.getByLabel('메모', { exact: true });
  await page.goto(base);
  await page.getByText('먹었어요', { exact: true }).click();
  await page.getByLabel('시각').fill('23:50');
  await button('저장하기').click();
  await note.fill('그사이의 글');
  await seeText('저장했어요.');
  assert.equal(await note.inputValue(), '그사이의 글');
  await button('저장하기').click();
  const review = () => send(page, 'GET', `/api/reviews/${today}`);
  await until(async () => (await review().catch(() => null))?.note === '그사이의 글');
  assert.deepEqual((await review()).slips.map(({ time }) => time), ['23:50']);
  await context.close();
});

await step('nothing jumps while the answers are late', async () => {
  // On a device that has seen nothing yet but the sign-in.
  const other = await phone(browser, { expected, storageState: await context.storageState() });
  await other.context.addInitScript(() => {
    globalThis.shifted = 0;
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput } of list.getEntries()) {
        if (!hadRecentInput) globalThis.shifted += value;
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await other.context.route('**/api/**', async (route) => {
    await sleep(700);
    await route.continue();
  });
  for (const path of ['/', `/foods/${ramen}`, `/days/${daysAgo(3)}`, '/history', '/settings/list', '/settings/tokens']) {
    await other.page.goto(base + path);
    await other.page.waitForLoadState('networkidle');
    const shifted = await other.page.evaluate(() => globalThis.shifted);
    console.log(`   ${path.replace(ramen, 'a food')}: ${shifted.toFixed(3)}`);
    assert.ok(shifted < 0.1, `${path} jumps by ${shifted}`);
  }
  // A jump would have been seen.
  await other.page.evaluate(() => {
    const block = document.createElement('div');
    block.style.height = '20rem';
    document.body.prepend(block);
  });
  await other.page.waitForFunction(() => globalThis.shifted > 0.1);
  await other.context.close();
});

await quiet();
await browser.close();
