// The pictures of the app in its manifest, which browsers show before it is installed, of somebody who has been here for a
// while: functions/web/app/public/screen-*.png.
// Usage: node tests/browser/pictures.mjs <base-url> <folder for pictures>
import { given, launch, phone, send, signIn } from './page.mjs';
import { fill } from './sample.mjs';

const [base, folder] = given('base-url', 'folder for pictures');
const browser = await launch();
const { page } = await phone(browser, { deviceScaleFactor: 1.5, colorScheme: 'light' });

await signIn(page, base, `지우 ${Date.now() % 10_000}`);
await fill(page);
const reminder = { time: '21:00', days: [1, 2, 3, 4, 5], discreet: true };
await send(page, 'PUT', `/api/reminders/${await page.evaluate(() => crypto.randomUUID())}`, reminder);
for (const locale of ['ko', 'en']) {
  await send(page, 'PATCH', '/api/auth/me', { locale });
  await page.evaluate((tag) => localStorage.setItem('hanip.locale', `"${tag}"`), locale);
  for (const [name, path] of [
    ['today', '/'],
    ['reminders', '/settings/reminders'],
  ]) {
    await page.goto(base + path);
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: `${folder}/screen-${name}-${locale}.png` });
  }
}
await browser.close();
