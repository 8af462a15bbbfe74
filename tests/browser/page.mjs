// What the browser tests share: a browser, people in it, and steps that say what was seen.
import assert from 'node:assert/strict';
import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** What the command line gives: as many values as have names here, or how to use the script. */
export function given(...names) {
  const values = names.map((_, index) => process.argv[2 + index]);
  if (values.every(Boolean)) return values;
  const usage = names.map((name) => `<${name}>`).join(' ');
  console.error(`usage: node ${relative('', process.argv[1])} ${usage}`);
  process.exit(2);
}

/** A date label some days before today, as the calendar in Seoul has it. */
export const daysAgo = (days) =>
  new Intl.DateTimeFormat('sv', { timeZone: 'Asia/Seoul' }).format(Date.now() - days * 86_400_000);

/**
 * A phone in Seoul, and what its pages complained about; `expected` holds pairs of status and path.
 * With an `origin`, only its pages are listened to, and not a provider's.
 */
export async function phone(browser, { expected = [], origin, ...options } = {}) {
  const context = await browser.newContext({
    locale: 'ko-KR',
    timezoneId: 'Asia/Seoul',
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    reducedMotion: 'reduce',
    ...options,
  });
  // Reported by the page itself, so that a blocked inline style is a finding too.
  await context.addInitScript((ours) => {
    if (ours && location.origin !== ours) return;
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`);
    });
  }, origin);
  const complaints = [];
  context.on('page', (page) => {
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => complaints.push(`exception: ${error}`));
    page.on('console', (message) => {
      const text = message.text();
      const { url } = message.location();
      if (!['error', 'warning'].includes(message.type())) return;
      if (origin && url && new URL(url).origin !== origin) return;
      // A browser logs every status from 400 up, also where it is the answer that was asked for.
      if (expected.some(([status, path]) => text.includes(status) && url.includes(path))) return;
      complaints.push(`${message.type()}: ${text} (${url})`);
    });
  });
  return { context, page: await context.newPage(), complaints };
}

/** Signs in as somebody through the identity provider that is built in. */
export async function signIn(page, base, name) {
  await page.goto(`${base}/sign-in`);
  await page.getByRole('link', { name: '이 컴퓨터에서 시작하기' }).click();
  await page.locator('input[name=name]').fill(name);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${base}/`);
}

/**
 * What the server says, changed by `change`. A page may be closed before its answer is there:
 * then it gets none, and nothing has gone wrong.
 */
export async function answerChanged(route, change) {
  try {
    const response = await route.fetch();
    const json = await response.json();
    change(json);
    await route.fulfill({ response, json });
  } catch (error) {
    if (!/ (closed|disposed)/.test(error.message)) throw error;
  }
}

/** A request as the page itself would send it. */
export const send = (page, method, path, body) =>
  page.evaluate(
    async ([method, path, body]) => {
      const headers = body ? { 'Content-Type': 'application/json' } : {};
      const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
      return answer.status === 204 ? null : answer.json();
    },
    [method, path, body],
  );

/** What a person does and sees on a page in Korean. */
export function handsOn(page) {
  const button = (name) => page.getByRole('button', { name, exact: true });
  const link = (name) => page.getByRole('link', { name, exact: true });
  const heading = (name) => page.getByRole('heading', { name, exact: true });
  const see = (locator) => locator.first().waitFor({ state: 'visible' });
  const seeText = (text) => see(page.getByText(text));
  const gone = (locator) => locator.waitFor({ state: 'detached' });
  const read = (path) => send(page, 'GET', path);
  const undo = async () => {
    await button('되돌리기').click();
    await gone(button('되돌리기'));
  };
  /** Until the API has what the page has sent. */
  async function stored(what, check) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return check(await what());
      } catch (error) {
        if (attempt === 50) throw error;
        await page.waitForTimeout(100);
      }
    }
  }
  return { button, link, heading, see, seeText, gone, read, undo, stored };
}

/** Waits until something holds, and gives what it is. */
export async function until(holds) {
  const end = Date.now() + 15_000;
  for (;;) {
    const held = await holds();
    if (held) return held;
    assert.ok(Date.now() < end, `never true: ${holds}`);
    await sleep(50);
  }
}

/** The network is there again. A browser takes a moment until its requests succeed. */
export async function online(page) {
  await page.context().setOffline(false);
  const answers = () => page.evaluate(() => fetch('/api/auth/providers').then(({ ok }) => ok, () => false));
  // The page may be going elsewhere just now.
  await until(() => answers().catch(() => false));
}

/** 2026-03-05 is "3월 5일", and in another year "2026년 3월 5일". */
export function spoken(date) {
  const [year, month, day] = date.split('-').map(Number);
  return `${daysAgo(0).startsWith(`${year}-`) ? '' : `${year}년 `}${month}월 ${day}일`;
}

/** Steps, each told when it is done; the first that fails ends it all, with a picture of the page. */
export function steps(page, picture, complaints = []) {
  let passed = 0;
  async function step(name, run) {
    try {
      await run();
    } catch (error) {
      await page.screenshot({ path: picture, fullPage: true }).catch(() => {});
      console.error(`not ok: ${name}\n${error.stack}\nat ${page.url()}, see ${picture}`);
      for (const complaint of complaints) console.error(`  ${complaint}`);
      console.log(`${passed} passed, 1 failed`);
      process.exit(1);
    }
    passed += 1;
    console.log(`ok: ${name}`);
  }
  async function quiet() {
    await step('the console stayed quiet and no policy was violated', () =>
      assert.deepEqual(complaints, []),
    );
    console.log(`${passed} passed, 0 failed`);
  }
  return { step, quiet };
}
