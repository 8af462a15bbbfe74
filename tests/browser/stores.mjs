// The app where the browser's stores fail, and where it lacks what newer browsers have.
// Usage: node tests/browser/stores.mjs <base-url> <picture.png>
import assert from 'node:assert/strict';
import { storeFailures as failures } from './faults.mjs';
import { daysAgo, given, handsOn, launch, phone, send, signIn, steps, until } from './page.mjs';

const [base, picture] = given('base-url', 'picture.png');
const browser = await launch();
const today = daysAgo(0);
// Failing stores are reported by the browser and the app: the console may say so here.
const expected = [
  ['', base],
  ['', ''],
];

const first = await phone(browser, { expected });
const { step, quiet } = steps(first.page, picture, []);

for (const [failure, script] of Object.entries(failures)) {
  await step(`with ${failure} every write reaches the API`, async () => {
    const { context, page } = await phone(browser, { expected });
    await context.addInitScript(script);
    const { button, see, seeText } = handsOn(page);
    await signIn(page, base, `${failure} ${Date.now()}`);
    await button('라면').click();
    await seeText('오늘이 1일째, 시작했어요');
    await page.getByLabel('메모').fill('그래도 저장돼요');
    await button('저장하기').click();
    const review = () => send(page, 'GET', `/api/reviews/${today}`);
    await until(async () => (await review().catch(() => null))?.note === '그래도 저장돼요');
    await see(button('저장됨'));
    await page.reload();
    await until(async () => (await page.getByLabel('메모').inputValue()) === '그래도 저장돼요');
    await context.close();
  });

  await step(`with ${failure} a write without a network waits, and the page says what of`, async () => {
    const { context, page } = await phone(browser, { expected });
    await context.addInitScript(script);
    const { button, seeText } = handsOn(page);
    await signIn(page, base, `${failure} ${Date.now()}`);
    await button('라면').click();
    await seeText('오늘이 1일째, 시작했어요');
    await until(async () => (await send(page, 'GET', '/api/foods')).foods.length === 1);
    await context.route('**/api/reviews/**', (route) => route.abort());
    await page.getByLabel('메모').fill('나중에');
    await button('저장하기').click();
    await seeText('이 브라우저에는 담아 둘 수 없어요. 다 보낼 때까지 이 화면을 열어 두세요.');
    await context.unroute('**/api/reviews/**');
    await page.evaluate(() => dispatchEvent(new Event('online')));
    const review = () => send(page, 'GET', `/api/reviews/${today}`);
    await until(async () => (await review().catch(() => null))?.note === '나중에');
    await context.close();
  });
}

await step('a draft that the browser did not take holds the page, whatever is stored after it', async () => {
  const { context, page } = await phone(browser, { expected });
  await context.addInitScript(() => {
    const { setItem } = Storage.prototype;
    Storage.prototype.setItem = function (key, text) {
      if (text.length > 1_000) throw new DOMException('full', 'QuotaExceededError');
      setItem.call(this, key, text);
    };
  });
  const { button, link, see } = handsOn(page);
  const isHeld = () =>
    page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
  await signIn(page, base, `full ${Date.now()}`);
  await button('라면').click();
  await page.getByLabel('메모').fill('긴 글 '.repeat(300));
  assert.ok(await isHeld(), 'a long one');
  await link('설정').click();
  await page.getByLabel('이름', { exact: true }).fill('짧은 글');
  assert.ok(await isHeld(), 'a short one after it');
  await link('오늘').click();
  await page.getByLabel('메모').fill('');
  assert.ok(!(await isHeld()), 'when it is gone');
  await see(page.getByRole('article'));
  await context.close();
});

await step('with stores that are blocked the preview opens', async () => {
  const { context, page } = await phone(browser, { expected });
  await context.addInitScript(failures['stores that are blocked']);
  await page.goto(`${base}/demo`);
  await handsOn(page).see(page.getByRole('heading', { name: '미리보기' }));
  await context.close();
});

/** What older browsers lack. */
const lacks = {
  'AbortSignal.timeout': () => delete AbortSignal.timeout,
  'Intl.supportedValuesOf': () => delete Intl.supportedValuesOf,
  BroadcastChannel: () => delete window.BroadcastChannel,
  'navigator.locks': () =>
    Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined }),
};
for (const [name, script] of Object.entries(lacks)) {
  await step(`without ${name} every page opens`, async () => {
    const { context, page } = await phone(browser, { expected });
    await context.addInitScript(script);
    await signIn(page, base, `ohne ${name} ${Date.now()}`);
    await handsOn(page).button('라면').click();
    for (const path of ['/', '/history', '/settings', '/settings/days-off', `/days/${today}`]) {
      await page.goto(`${base}${path}`);
      await handsOn(page).see(page.getByRole('heading', { level: 1 }));
      await until(async () => !(await page.getByText('불러오는 중', { exact: true }).count()));
    }
    await context.close();
  });
}

await step('without a list of zones one is typed', async () => {
  const { context, page } = await phone(browser, { expected });
  await context.addInitScript(lacks['Intl.supportedValuesOf']);
  const { button, seeText } = handsOn(page);
  await signIn(page, base, `zones ${Date.now()}`);
  await page.goto(`${base}/settings`);
  await seeText('이 브라우저에는 시간대 목록이 없어요. Asia/Seoul처럼 적어 주세요.');
  await page.getByLabel('시간대').fill('Europe/Berlin');
  await button('저장하기').click();
  await until(
    async () => (await send(page, 'GET', '/api/auth/me')).time_zone === 'Europe/Berlin',
  );
  await context.close();
});

await step('a zone that this browser does not know is told, and all else works', async () => {
  const { context, page } = await phone(browser, { expected });
  await context.addInitScript(() => {
    const Real = Intl.DateTimeFormat;
    Intl.DateTimeFormat = new Proxy(Real, {
      construct(target, [locale, options]) {
        if (options?.timeZone === 'America/Coyhaique') throw new RangeError('Invalid time zone');
        return Reflect.construct(target, [locale, options]);
      },
    });
  });
  const { see, seeText } = handsOn(page);
  await signIn(page, base, `Coyhaique ${Date.now()}`);
  await send(page, 'PATCH', '/api/auth/me', { time_zone: 'America/Coyhaique' });
  await send(page, 'POST', '/api/foods', { name: '라면' });
  await page.goto(base);
  await see(page.getByRole('article').filter({ hasText: '라면' }));
  await page.goto(`${base}/settings`);
  await seeText('이 브라우저가 모르는 시간대예요. 날짜는 맞게 세고, 시각은 UTC로 보여 드려요.');
  await page.goto(`${base}/settings/sign-in`);
  await seeText(/UTC$/);
  const { as_of } = await send(page, 'GET', '/api/streaks/today');
  await page.goto(`${base}/days/${as_of}/slip`);
  await page.getByRole('button', { name: '지금', exact: true }).click();
  assert.match(await page.getByLabel('시각').inputValue(), /^\d\d:\d\d$/);
  await context.close();
});

await step('a page that breaks says so, and the others go on', async () => {
  const { context, page } = await phone(browser, { expected });
  const { link, see, seeText } = handsOn(page);
  await signIn(page, base, `broken ${Date.now()}`);
  await context.route(/\/api\/reviews\?/, (route) => route.fulfill({ json: { reviews: [null] } }));
  await page.goto(`${base}/history`);
  await seeText('문제가 생겼어요. 다시 시도해 주세요.');
  await link('오늘로 돌아가기').click();
  await see(page.getByRole('heading', { name: '무엇을 끊을까요?' }));
  await context.close();
});

await quiet();
await browser.close();
