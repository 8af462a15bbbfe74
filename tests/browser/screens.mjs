// Every screen in both languages and both themes: no finding of axe, nothing cut off at the widths of
// phones and of 200 % zoom, and a picture to look at.
// Usage: node tests/browser/screens.mjs <base-url> <folder for pictures>
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { daysAgo, given, launch, phone, send, signIn, steps } from './page.mjs';
import { fill } from './sample.mjs';

const [base, folder] = given('base-url', 'folder for pictures');
mkdirSync(folder, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const browser = await launch();
const { page, complaints } = await phone(browser, {
  deviceScaleFactor: 1,
  expected: [
    ['404', '/api/reviews/'], // nothing is recorded on today yet
    ['404', '/api/foods/'], // deleted elsewhere
    ['422', '/api/reviews/'],
    ['401', '/api/streaks/today'], // nobody is signed in yet
  ],
});
const { step, quiet } = steps(page, `${folder}/failed.png`, complaints);

async function findings() {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
    );
  });
}

/** The widest part that a person would have to scroll sideways for. */
const cutOff = () =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.scrollingElement.scrollWidth <= width) return null;
    const wide = [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > width + 1,
    );
    return wide.at(-1)?.outerHTML.slice(0, 200) ?? 'the page';
  });

async function look(name, locale) {
  for (const width of [320, 640]) {
    await page.setViewportSize({ width, height: 720 });
    assert.equal(await cutOff(), null, `at a width of ${width}`);
  }
  for (const [width, height] of [
    [390, 844],
    [1280, 800],
  ]) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      if (width === 390) assert.deepEqual(await findings(), [], colorScheme);
      const path = `${folder}/${name}-${locale}-${colorScheme}-${width}.png`;
      await page.screenshot({ path, fullPage: true });
    }
  }
  await page.setViewportSize({ width: 390, height: 844 });
}

const speak = (locale) => page.evaluate((tag) => localStorage.setItem('hanip.locale', `"${tag}"`), locale);
const open = async (path) => {
  await page.goto(base + path);
  await page.waitForLoadState('networkidle');
};

await open('/sign-in');
for (const locale of ['ko', 'en']) {
  await speak(locale);
  for (const [name, path] of [
    ['sign-in', '/sign-in'],
    ['demo', '/demo'],
  ]) {
    await step(`${name} (${locale})`, async () => {
      await open(path);
      await look(name, locale);
    });
  }
}

await speak('ko');
await signIn(page, base, `지우 ${Date.now() % 10_000}`);
const speakSignedIn = async (locale) => {
  await send(page, 'PATCH', '/api/auth/me', { locale });
  await speak(locale);
};
for (const locale of ['ko', 'en']) {
  await step(`first-run (${locale})`, async () => {
    await speakSignedIn(locale);
    await open('/');
    await look('first-run', locale);
  });
}

const { ramen, snack, coffee } = await fill(page);
const screens = {
  today: '/',
  history: '/history',
  month: '/history/all',
  year: '/history/all?view=year',
  weeks: '/history/all?view=weeks',
  day: `/days/${daysAgo(12)}`,
  slip: `/days/${daysAgo(0)}/slip`,
  food: `/foods/${ramen}`,
  archived: `/foods/${coffee}`,
  edit: `/foods/${ramen}/edit`,
  sos: '/sos',
  settings: '/settings',
  list: '/settings/list',
  'days-off': '/settings/days-off',
  access: '/settings/sign-in',
  reminders: '/settings/reminders',
  tokens: '/settings/tokens',
  data: '/settings/data',
  'moving-in': '/settings/moving-in',
  'not-found': '/nowhere',
};
for (const locale of ['ko', 'en']) {
  await speakSignedIn(locale);
  for (const [name, path] of Object.entries(screens)) {
    await step(`${name} (${locale})`, async () => {
      await open(path);
      await look(name, locale);
    });
  }
  await step(`webhook (${locale})`, async () => {
    await open('/settings/reminders');
    await page.getByRole('button', { name: locale === 'ko' ? '웹훅이나 ntfy 추가하기' : 'Add a webhook or ntfy' }).click();
    await page.getByPlaceholder('https://').waitFor();
    await look('webhook', locale);
  });
  await step(`add (${locale})`, async () => {
    await open('/');
    await page.getByRole('button', { name: locale === 'ko' ? '끊을 음식 추가' : 'Quit something else' }).click();
    await page.getByRole('dialog').waitFor();
    await look('add', locale);
  });
}

await step('what another device wrote, and a food that it deleted', async () => {
  const today = `/api/reviews/${daysAgo(0)}`;
  await open('/');
  await send(page, 'PUT', today, { difficulty: 5, note: 'It rained all day' });
  await send(page, 'DELETE', `/api/foods/${snack}`);
  await page.getByRole('article').filter({ hasText: '야식' }).getByText('I had some').click();
  await page.getByText('fine', { exact: true }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Keep this one' }).waitFor();
  await page.getByRole('button', { name: 'Bring back and save' }).waitFor();
});
for (const locale of ['ko', 'en']) {
  await step(`unsent (${locale})`, async () => {
    await speakSignedIn(locale);
    await open('/');
    await look('unsent', locale);
  });
}
await quiet();
await browser.close();
