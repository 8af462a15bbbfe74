// Reminders: the page in taps, and a notification of the service worker, delivered by the debugging protocol.
// Usage: node tests/browser/reminders.mjs <base-url> <picture.png>
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { daysAgo, given, handsOn, launch, online, phone, send, signIn, steps, until } from './page.mjs';

const [base, picture] = given('base-url', 'picture.png');
const who = `저녁 ${Date.now()}`;
const browser = await launch();
// What another account and who types a wrong address is told, and what cannot be reached without a network.
const expected = [
  ['409', '/api/'],
  ['422', '/api/reminders/channels/'],
  ['404', '/api/reviews/'],
  ['ERR_INTERNET_DISCONNECTED', '/api/'],
  ['ERR_FAILED', '/api/reminders/'], // an answer that is lost
  ['401', '/api/'], // nobody is signed in any more
];
const { page, complaints } = await phone(browser, { expected, permissions: ['notifications'] });
const { step, quiet } = steps(page, picture, complaints);
// What the icon of the app would show.
await page.addInitScript(() => {
  navigator.setAppBadge = async (count) => localStorage.setItem('test.icon', count);
});
const { button, gone, heading, see, seeText, stored, read } = handsOn(page);

await signIn(page, base, who);
const me = await page.evaluate(async () => (await fetch('/api/auth/me')).json());
const food = await page.evaluate(async (start_date) => {
  const body = JSON.stringify({ name: '라면', counting: 'confirm', start_date });
  const headers = { 'Content-Type': 'application/json' };
  return (await (await fetch('/api/foods', { method: 'POST', headers, body })).json()).id;
}, daysAgo(9));

await step('a reminder is added, moved and made discreet in taps', async () => {
  await page.goto(`${base}/settings`);
  await page.getByRole('link', { name: /^알림/ }).click();
  await see(heading('알림'));
  await see(button('이 브라우저에서 알림 받기'));
  await button('알림 추가하기').click();
  await page.getByLabel('시각').selectOption('22:30');
  await stored(
    () => read('/api/reminders'),
    ({ reminders }) => assert.equal(reminders[0].time, '22:30'),
  );
  await button('일').click();
  await stored(
    () => read('/api/reminders'),
    ({ reminders }) => assert.deepEqual(reminders[0].days, [1, 2, 3, 4, 5, 6]),
  );
  await page.getByLabel('음식 이름 숨기기').check();
  await stored(
    () => read('/api/reminders'),
    ({ reminders }) => assert.equal(reminders[0].discreet, true),
  );
  await seeText('아직 보낸 알림이 없어요.');
});

const isWrite = (route) => route.request().method() !== 'GET';
const storedReminders = async () => (await read('/api/reminders')).reminders;

await step('changes in quick taps are all stored, in their order, however slow the answers are', async () => {
  await page.route('**/api/reminders/*', async (route) => {
    if (isWrite(route)) await sleep(400);
    await route.continue();
  });
  await button('토').click();
  await button('일').click();
  await page.getByLabel('시각').selectOption('07:00');
  await stored(storedReminders, ([{ time, days }]) => assert.deepEqual([time, days], ['07:00', [1, 2, 3, 4, 5, 7]]));
  await page.unroute('**/api/reminders/*');
  assert.equal(await page.getByLabel('시각').inputValue(), '07:00');
});

await step('a change that fails is told of, and what is stored is shown again', async () => {
  await page.context().setOffline(true);
  await button('수').click();
  await page.getByLabel('시각').selectOption('08:00');
  await see(page.getByRole('alert'));
  await see(page.locator('button[aria-pressed=true]', { hasText: '수' }));
  await until(async () => (await page.getByLabel('시각').inputValue()) === '07:00');
  await online(page);
});

await step('what another device has set beside a change stays', async () => {
  const [{ id, ...reminder }] = await storedReminders();
  await send(page, 'PUT', `/api/reminders/${id}`, { ...reminder, time: '06:00' });
  await button('수').click();
  await stored(storedReminders, ([{ time, days }]) => assert.deepEqual([time, days], ['06:00', [1, 2, 4, 5, 7]]));
  await until(async () => (await page.getByLabel('시각').inputValue()) === '06:00');
});

await step('a reminder whose answer is lost is added once', async () => {
  await page.route('**/api/reminders/*', async (route) => {
    if (!isWrite(route)) return route.continue();
    await route.fetch();
    await route.abort();
  });
  await button('알림 추가하기').click();
  await see(page.getByRole('alert'));
  await page.unroute('**/api/reminders/*');
  await button('알림 추가하기').click();
  await see(button('없애기').nth(1));
  assert.equal((await storedReminders()).length, 2);
});

await step('a removed reminder comes back, however quickly that is asked for, and also where it fails at first', async () => {
  await page.route('**/api/reminders', async (route) => {
    await sleep(1_500);
    await route.continue();
  });
  const [kept, other] = await storedReminders();
  const ids = (all) => assert.deepEqual(all.map(({ id }) => id).sort(), [kept.id, other.id].sort());
  await button('없애기').last().click();
  await button('되돌리기').click();
  await gone(button('되돌리기'));
  await page.unroute('**/api/reminders');
  ids(await storedReminders());

  await see(button('없애기').nth(1));
  await button('없애기').last().click();
  await gone(button('없애기').nth(1));
  await page.context().setOffline(true);
  await button('되돌리기').click();
  await see(page.getByRole('status').getByText('지금은 연결이 어려워요.'));
  await online(page);
  await button('되돌리기').click();
  await see(button('없애기').nth(1));
  ids(await storedReminders());
  await button('없애기').last().click();
  await gone(button('없애기').nth(1));
});

await step('a topic of ntfy is added by its address, a wrong one is explained, and it is removed again', async () => {
  await button('웹훅이나 ntfy 추가하기').click();
  await page.getByLabel('주소', { exact: true }).fill('http://ntfy.example.org/evening');
  await button('추가하기').click();
  await seeText('https로 시작하는 주소만 쓸 수 있어요.');
  await page.getByLabel('주소', { exact: true }).fill('https://ntfy.example.org/evening');
  await page.getByLabel('액세스 토큰').fill('tk_evening');
  await page.getByLabel('이름 (선택)').fill('거실');
  await button('추가하기').click();
  await see(page.getByText('거실'));
  await stored(
    () => read('/api/reminders'),
    ({ channels: [{ kind, url, label, milestones, has_secret }] }) =>
      assert.deepEqual([kind, url, label, milestones, has_secret], ['ntfy', 'https://ntfy.example.org/evening', '거실', true, true]),
  );
  await gone(button('추가하기'));
  await button('거실 없애기').click();
  await stored(
    () => read('/api/reminders'),
    ({ channels }) => assert.deepEqual(channels, []),
  );
});

await step('a webhook is added with its secret', async () => {
  await button('웹훅이나 ntfy 추가하기').click();
  await page.getByText('웹훅', { exact: true }).click();
  await page.getByLabel('주소', { exact: true }).fill('https://hooks.example.org/evening');
  await page.getByLabel('비밀값').fill('short');
  await button('추가하기').click();
  await seeText('비밀값은 whsec_ 뒤에');
  await page.getByLabel('비밀값').fill('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  await button('추가하기').click();
  await see(page.getByText('https://hooks.example.org/evening'));
  await stored(
    () => read('/api/reminders'),
    ({ channels: [{ kind, has_secret }] }) => assert.deepEqual([kind, has_secret], ['webhook', true]),
  );
});

await step('the address that was typed is still there after a sign-in, and its secret is kept nowhere', async () => {
  await button('웹훅이나 ntfy 추가하기').click();
  await page.getByText('웹훅', { exact: true }).click();
  await page.getByLabel('주소', { exact: true }).fill('https://hooks.example.org/again');
  await page.getByLabel('비밀값').fill('whsec_a2VlcCBtZSBub3doZXJlLCBwbGVhc2U=');
  await page.getByLabel('이름 (선택)').fill('부엌');
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.ok(kept.includes('/again') && !kept.includes('whsec_'));
  await page.context().clearCookies();
  await button('추가하기').click();
  await seeText('적던 내용은 그대로 있어요');
  await signIn(page, base, who);
  await page.goto(`${base}/settings/reminders`);
  await see(page.getByLabel('비밀값'));
  assert.equal(await page.getByLabel('주소', { exact: true }).inputValue(), 'https://hooks.example.org/again');
  assert.equal(await page.getByLabel('이름 (선택)').inputValue(), '부엌');
  await button('취소').click();
  await page.reload();
  await see(button('웹훅이나 ntfy 추가하기'));
});

const protocol = await page.context().newCDPSession(page);
await protocol.send('ServiceWorker.enable');
const registrationId = await new Promise((resolve) => {
  protocol.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    if (registrations.length) resolve(registrations[0].registrationId);
  });
});
const worker = page.context().serviceWorkers()[0] ?? (await page.context().waitForEvent('serviceworker'));
await page.evaluate(() => navigator.serviceWorker.ready);
const iconOfWorker = () =>
  worker.evaluate(() => {
    self.icon = [];
    navigator.setAppBadge = async (count) => self.icon.push(count);
  });
await iconOfWorker();

/** Delivers a reminder of `date`, and waits until it is shown. */
async function deliver(date, account = me.id) {
  const actions = [{ action: 'kept', title: '모두 지켰어요' }, { action: 'open', title: '열기' }];
  const data = { kind: 'reminder', title: '기록할 시간이에요', body: '라면', tag: date, account, date, food_ids: [food], waiting: 1, actions, language: 'ko' };
  const showing = () =>
    worker.evaluate(async () => (await self.registration.getNotifications()).map(({ title, body, tag, actions }) => ({ title, body, tag, actions: actions.map(({ action }) => action) })));
  for (let attempt = 1; ; attempt += 1) {
    // The debugging protocol loses one now and then, without a word, where a worker is about to rest.
    await protocol.send('ServiceWorker.deliverPushMessage', { origin: base, registrationId, data: JSON.stringify(data) });
    try {
      return await stored(showing, (all) => assert.ok(all.some(({ tag }) => tag === date), JSON.stringify(all)));
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

/** Taps "모두 지켰어요" on the notification of `date`. */
const keepAll = (date) =>
  worker.evaluate(async (tag) => {
    const [notification] = await self.registration.getNotifications({ tag });
    self.dispatchEvent(new NotificationEvent('notificationclick', { notification, action: 'kept' }));
  }, date);

const outcome = (date) => read(`/api/reviews/${date}`);
const waiting = () =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open('hanip');
        opening.onsuccess = () => {
          const all = opening.result.transaction('outbox').objectStore('outbox').getAll();
          all.onsuccess = () => (opening.result.close(), resolve(all.result));
        };
      }),
  );

await step('a push is shown, and its action stores the review', async () => {
  await deliver(daysAgo(1));
  await keepAll(daysAgo(1));
  await stored(
    () => outcome(daysAgo(1)),
    ({ foods }) => assert.equal(foods[0].outcome, 'kept'),
  );
});

await step('under another account the action stores nothing there, and waits', async () => {
  const other = '01958d5c-a6d0-7b24-8e66-2a4c6e8f0b13';
  await deliver(daysAgo(2), other);
  await keepAll(daysAgo(2));
  await stored(waiting, (all) => assert.ok(all.some(({ account }) => account === other)));
  const days = await page.evaluate(async (date) => (await fetch(`/api/reviews/${date}`)).status, daysAgo(2));
  assert.equal(days, 404);
});

await step('without a network it waits in the outbox, and is sent when there is one', async () => {
  await page.context().setOffline(true);
  await deliver(daysAgo(3));
  await keepAll(daysAgo(3));
  await stored(waiting, (all) => assert.ok(all.some(({ account, path }) => account === me.id && path.endsWith(daysAgo(3)))));
  await online(page);
  await page.goto(base);
  await stored(
    () => outcome(daysAgo(3)),
    ({ foods }) => assert.equal(foods[0].outcome, 'kept'),
  );
});

await step('what can neither be sent nor kept is said, and can be tapped again', async () => {
  const date = daysAgo(5);
  await page.context().setOffline(true);
  await deliver(date);
  await worker.evaluate(() => {
    indexedDB.open = () => {
      throw new Error('broken');
    };
  });
  await keepAll(date);
  const bodies = () =>
    worker.evaluate(async (tag) => (await self.registration.getNotifications({ tag })).map(({ body }) => body), date);
  await stored(bodies, ([body]) => assert.match(body ?? '', /저장하지 못했어요/));
  await worker.evaluate(() => delete indexedDB.open);
  await online(page);
  await keepAll(date);
  await stored(
    () => outcome(date),
    ({ foods }) => assert.equal(foods[0].outcome, 'kept'),
  );
  await stored(bodies, (all) => assert.deepEqual(all, []));
});

await step('the icon of the app tells how many foods wait, by a push and by the open page', async () => {
  const icon = () => page.evaluate(() => localStorage.getItem('test.icon'));
  await page.goto(base);
  await stored(icon, (count) => assert.equal(count, '1'));
  await iconOfWorker();
  await deliver(daysAgo(0));
  await stored(
    () => worker.evaluate(() => self.icon),
    (counts) => assert.equal(counts.at(-1), 1),
  );
  await keepAll(daysAgo(0));
  await stored(
    () => outcome(daysAgo(0)),
    ({ foods }) => assert.equal(foods[0].outcome, 'kept'),
  );
  await stored(
    () => worker.evaluate(() => self.icon),
    (counts) => assert.equal(counts.at(-1), 0),
  );
  await page.goto(base);
  await stored(icon, (count) => assert.equal(count, '0'));
});

await step('who signs out takes along what is shown, and this browser is asked no more', async () => {
  await deliver(daysAgo(4));
  await page.goto(`${base}/settings`);
  await button('로그아웃').click();
  // What waits for another account is told of first.
  const anyway = button('그래도 로그아웃');
  await anyway.or(page.getByRole('link', { name: '이 컴퓨터에서 시작하기' })).first().waitFor();
  if (await anyway.isVisible()) await anyway.click();
  await page.waitForURL(`${base}/sign-in*`);
  await stored(
    () => worker.evaluate(async () => (await self.registration.getNotifications()).length),
    (count) => assert.equal(count, 0),
  );
});

await quiet();
await browser.close();
