// Signing in through a certified provider, in a real browser: once given up, once completed.
// Usage: node tests/browser/oidc.mjs <base-url>
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const [base] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});
const context = await browser.newContext({ locale: 'ko-KR', timezoneId: 'Asia/Seoul' });
const page = await context.newPage();
page.setDefaultTimeout(15_000);
const path = () => new URL(page.url()).pathname;
const session = async () => (await context.cookies(base)).find(({ name }) => name.startsWith('hanip_session'));

async function choose() {
  await page.goto(base);
  await page.getByRole('link', { name: 'Test 계정으로 계속하기' }).click();
  await page.locator('input[name=login]').waitFor();
}

await choose();
await page.getByRole('link', { name: 'Cancel' }).click();
await page.getByText('로그인을 멈췄어요', { exact: false }).waitFor();
assert.equal(path(), '/sign-in');
assert.equal(await session(), undefined, 'who gives up is not signed in');

await choose();
await page.locator('input[name=login]').fill('지민');
await page.locator('input[name=password]').fill('x');
await page.locator('button[type=submit]').click();
await page.getByRole('button', { name: 'Continue' }).click();
await page.getByRole('heading', { name: '무엇을 끊을까요?' }).waitFor();
const { httpOnly, sameSite, path: scope } = await session();
assert.deepEqual({ httpOnly, sameSite, scope }, { httpOnly: true, sameSite: 'Lax', scope: '/' });
assert.equal(await page.evaluate(() => document.cookie), '', 'no script sees a cookie of ours');

// A second tab is signed in too, and is not asked to sign in again; its sign-out ends both.
const second = await context.newPage();
await second.goto(`${base}/sign-in`);
await second.getByRole('heading', { name: '무엇을 끊을까요?' }).waitFor();
assert.equal(new URL(second.url()).pathname, '/');
await second.goto(`${base}/settings`);
await second.getByRole('button', { name: '로그아웃' }).click();
await second.waitForURL('**/sign-in**');
// The provider still knows who it was: the way out of there is offered.
const out = await second.getByRole('link', { name: 'Test에서 로그아웃' }).getAttribute('href');
assert.equal(new URL(out).searchParams.get('client_id'), 'hanip');
await page.reload();
await page.waitForURL('**/sign-in**');
await browser.close();
