// The app without a network: what is written waits, in two tabs too, and is sent once.
// Usage: node tests/browser/offline.mjs <standalone> <database-url> <port> <screenshot.png>
// It starts and kills the server itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { daysAgo, launch, phone, send, signIn, steps, until } from './page.mjs';

const [program, database, port, picture] = process.argv.slice(2);
const base = `http://127.0.0.1:${port}`;
let server;

async function start() {
  const env = { PATH: process.env.PATH, DATABASE_URL: database, PORT: port, LOG: 'error' };
  server = spawn(program, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  while (!(await fetch(`${base}/healthz`).catch(() => null))?.ok) await sleep(20);
}

async function kill() {
  const gone = once(server, 'exit');
  server.kill('SIGKILL');
  await gone;
}

process.on('exit', () => server?.kill('SIGKILL'));
await start();
const browser = await launch();
// What a browser logs where the network is away, and where the API says no as it should.
const expected = [
  ['ERR_', base],
  ['401', '/api/'],
  ['404', '/api/reviews/'],
];
const { context, page, complaints } = await phone(browser, { expected });
const { context: elsewhere, page: other } = await phone(browser, { expected });
const test = steps(page, picture, complaints);
const step = (name, run) => test.step(name, run);

const today = daysAgo(0);
const me = `한입이 ${Date.now()}`;
const button = (name, on = page) => on.getByRole('button', { name, exact: true });
const card = (name, on = page) => on.getByRole('article').filter({ hasText: name });
const see = (locator) => locator.first().waitFor({ state: 'visible' });
const waiting = (count) => page.getByText(`연결되면 보낼게요 (${count})`, { exact: true });
const review = (on = other) => send(on, 'GET', `/api/reviews/${today}`);
const names = async () =>
  (await send(other, 'GET', '/api/foods')).foods.map((food) => food.name).sort();

/** Every write that the API took, by whichever tab it was sent. */
const taken = [];
context.on('response', (response) => {
  const request = response.request();
  if (request.method() === 'GET' || response.status() >= 300) return;
  taken.push(`${request.method()} ${new URL(response.url()).pathname}`);
});

/** What a person does, counted: taps here, and nothing is ever typed. */
let taps = 0;
const tap = async (locator) => {
  taps += 1;
  await locator.click();
};
const within = async (most, run) => {
  taps = 0;
  await run();
  console.log(`   ${taps} taps, 0 typed characters`);
  assert.ok(taps <= most, `${taps} taps`);
};

await step('the first food counts after three taps at most', async () => {
  await signIn(page, base, me);
  await see(page.getByText('Asia/Seoul', { exact: false }));
  await within(3, async () => {
    await tap(button('라면'));
    await see(card('라면').getByText('오늘이 1일째, 시작했어요'));
  });
  await signIn(other, base, me);
});

await step('a clean day is two taps', async () => {
  await page.reload();
  await see(card('라면'));
  await within(2, async () => {
    await tap(page.getByText('쉬웠어요', { exact: true }));
    await tap(button('저장하기'));
    await see(button('저장됨'));
  });
  // Silence counts as kept: only the face is stored.
  const { difficulty, foods } = await review();
  assert.equal(difficulty, 1);
  assert.ok(foods.every(({ outcome }) => outcome === null));
});

await step('a day with a slip is four', async () => {
  await within(4, async () => {
    await tap(card('라면').getByText('먹었어요', { exact: true }));
    await tap(page.getByText('힘들었어요', { exact: true }));
    await tap(button('저장하기'));
    await see(button('저장됨'));
  });
  assert.equal((await review()).foods[0].outcome, 'slipped');
});

await step('it can be installed', async () => {
  await page.evaluate(() => navigator.serviceWorker.ready);
  const session = await context.newCDPSession(page);
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  const why = installabilityErrors.map(({ errorId }) => errorId);
  // A window of its own without a profile has no place to install to.
  assert.deepEqual(why.filter((id) => id !== 'in-incognito'), []);
});

await step('it opens without a server, as it was last', async () => {
  await kill();
  await page.reload();
  await see(page.getByText('연결이 없어서 마지막으로 본 모습이에요.'));
  await see(card('라면'));
  assert.ok(await page.getByRole('radio', { name: '힘들었어요', exact: true }).isChecked());
});

await step('a review and a new food wait, over a reload too', async () => {
  await page.getByText('그저 그랬어요', { exact: true }).click();
  await button('저장하기').click();
  await see(waiting(1));
  await button('끊을 음식 추가').click();
  await page.getByRole('dialog').getByRole('button', { name: '설탕', exact: true }).click();
  await see(card('설탕'));
  await see(waiting(2));
  await page.reload();
  await see(waiting(2));
  await see(card('설탕'));
  assert.ok(await page.getByRole('radio', { name: '그저 그랬어요' }).isChecked());
});

await step('a slip made in another tab waits behind them', async () => {
  const tab = await context.newPage();
  await tab.goto(`${base}/days/${today}/slip`);
  await button('저장하기', tab).click();
  await see(tab.getByText('연결되면 보낼게요 (3)'));
  await see(waiting(3));
  taken.length = 0;
  await start();
  await until(async () => !(await page.getByText('연결되면 보낼게요', { exact: false }).count()));
  await until(() => taken.length >= 3);
  await tab.close();
});

await step('all of them are stored, and sent once', async () => {
  assert.equal(taken.filter((write) => write.startsWith('PUT')).length, 2, taken.join());
  assert.deepEqual(taken.filter((write) => write.startsWith('POST')), ['POST /api/foods']);
  const stored = await review();
  assert.deepEqual([stored.difficulty, stored.slips.length], [3, 1]);
  assert.deepEqual(await names(), ['라면', '설탕']);
  await page.reload();
  await see(card('설탕').getByText('오늘이 1일째, 시작했어요'));
});

await test.quiet();
await elsewhere.close();
await browser.close();
process.exit(0);
