// What the first screen asks, shows and celebrates: silence is no debt, one truth on a card, a slip in
// place, many foods, badges and what is made of them.
// Usage: node tests/browser/feel.mjs <base-url> <screenshot.png>
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { answerChanged, daysAgo, given, handsOn, launch, phone, send, signIn, steps, until } from './page.mjs';

const [base, picture] = given('base-url', 'screenshot.png');
const browser = await launch();
const expected = [
  ['404', '/api/reviews/'], // nothing is recorded on today yet
  ['401', '/api/streaks/today'], // nobody is signed in yet
  ['409', '/api/'], // what the page of the last person may not have heard of is not sent for the next
];
const { page, complaints } = await phone(browser, { expected });
const conflicts = [];
page.on('response', (response) => {
  if (response.status() === 409) conflicts.push(response.json().then((problem) => problem.code));
});
const { step, quiet } = steps(page, picture, complaints);
const { button, link, see, seeText, gone, read, undo } = handsOn(page);
const card = (name) => page.getByRole('article').filter({ hasText: name });
const today = daysAgo(0);
const review = () => read(`/api/reviews/${today}`).catch(() => null);
const statusOf = async (id) => (await read(`/api/streaks/${id}`)).today;

/** Somebody new, with these foods. */
async function somebody(who, foods) {
  // Nothing of the last one is asked for any more.
  await page.goto('about:blank');
  await page.context().clearCookies();
  await signIn(page, base, `${who} ${Date.now()}`);
  await see(page.getByRole('heading', { level: 1 }));
  const ids = [];
  for (const food of foods) {
    ids.push((await send(page, 'POST', '/api/foods', { id: crypto.randomUUID(), ...food })).id);
  }
  await page.reload();
  await see(page.getByRole('article'));
  return ids;
}
/** The server says that the food was added long ago, as if it had been used ever since. */
const addedLongAgo = () =>
  page.route('**/api/streaks/today', (route) =>
    answerChanged(route, (json) => {
      for (const { food } of json.foods) food.created_at = '2020-01-01T00:00:00Z';
    }));

let taps = 0;
async function tap(locator) {
  taps += 1;
  await locator.click();
}

const [ramen, sugar] = await somebody('silence', [
  { name: '라면', start_date: daysAgo(10) },
  { name: '설탕', start_date: daysAgo(6) },
]);

await step('where silence counts, nothing is asked, chosen or waiting to be saved', async () => {
  await see(card('라면').getByText('지킨 날로 세고 있어요'));
  await page.waitForLoadState('networkidle');
  assert.equal(await page.locator('article :checked').count(), 0);
  assert.equal(await button('저장하기').count(), 0);
  assert.equal(await page.getByText(/^어제\(/).count(), 0);
  assert.equal(await card('라면').getByRole('radio', { name: '먹었어요' }).count(), 1);
});

await step('and the page of the food says so of today', async () => {
  await page.goto(`${base}/foods/${ramen}`);
  const cell = page.locator('[aria-current=date]').filter({ hasText: '세고 있어요' });
  await cell.waitFor({ state: 'attached' });
  assert.doesNotMatch(await page.locator('main').innerText(), /기록 전|아직이/);
  await page.goto(base);
});

await step('a face is an offer: it is stored alone, and taken back from where it was saved', async () => {
  await page.getByText('쉬웠어요', { exact: true }).click();
  await button('저장하기').click();
  await seeText('저장했어요.');
  const { difficulty, foods } = await review();
  assert.equal(difficulty, 1);
  assert.ok(foods.every(({ outcome }) => outcome === null));
  await see(card('라면').getByText('지킨 날로 세고 있어요'));
  await undo();
  await until(async () => !(await review())?.difficulty);
});

await step('what was chosen and not saved is let go of with the same tap', async () => {
  const kept = card('라면').getByText('지켰어요', { exact: true });
  await kept.click();
  await see(button('저장하기'));
  await kept.click();
  await gone(button('저장하기'));
});

await step('a slip with its time and trigger is four taps, in place', async () => {
  taps = 0;
  await tap(card('라면').getByText('먹었어요', { exact: true }));
  await tap(card('라면').getByRole('button', { name: '지금' }));
  await tap(card('라면').getByRole('button', { name: '피곤해서' }));
  await tap(button('저장하기'));
  await until(async () => (await review())?.slips.length === 1);
  assert.equal(taps, 4);
  assert.equal(new URL(page.url()).pathname, '/');
  const { slips } = await review();
  assert.match(slips[0].time, /^\d\d:\d\d$/);
  assert.deepEqual([slips[0].food_id, slips[0].trigger], [ramen, 'tired']);
  await seeText('기록했어요. 최고 10일과 지킨 날 10일은 그대로예요. 내일부터 다시 이어 가요.');
});

await step('the save is taken back, the slip with it', async () => {
  await undo();
  await until(async () => !(await review())?.slips.length);
  await until(async () => (await statusOf(ramen)) === 'open');
});

await step('without a time and a trigger a slip is two taps', async () => {
  await page.reload();
  await card('설탕').getByText('먹었어요', { exact: true }).click();
  await button('저장하기').click();
  await until(async () => (await statusOf(sugar)) === 'slipped');
});

await step('a slip is taken back where it shows, when it was asked', async () => {
  await send(page, 'PUT', `/api/reviews/${today}/slips/${crypto.randomUUID()}`, { food_id: ramen });
  await page.reload();
  const choice = (name) => card('라면').getByRole('radio', { name });
  for (const [word, status, outcome] of [
    ['지켰어요', '지킴', 'kept'],
    ['쉬어갈래요', '쉬어감', 'skipped'],
  ]) {
    await until(() => choice('먹었어요').isChecked());
    await card('라면').getByText(word, { exact: true }).click();
    await seeText('먹은 기록이 1번 있어요. 지울까요?');
    assert.ok(await choice('먹었어요').isChecked(), 'nothing has changed yet');
    await button(`지우고 ${status}으로 바꾸기`).click();
    await until(async () => (await statusOf(ramen)) === outcome);
    await undo();
    await until(async () => (await statusOf(ramen)) === 'slipped');
    await page.reload();
  }
});

const [tea] = await somebody('confirmed', [
  { name: '탄산음료', start_date: daysAgo(120), counting: 'confirm', goal_days: 100 },
]);

await step('where each day is confirmed, it is open until it is saved, and yesterday too', async () => {
  await see(card('탄산음료').getByText('아직', { exact: true }));
  assert.equal(await page.locator('article :checked').count(), 0);
  await see(page.getByText(/^어제\(.*아직이에요$/));
  const yesterday = page.locator('section').filter({ hasText: /^어제\(/ });
  await see(yesterday.getByRole('button', { name: '먹었어요' }));
  await card('탄산음료').getByText('지켰어요', { exact: true }).click();
  await see(card('탄산음료').getByText('아직', { exact: true }));
  await card('탄산음료').getByText('지켰어요', { exact: true }).click();
  await yesterday.getByRole('button', { name: '어제도 지켰어요' }).click();
  await seeText('어제도 지킨 날로 저장했어요.');
  await gone(yesterday);
});

await step('a clean day is one tap there', async () => {
  await button('오늘도 지켰어요').click();
  await until(async () => (await statusOf(tea)) === 'kept');
  await gone(card('탄산음료').getByText('아직', { exact: true }));
  await undo();
  await until(async () => (await statusOf(tea)) === 'open');
});

await step('after a slip one thing is said: no badge ahead, and a goal without what is left', async () => {
  for (let ago = 1; ago <= 106; ago += 1) {
    const foods = [{ food_id: tea, outcome: 'kept' }];
    await send(page, 'PUT', `/api/reviews/${daysAgo(ago)}`, { foods });
  }
  await send(page, 'PUT', `/api/reviews/${today}/slips/${crypto.randomUUID()}`, { food_id: tea });
  await page.reload();
  await seeText('기록했어요. 최고 106일과 지킨 날 106일은 그대로예요. 내일부터 다시 이어 가요.');
  const said = await card('탄산음료').innerText();
  assert.doesNotMatch(said, /배지까지|아직|연속/);
  await page.goto(`${base}/foods/${tea}`);
  await see(page.getByRole('heading', { name: '탄산음료' }));
  assert.doesNotMatch(await page.locator('main').innerText(), /까지 100일|배지까지/);
  await send(page, 'PATCH', `/api/foods/${tea}`, { archived: true });
  // So late that the browser's copy of Today is shown first, which still has the food.
  const late = (route) => setTimeout(() => void route.continue(), 1000);
  await page.route('**/api/streaks/today', late);
  await page.reload();
  await seeText(/보관했어요/);
  await page.unroute('**/api/streaks/today', late);
  assert.doesNotMatch(await page.locator('main').innerText(), /목표 100일 연속까지|배지까지/);
});

for (const [counting, word, status] of [
  ['assume', '먹음', 'slipped'],
  ['confirm', '1일 연속', 'kept'],
]) {
  await step(`eighteen foods fit three small screens, and a row does what a card does: ${counting}`, async () => {
    const [, , , , , sixth] = await somebody(
      counting,
      Array.from({ length: 18 }, (_, i) => ({
        name: `음식 ${i + 1}번`,
        start_date: daysAgo(i * 3 + 1),
        counting,
      })),
    );
    await page.setViewportSize({ width: 360, height: 800 });
    await see(card('음식 18번'));
    for (const [language, locale] of [['English', 'en'], ['한국어', 'ko']]) {
      await button(language).click();
      await page.locator(`html[lang=${locale}]`).waitFor();
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      assert.ok(height <= 3 * 800, `${height} px`);
    }
    const row = card('음식 6번');
    const { height: tall } = await row.boundingBox();
    assert.ok(tall < 50, `${tall} px`);
    assert.equal(await row.getByText('아직').count(), counting === 'confirm' ? 1 : 0);
    await row.locator('label').nth(status === 'kept' ? 0 : 1).click();
    await button('저장하기').click();
    await until(async () => (await statusOf(sixth)) === status);
    await see(row.getByText(word, { exact: true }).first());
    assert.equal(await row.getByText('아직').count(), 0);
    await page.setViewportSize({ width: 390, height: 844 });
  });
}

await step('the day of a badge has its moment, until it is put away', async () => {
  await somebody('badge', [{ name: '라면', icon: '🍜', start_date: daysAgo(30), goal_days: 30 }]);
  await addedLongAgo();
  await page.reload();
  await seeText('라면, 목표 30일을 이뤘어요 🎉');
  const bar = card('라면').getByRole('progressbar');
  assert.equal(await bar.evaluate((bar) => bar.value), 1);
  const moving = await page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0, 'nothing moves for who wants it quiet');
  await page.screenshot({ path: picture, fullPage: true });
});

await step('a card to share names only what was chosen, and is made here', async () => {
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await button('카드 만들기').click();
  const dialog = page.getByRole('dialog');
  await see(dialog.getByRole('img', { name: '30일 연속 지켰어요', exact: true }));
  const pixels = () => dialog.locator('canvas').evaluate((canvas) => canvas.toDataURL());
  const plain = await pixels();
  await dialog.getByLabel('음식 이름').check();
  await see(dialog.getByRole('img', { name: '30일 연속 지켰어요, 🍜 라면', exact: true }));
  assert.notEqual(await pixels(), plain);
  await dialog.getByLabel('음식 이름').uncheck();
  assert.equal(await pixels(), plain);
  const downloading = page.waitForEvent('download');
  await dialog.getByRole('button', { name: '공유하기' }).click();
  const download = await downloading;
  assert.equal(download.suggestedFilename(), 'hanip-30.png');
  const file = readFileSync(await download.path());
  assert.equal(file.subarray(1, 4).toString(), 'PNG');
  assert.deepEqual([file.readUInt32BE(16), file.readUInt32BE(20)], [1080, 1080]);
  const sent = asked.filter((url) => url.startsWith('http') && !url.includes('/assets/'));
  assert.deepEqual(sent, []);
  page.removeAllListeners('request');
  await dialog.getByRole('button', { name: '닫기' }).click();
});

await step('where the browser can share files, it is asked to', async () => {
  await page.evaluate(() => {
    navigator.canShare = () => true;
    navigator.share = async ({ files }) => void (window.shared = files[0].type);
  });
  await button('카드 만들기').click();
  await page.getByRole('dialog').getByRole('button', { name: '공유하기' }).click();
  await until(() => page.evaluate(() => window.shared === 'image/png'));
  await page.getByRole('dialog').getByRole('button', { name: '닫기' }).click();
});

await step('a moment that was put away stays away', async () => {
  const moment = page.getByRole('region', { name: '새 배지' });
  await moment.getByRole('button', { name: '닫기' }).click();
  await gone(moment);
  await page.reload();
  await see(card('라면'));
  await page.waitForLoadState('networkidle');
  assert.equal(await moment.count(), 0);
  await page.unroute('**/api/streaks/today');
});

await step('a suggested food comes with its picture and colour', async () => {
  await button('끊을 음식 추가').click();
  await page.getByRole('dialog').getByRole('button', { name: '커피', exact: true }).click();
  await see(card('커피'));
  const coffee = await until(async () =>
    (await read('/api/foods')).foods.find(({ name }) => name === '커피'),
  );
  assert.deepEqual([coffee.icon, coffee.color], ['☕', '#8a6242']);
});

await step('a typed name comes with them too, where it is one of the suggestions', async () => {
  await button('끊을 음식 추가').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('직접 적기').fill('초콜릿');
  await dialog.getByRole('button', { name: '시작하기' }).click();
  await see(card('초콜릿'));
  const food = await until(async () =>
    (await read('/api/foods')).foods.find(({ name }) => name === '초콜릿'),
  );
  assert.deepEqual([food.icon, food.color], ['🍫', '#8a6242']);
});

await step('a message does not lie on the button that it speaks of', async () => {
  await button('닫기').click();
  const more = button('끊을 음식 추가');
  await more.evaluate((button) => button.scrollIntoView({ block: 'end' }));
  await more.click();
  await page.getByRole('dialog').getByRole('button', { name: '빵', exact: true }).click();
  const toast = page.locator('.toast');
  await see(toast);
  await until(async () => {
    const [below, above] = [await toast.boundingBox(), await more.boundingBox()];
    return above.y + above.height <= below.y;
  });
});

await step('an icon is one picture', async () => {
  const [{ id }] = (await read('/api/foods')).foods;
  await page.goto(`${base}/foods/${id}/edit`);
  await page.getByLabel('그림', { exact: true }).fill('🇰🇷🍜AB');
  await page.getByLabel('이름').focus();
  assert.equal(await page.getByLabel('그림', { exact: true }).inputValue(), '🇰🇷');
});

/** The pixels that an icon covers, drawn in black. */
const inkOf = (icon) =>
  icon.evaluate(async (svg) => {
    const copy = svg.cloneNode(true);
    const { fill, strokeWidth, strokeLinecap } = getComputedStyle(svg);
    const look = { xmlns: 'http://www.w3.org/2000/svg', stroke: '#000', fill };
    Object.assign(look, { 'stroke-width': strokeWidth, 'stroke-linecap': strokeLinecap, width: 28, height: 28 });
    for (const [name, value] of Object.entries(look)) copy.setAttribute(name, value);
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(copy.outerHTML)}`;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: 28, height: 28 });
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, 28, 28);
    return Array.from({ length: 28 * 28 }, (_, i) => data[i * 4 + 3] > 100);
  });

await step('signs differ in shape and not in colour alone', async () => {
  await page.goto(base);
  const signs = card('커피').locator('label svg');
  await see(signs);
  const inks = [];
  for (let i = 0; i < 3; i += 1) inks.push(await inkOf(signs.nth(i)));
  for (const [one, other] of [
    [0, 1],
    [1, 2],
    [0, 2],
  ]) {
    const both = inks[one].filter((ink, i) => ink && inks[other][i]).length;
    const either = inks[one].filter((ink, i) => ink || inks[other][i]).length;
    assert.ok(either > 20 && both / either < 0.35, `${one} and ${other} share ${both} of ${either}`);
  }
});

/** The left and right edges of what is written in an element. */
const writtenIn = (locator) =>
  locator.first().evaluate((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const { left, right } = range.getBoundingClientRect();
    return { left, right };
  });

await step('where nothing is recorded yet, that is said on the left, below its heading', async () => {
  const [fresh] = await somebody('new', [{ name: '설탕', start_date: today }]);
  await page.goto(`${base}/foods/${fresh}`);
  for (const [title, said] of [
    ['배지', '하루를 지키면 첫 배지가 생겨요.'],
    ['먹은 때 돌아보기', '먹은 날이 아직 없어요.'],
    ['이어 온 기록', '하루를 지키면 여기에 쌓여요.'],
  ]) {
    await seeText(said);
    const heading = await writtenIn(page.getByRole('heading', { name: title, exact: true }));
    const text = await writtenIn(page.getByText(said, { exact: true }));
    assert.ok(Math.abs(text.left - heading.left) < 2, `${said}: ${text.left}, ${heading.left}`);
  }
});

await step('no label of a chart is cut off or lies on another', async () => {
  const [food] = await somebody('charts', [{ name: '라면', start_date: daysAgo(40) }]);
  for (const [i, time] of ['00:10', '06:30', '12:00', '18:20', '23:50'].entries()) {
    const path = `/api/reviews/${daysAgo(i + 1)}/slips/${crypto.randomUUID()}`;
    await send(page, 'PUT', path, { food_id: food, time, trigger: '아주 오래 걸린 회의와 야근 뒤에' });
  }
  for (const [width, language] of [
    [320, 'English'],
    [390, '한국어'],
    [1280, 'English'],
  ]) {
    await page.setViewportSize({ width, height: 844 });
    await page.goto(`${base}/foods/${food}`);
    await button(language).or(button('한국어')).or(button('English')).first().waitFor();
    if (await button(language).count()) await button(language).click();
    await see(page.locator('figure svg'));
    const faults = await page.evaluate(() => {
      const faults = [];
      for (const figure of document.querySelectorAll('figure')) {
        const card = figure.closest('section').getBoundingClientRect();
        const boxes = [...figure.querySelectorAll('text.label')]
          .filter((text) => text.textContent)
          .map((text) => [text.textContent, text.getBoundingClientRect()]);
        for (const [i, [name, box]] of boxes.entries()) {
          let clip = card;
          for (let at = figure.querySelector('svg'); at; at = at.parentElement) {
            if (getComputedStyle(at).overflow === 'visible') continue;
            clip = at.getBoundingClientRect();
            break;
          }
          if (box.left < clip.left - 0.5 || box.right > clip.right + 0.5) faults.push(`${name} is cut off`);
          if (box.bottom > clip.bottom + 0.5) faults.push(`${name} is cut off below`);
          if (i && box.left < boxes[i - 1][1].right) faults.push(`${name} lies on another`);
        }
      }
      return faults;
    });
    assert.deepEqual(faults, [], `${width} px, ${language}`);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  if (await button('한국어').count()) await button('한국어').click();
});

await step('settings are taken back where they were saved', async () => {
  await page.goto(`${base}/settings`);
  await page.getByLabel('하루가 시작되는 시각').selectOption('04:00');
  await button('저장하기').click();
  await until(async () => (await read('/api/auth/me')).day_start === '04:00');
  await undo();
  await until(async () => (await read('/api/auth/me')).day_start === '00:00');
});

await quiet();
const codes = await Promise.all(conflicts);
assert.deepEqual(codes.filter((code) => code !== 'other-account'), []);
await browser.close();
