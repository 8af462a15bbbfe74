// The main job, the stores and the clock in a browser other than Chromium, driven by WebDriver; in Firefox axe, too.
// Usage: node tests/browser/others.mjs <base-url> <picture.png> <firefox | webkit>
// What a browser is to lack or to get wrong comes from a proxy before the app, as a script that runs first.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import { createRequire } from 'node:module';
import { createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Builder, By, Key } from 'selenium-webdriver';
import { storeFailures, wrongClock } from './faults.mjs';
import { daysAgo, given, send, until } from './page.mjs';
import { fill } from './sample.mjs';

const [base, picture, name] = given('base-url', 'picture.png', 'firefox | webkit');
const HOUR = 3_600_000;
const today = daysAgo(0);
const yesterday = daysAgo(1);
const titleOf = (date) =>
  new Intl.DateTimeFormat('ko', { month: 'long', day: 'numeric', weekday: 'long', timeZone: 'UTC' })
    .format(Date.parse(`${date}T00:00Z`));

const started = [];
process.on('exit', () => started.forEach((child) => child.kill()));
const start = (program, args, options = {}) => {
  const child = spawn(program, args, { stdio: 'ignore', ...options });
  started.push(child);
  return child;
};
const freePort = async () => {
  const socket = createSocket().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
};

/** A browser in Seoul; WebKit has no mode without a screen, and gets one. */
async function launch() {
  const port = await freePort();
  const home = mkdtempSync(join(tmpdir(), 'hanip-browser-'));
  process.on('exit', () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  const env = { ...process.env, TZ: 'Asia/Seoul', HOME: home, XDG_RUNTIME_DIR: home };
  const capabilities = {
    firefox: {
      browserName: 'firefox',
      'moz:firefoxOptions': {
        args: ['-headless'],
        prefs: { 'intl.accept_languages': 'ko', 'ui.prefersReducedMotion': 1 },
      },
    },
    webkit: {
      browserName: 'MiniBrowser',
    },
  }[name];
  if (name === 'firefox') {
    start('geckodriver', ['--port', `${port}`, '--allow-system-access'], { env });
  } else {
    const screen = start('Xvfb', ['-displayfd', '3', '-screen', '0', '800x1000x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const [number] = await once(screen.stdio[3], 'data');
    start('WebKitWebDriver', [`--port=${port}`], { env: { ...env, DISPLAY: `:${`${number}`.trim()}` } });
  }
  const server = `http://127.0.0.1:${port}`;
  await until(() => fetch(`${server}/status`).then(({ ok }) => ok, () => false));
  return new Builder().disableEnvironmentOverrides().usingServer(server).withCapabilities(capabilities).build();
}

const proxies = [];
/** The app at an origin of its own, with a script that runs before it, and answers that are changed. */
async function world(script = () => {}, argument = null, { change, refuse } = {}) {
  const first = `Object.defineProperty(navigator, 'languages', { get: () => ['ko'] });(${script})(${JSON.stringify(argument)})`;
  const { port } = new URL(base);
  const proxy = createServer(async (asked, answer) => {
    const { pathname } = new URL(asked.url, base);
    if (pathname === '/first.js') return answer.writeHead(200, { 'Content-Type': 'text/javascript' }).end(first);
    if (refuse?.(pathname)) return asked.socket.destroy();
    // As a browser at the app's own origin sends it, and whole, so that it can be changed.
    const { 'accept-encoding': _, 'if-none-match': __, ...headers } = asked.headers;
    headers.host = new URL(base).host;
    if (headers.origin) headers.origin = base;
    delete headers.referer;
    const request = forward({ port, method: asked.method, path: asked.url, headers }, async (said) => {
      const body = Buffer.concat(await said.toArray());
      const { 'content-length': ___, 'transfer-encoding': ____, ...kept } = said.headers;
      kept.location &&= kept.location.replace(base, own);
      const html = kept['content-type']?.startsWith('text/html');
      const text = html && `${body}`.replace('<head>', '<head><script src="/first.js"></script>');
      answer.writeHead(said.statusCode, kept).end(text || change?.(pathname, body) || body);
    });
    request.on('error', () => asked.socket.destroy());
    asked.pipe(request);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const own = `http://127.0.0.1:${proxy.address().port}`;
  proxies.push(proxy);
  return own;
}

const driver = await launch();
await driver.manage().setTimeouts({ script: 15_000 });
await driver.manage().window().setRect({ width: 480, height: 900 });

/** As much of a page of Playwright as the shared steps use. */
const page = {
  evaluate: async (run, argument) => {
    const [problem, value] = await driver.executeAsyncScript(
      `const [argument, done] = arguments;
       Promise.resolve().then(() => (${run})(argument)).then((value) => done([null, value ?? null]), (error) => done([String(error), null]));`,
      argument ?? null,
    );
    if (problem) throw new Error(problem);
    return value;
  },
};
const read = (path) => send(page, 'GET', path).catch(() => null);

const text = (value) => `concat('${value.replaceAll("'", `', "'", '`)}', '')`;
const find = async (tag, label) => {
  const is = `normalize-space()=${text(label)}`;
  // A picture may stand beside the words.
  const path = `//${tag}[${is} or text()[${is}] or *[${is}]]`;
  const found = await driver.findElements(By.xpath(path));
  for (const element of found) if (await element.isDisplayed()) return element;
  return null;
};
/** A tap, in the middle of the screen: what sticks to its edges covers nothing there. */
async function tap(tag, label) {
  await until(async () => {
    try {
      const element = await find(tag, label);
      if (!element || !(await element.isEnabled())) return false;
      await driver.executeScript('arguments[0].scrollIntoView({ block: "center" })', element);
      await element.click();
      return true;
    } catch {
      return false;
    }
  });
}
const button = (label) => tap('button', label);
const field = (label) => until(async () => {
  const id = await driver.executeScript(
    'return [...document.querySelectorAll("label")].find((label) => label.textContent.trim() === arguments[0])?.htmlFor',
    label,
  );
  return id ? driver.findElement(By.id(id)) : null;
});
const write = async (label, words) => {
  const input = await field(label);
  await driver.executeScript('arguments[0].scrollIntoView({ block: "center" })', input);
  await input.sendKeys(words);
};
/** Empty where it is not there, or the page is just being left. */
const textOf = async (selector) =>
  (await driver.executeScript('return document.querySelector(arguments[0])?.innerText', selector)) ?? '';
const heading = () => textOf('h1');
const seeText = (words) => until(async () => (await textOf('main')).includes(words));

async function signIn(at) {
  // The session of the step before goes first: the page to sign in leads somebody who is signed in to Today.
  await driver.get(`${at}/first.js`);
  await driver.manage().deleteAllCookies();
  await driver.get(`${at}/sign-in`);
  await tap('a', '이 컴퓨터에서 시작하기');
  const input = await until(() => driver.findElement(By.css('input[name=name]')).catch(() => null));
  await input.sendKeys(`${name} ${Date.now()}`, Key.ENTER);
  await seeText('무엇을 끊을까요?');
}

let passed = 0;
async function step(title, run) {
  const began = Date.now();
  try {
    await run();
  } catch (error) {
    writeFileSync(picture, await driver.takeScreenshot().catch(() => ''), 'base64');
    console.error(`not ok: ${title}\n${error.stack}\nat ${await driver.getCurrentUrl()}, see ${picture}`);
    console.log(`${passed} passed, 1 failed`);
    await driver.quit().catch(() => {});
    process.exit(1);
  }
  passed += 1;
  console.log(`ok: ${title} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
}

const plain = await world();
await step('signing in leads to the first food, and one tap counts it', async () => {
  await signIn(plain);
  await button('라면');
  await seeText('오늘이 1일째, 시작했어요');
});

await step('a day is reviewed, kept', async () => {
  await tap('label', '괜찮았어요');
  await write('메모', 'walked');
  await button('저장하기');
  await until(async () => (await read(`/api/reviews/${today}`))?.note === 'walked');
  const { difficulty } = await read(`/api/reviews/${today}`);
  assert.equal(difficulty, 2);
  await driver.navigate().refresh();
  await until(async () => (await (await field('메모')).getAttribute('value')) === 'walked');
});

await step('a slip is noted', async () => {
  await tap('label', '먹었어요');
  await button('저장하기');
  await until(async () => (await read('/api/streaks/today'))?.foods[0].streak.today === 'slipped');
});

await step('what is removed comes back with undo', async () => {
  await driver.get(`${plain}/foods/${(await read('/api/foods')).foods[0].id}`);
  await button('지우기');
  await until(async () => (await read('/api/foods'))?.foods.length === 0);
  await button('되돌리기');
  await until(async () => (await read('/api/foods'))?.foods.length === 1);
});

for (const failure of ['a full disk', 'an IndexedDB that never answers', 'stores that are blocked']) {
  await step(`with ${failure} every write reaches the API, after a time without a network too`, async () => {
    let away = false;
    const at = await world(storeFailures[failure], null, {
      refuse: (path) => away && path.startsWith('/api/reviews'),
    });
    await signIn(at);
    await button('라면');
    await until(async () => (await read('/api/foods'))?.foods.length === 1);
    away = true;
    await write('메모', 'still stored');
    await button('저장하기');
    await seeText('이 브라우저에는 담아 둘 수 없어요. 다 보낼 때까지 이 화면을 열어 두세요.');
    away = false;
    await driver.executeScript('dispatchEvent(new Event("online"))');
    await until(async () => (await read(`/api/reviews/${today}`))?.note === 'still stored');
  });
}

for (const hours of [26, -26]) {
  await step(`with a clock ${Math.abs(hours)} hours ${hours > 0 ? 'ahead' : 'behind'} a review is of today`, async () => {
    const at = await world(wrongClock, hours * HOUR);
    await signIn(at);
    await button('라면');
    await until(async () => (await heading()) === titleOf(today));
    await write('메모', 'today');
    await button('저장하기');
    await until(async () => (await read(`/api/reviews/${today}`))?.note === 'today');
  });
}

await step('a page that stays visible turns with the day, and writes into the new one', async () => {
  let end = Infinity;
  const at = await world(undefined, null, {
    change: (path, body) => {
      if (path !== '/api/streaks/today' || Date.now() > end) return null;
      if (end === Infinity) return null;
      const json = JSON.parse(body);
      json.as_of = yesterday;
      json.next_day_at = new Date(end).toISOString();
      for (const { streak } of json.foods) streak.as_of = yesterday;
      return JSON.stringify(json);
    },
  });
  await signIn(at);
  await send(page, 'POST', '/api/foods', { name: '라면', start_date: daysAgo(30) });
  end = Date.now() + 6000;
  await driver.get(at);
  await until(async () => (await heading()) === titleOf(yesterday));
  await until(async () => (await heading()) === titleOf(today));
  await write('메모', 'new day');
  await button('저장하기');
  await until(async () => (await read(`/api/reviews/${today}`))?.note === 'new day');
});

if (name === 'firefox') {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const theme = async (dark) => {
    await driver.setContext('chrome');
    await driver.executeScript(
      'Services.prefs.setIntPref("layout.css.prefers-color-scheme.content-override", arguments[0])',
      dark ? 0 : 1,
    );
    await driver.setContext('content');
  };
  await signIn(plain);
  const { ramen, coffee } = await fill(page);
  const paths = [
    '/', '/history', `/days/${daysAgo(12)}`, `/days/${today}/slip`, `/foods/${ramen}`, `/foods/${coffee}`,
    `/foods/${ramen}/edit`, '/sos', '/settings', '/settings/list', '/settings/days-off', '/settings/sign-in',
    '/settings/tokens', '/settings/data', '/settings/moving-in', '/demo',
  ];
  // The app's router follows, so that axe is sent once.
  const open = (path) =>
    page.evaluate((path) => {
      history.pushState(null, '', path);
      dispatchEvent(new PopStateEvent('popstate'));
      return new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)));
    }, path);
  for (const [locale, dark] of [['ko', false], ['en', true]]) {
    await step(`axe finds nothing on ${paths.length} screens, ${locale}, ${dark ? 'dark' : 'light'}`, async () => {
      await send(page, 'PATCH', '/api/auth/me', { locale });
      await page.evaluate((tag) => localStorage.setItem('hanip.locale', `"${tag}"`), locale);
      await theme(dark);
      await driver.get(plain);
      await seeText(locale === 'ko' ? '라면' : 'days in a row');
      await driver.executeScript(axe);
      for (const path of paths) {
        await open(path);
        await until(async () => (await textOf('main h1')) !== '');
        const findings = await page.evaluate(async () => {
          const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
          return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
        });
        assert.deepEqual(findings, [], path);
      }
    });
  }
}

console.log(`${passed} passed, 0 failed`);
await driver.quit();
process.exit(0);
