// Looking back: how many taps a day, a start or a slip is away, and that the history keeps its place.
// Usage: node tests/browser/looking-back.mjs <base-url> <picture.png>
import assert from 'node:assert/strict';
import { daysAgo, given, handsOn, launch, online, phone, send, signIn, spoken, steps, until } from './page.mjs';
import { fill } from './sample.mjs';

const [base, picture] = given('base-url', 'picture.png');
const browser = await launch();
const expected = [
  ['401', '/api/streaks/today'], // nobody is signed in yet
  ['404', '/api/reviews/'], // nothing is recorded on the date
  ['ERR_', base], // without a network
];
const { context, page, complaints } = await phone(browser, { expected });
const { step, quiet } = steps(page, picture, complaints);
const { button, link, heading, see, seeText, read, stored, undo } = handsOn(page);

let taps = 0;
/** A tap on what is on the screen: nobody has to scroll for it. */
async function tap(locator) {
  taps += 1;
  await see(locator);
  const { y, height } = await locator.boundingBox();
  assert.ok(y >= 0 && y + height <= page.viewportSize().height, `${locator} is ${y} px down`);
  await locator.click();
}
/** Sees something without scrolling. */
async function find(locator) {
  await see(locator);
  const { y } = await locator.boundingBox();
  assert.ok(y >= 0 && y < page.viewportSize().height, `${locator} is ${y} px down`);
}
const inTaps = (most, what, run) =>
  step(`${what}: ${most} ${most === 1 ? 'tap' : 'taps'}`, async () => {
    taps = 0;
    await run();
    assert.equal(taps, most);
  });
const home = async () => {
  await page.goto(base);
  await see(heading('하루 기록').or(heading('무엇을 끊을까요?')));
};

await signIn(page, base, `돌아봄 ${Date.now()}`);
await inTaps(1, 'the first food', async () => {
  await tap(button('설탕'));
  await seeText('오늘이 1일째, 시작했어요');
});

await inTaps(0, 'a clean day, where silence counts as kept', async () => {
  await home();
  await seeText('지킨 날로 세고 있어요');
});

await inTaps(2, 'a slip', async () => {
  await tap(page.getByRole('article').getByText('먹었어요', { exact: true }));
  await tap(button('저장하기'));
  await stored(
    () => read('/api/streaks/today'),
    ({ foods }) => assert.equal(foods[0].streak.today, 'slipped'),
  );
});

await send(page, 'POST', '/api/foods', { name: '빵', start_date: daysAgo(20) });
await inTaps(4, 'a slip with its time and what set it off', async () => {
  await home();
  const bread = page.getByRole('article').filter({ hasText: '빵' });
  await bread.scrollIntoViewIfNeeded();
  await tap(bread.getByText('먹었어요', { exact: true }));
  await tap(bread.getByRole('button', { name: '지금', exact: true }));
  await tap(bread.getByRole('button', { name: '스트레스', exact: true }));
  await tap(button('저장하기'));
  await stored(
    () => read(`/api/reviews/${daysAgo(0)}`),
    ({ slips }) => {
      const [{ time, trigger }] = slips;
      assert.match(time, /^\d\d:\d\d$/);
      assert.equal(trigger, 'stress');
    },
  );
});

const { ramen, snack } = await fill(page);
const tuesday = Array.from({ length: 7 }, (_, i) => daysAgo(i + 1)).find(
  (date) => new Date(date).getUTCDay() === 2,
);

await inTaps(2, 'last Tuesday', async () => {
  await home();
  await tap(link('지난 기록'));
  await tap(link(`${spoken(tuesday)} 화요일`));
  await see(heading(`${spoken(tuesday)} 화요일`));
});

await inTaps(4, 'a food begun three months ago', async () => {
  await home();
  await button('끊을 음식 추가').scrollIntoViewIfNeeded();
  await tap(button('끊을 음식 추가'));
  const dialog = page.getByRole('dialog');
  await tap(dialog.getByText('전부터 끊고 있어요'));
  await tap(dialog.getByRole('button', { name: '석 달 전' }));
  await tap(dialog.getByRole('button', { name: '술', exact: true }));
  await button('끊을 음식 추가').click();
  assert.ok(await dialog.getByRole('radio', { name: '오늘부터' }).isChecked(), 'the next begins today');
  const [year, month, day] = daysAgo(0).split('-').map(Number);
  const months = year * 12 + month - 1 - 3;
  const last = new Date(Date.UTC(year, month - 3, 0)).getUTCDate();
  const begun = [Math.floor(months / 12), (months % 12) + 1, Math.min(day, last)]
    .map((part) => `${part}`.padStart(2, '0'))
    .join('-');
  await stored(
    () => read('/api/foods'),
    ({ foods }) => assert.equal(foods.find(({ name }) => name === '술')?.start_date, begun),
  );
});

await inTaps(1, 'when one was last eaten, with a link to the day', async () => {
  await home();
  await tap(page.getByRole('article').filter({ hasText: '라면' }).getByRole('link', { name: /라면/ }));
  await find(link(spoken(daysAgo(12))).first());
});
await step('and the link leads to the day', async () => {
  await link(spoken(daysAgo(12))).first().click();
  await see(page.getByRole('heading', { name: new RegExp(`^${spoken(daysAgo(12))} .요일$`) }));
  assert.equal(new URL(page.url()).pathname, `/days/${daysAgo(12)}`);
});

await inTaps(2, 'when each was last eaten', async () => {
  await home();
  await tap(link('지난 기록'));
  await tap(page.getByText('마지막으로 먹은 날'));
  await find(link(`야식, ${spoken(daysAgo(4))}`));
  await find(link(`라면, ${spoken(daysAgo(12))}`));
});

/** Where a cell of the calendar of all foods is. */
const cell = async (name, ago, width) => {
  const line = page.getByRole('row').filter({ hasText: name });
  const { x, y, height } = await line.locator('svg').boundingBox();
  const grid = await page.getByRole('grid').locator('..').boundingBox();
  const first = new URL(page.url()).searchParams.get('view') === 'year' ? -11 : 0;
  const [year, month] = daysAgo(0).split('-').map(Number);
  const from = new Date(Date.UTC(year, month - 1 + first, 1));
  const column = Math.round((Date.parse(daysAgo(ago)) - from) / 86_400_000);
  const at = { x: x + (column + 0.5) * width, y: y + height / 2 };
  assert.ok(at.x > grid.x && at.x < grid.x + grid.width, `${name}, ${ago} days ago, is at ${at.x}`);
  return at;
};
const letters = async () => {
  const { foods } = await read(`/api/streaks/calendar?from=${daysAgo(6)}&to=${daysAgo(1)}`);
  const { foods: known } = await read('/api/foods');
  return Object.fromEntries(foods.map(({ food_id, days }) => [known.find(({ id }) => id === food_id)?.name, days]));
};

await step('a year of all foods tells each day as the API does, without a colour', async () => {
  await page.goto(`${base}/history`);
  await link('모든 음식을 한눈에').click();
  await page.getByText('열두 달').click();
  await see(page.getByRole('grid'));
  const { foods } = await read(`/api/streaks/calendar?from=${daysAgo(300)}&to=${daysAgo(0)}`);
  const row = (name) => page.getByRole('row').filter({ hasText: name });
  const { days } = foods.find(({ food_id }) => food_id === ramen);
  const count = (letter) => days.split(letter).length - 1;
  await see(row('라면').getByText(`지킴 ${count('k')}일, 먹음 ${count('s')}일, 쉬어감 ${count('d')}일`));
  const shapes = await row('라면')
    .locator('path')
    .evaluateAll((paths) => paths.map((path) => [path.getAttribute('d'), getComputedStyle(path).strokeWidth]));
  const [[, low], [slipped, high]] = shapes;
  assert.equal(slipped.split('M').length - 1, count('s'), 'a mark a slip');
  assert.ok(parseFloat(high) > 2 * parseFloat(low), 'a slip is taller than a kept day');
  await see(page.getByText(`마지막으로 먹은 날`));
});

await step('a tap on a day opens it, and the way back leads to the same place', async () => {
  const { x, y } = await cell('라면', 12, 5);
  await page.mouse.click(x, y);
  await page.waitForURL(`**/days/${daysAgo(12)}`);
  await page.getByRole('main').getByRole('link', { name: '지난 기록' }).click();
  await page.waitForURL(/history\/all\?view=year/);
  await see(page.getByRole('link', { name: new RegExp(`^라면, ${spoken(daysAgo(12))}, 먹음`) }));
});

await step('where a finger taps a year its month is shown, whose days are wide enough for it', async () => {
  const other = await phone(browser, { hasTouch: true, storageState: await page.context().storageState() });
  await other.page.goto(`${base}/history/all?view=year`);
  const line = other.page.getByRole('row').filter({ hasText: '라면' });
  const [{ x, y, height, width }, view] = [
    await line.locator('svg').boundingBox(),
    await other.page.getByRole('grid').locator('..').boundingBox(),
  ];
  const [year, month] = daysAgo(0).split('-').map(Number);
  const days = (Date.parse(daysAgo(12)) - Date.UTC(year, month - 12, 1)) / 86_400_000;
  const at = x + (days + 0.5) * 5;
  assert.ok(at > view.x && at < view.x + view.width && width > view.width, `${at}`);
  await other.page.touchscreen.tap(at, y + height / 2);
  await other.page.waitForURL(/history\/all\?view=month/);
  const day = other.page.getByRole('link', { name: new RegExp(`^라면, ${spoken(daysAgo(12))}, 먹음`) });
  await see(day);
  assert.ok((await day.boundingBox()).width >= 24);
  await other.context.close();
});

await step('several days of several foods are marked by dragging, and taken back at once', async () => {
  const before = await letters();
  await page.goto(`${base}/history/all?view=year`);
  await see(page.getByRole('grid'));
  const [from, to] = [await cell('라면', 3, 5), await cell('탄산음료', 2, 5)];
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
  const rows = await page.locator('[role=row][aria-selected=true]').count();
  await seeText(`${2 * rows}칸 골랐어요.`);
  await button('쉬어갈래요').click();
  await seeText('쉬어감으로 바꿨어요.');
  await until(async () => {
    const now = await letters();
    return now['라면'].slice(3, 5) === 'dd' && now['탄산음료'].slice(3, 5) === 'dd';
  });
  await undo();
  await until(async () => JSON.stringify(await letters()) === JSON.stringify(before));
});

await step('a slip that was written down is not marked away', async () => {
  await page.goto(`${base}/history/all?view=year`);
  await see(page.getByRole('grid'));
  await button('여러 날 고르기').click();
  const { x, y } = await cell('라면', 12, 5);
  await page.mouse.click(x, y);
  await seeText('1칸 골랐어요.');
  await button('지켰어요').click();
  await seeText('먹은 때를 적어 둔 1칸은 그대로 두었어요.');
});

/** Drags from one cell of the year to another. */
async function drag(from, to) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
}

await step('what another device has recorded since is not marked over unseen', async () => {
  await page.goto(`${base}/history/all?view=year`);
  await see(page.getByRole('grid'));
  const { foods } = await read('/api/foods');
  const soda = foods.find(({ name }) => name === '탄산음료').id;
  const { difficulty, mood, note } = await read(`/api/reviews/${daysAgo(2)}`);
  const say = (outcome) =>
    send(page, 'PUT', `/api/reviews/${daysAgo(2)}`, { difficulty, mood, note, foods: [{ food_id: soda, outcome }] });
  await say('skipped');
  await drag(await cell('탄산음료', 3, 5), await cell('탄산음료', 2, 5));
  await seeText('2칸 골랐어요.');
  await button('먹었어요').click();
  await seeText('1칸을 먹음으로 바꿨어요. 그사이 다르게 기록된 1칸은 그대로 두었어요.');
  await until(async () => (await letters())['탄산음료'].slice(3, 5) === 'sd');
  await undo();
  await say('kept');
  await until(async () => (await letters())['탄산음료'].slice(3, 5) === 'kk');
});

await step('days marked without a network bring no questions where nobody else has changed them', async () => {
  const days = async () =>
    JSON.stringify(await read(`/api/streaks/calendar?from=${daysAgo(11)}&to=${daysAgo(5)}`));
  const confirmed = async () => (await read(`/api/streaks/${ramen}`)).confirmed_days;
  const [before, confirmedBefore] = [await days(), await confirmed()];
  await page.goto(`${base}/history/all?view=year`);
  await see(page.getByRole('grid'));
  const [from, to] = [await cell('라면', 11, 5), await cell('탄산음료', 5, 5)];
  await context.setOffline(true);
  await drag(from, to);
  await button('먹었어요').click();
  await seeText('먹음으로 바꿨어요.');
  await online(page);
  const line = JSON.parse(before).foods.find(({ food_id }) => food_id === ramen);
  const now = async () => JSON.parse(await days()).foods.find(({ food_id }) => food_id === ramen).days;
  await until(async () => (await now()) === 's'.repeat(line.days.length));
  assert.equal(await page.getByText('다른 기기에서 바뀐 기록').count(), 0);
  await undo();
  await until(async () => (await days()) === before);
  assert.ok((await confirmed()) >= confirmedBefore, 'no record is lost');
});

await step('a year of two hundred foods takes few elements', async () => {
  const few = await page.locator('main *').count();
  const { foods } = await read('/api/foods');
  for (let i = foods.length + 2; i < 200; i += 1) {
    await send(page, 'POST', '/api/foods', { name: `많은 음식 ${i}`, start_date: daysAgo(400) });
  }
  await page.reload();
  await see(page.getByRole('row').filter({ hasText: '많은 음식 150' }));
  const many = await page.locator('main *').count();
  assert.ok(many - few < 200 * 10, `${many} elements, ${few} before`);
  for (const { id, name } of (await read('/api/foods')).foods) {
    if (name.startsWith('많은 음식')) await send(page, 'DELETE', `/api/foods/${id}`);
  }
});

await step('it is said whether it gets better, and what slips have in common', async () => {
  const id = await page.evaluate(() => crypto.randomUUID());
  await send(page, 'POST', '/api/foods', { id, name: '치킨', start_date: daysAgo(200) });
  const fridays = Array.from({ length: 7 }, (_, i) => daysAgo(i + 60)).filter(
    (date) => new Date(date).getUTCDay() === 5,
  );
  const friday = Date.parse(fridays[0]);
  for (const ago of [120, 121]) await send(page, 'PUT', `/api/reviews/${daysAgo(ago)}`, { difficulty: 4 });
  for (let week = 0; week < 5; week += 1) {
    const date = new Date(friday - week * 7 * 86_400_000).toISOString().slice(0, 10);
    const slip = await page.evaluate(() => crypto.randomUUID());
    const about = { food_id: id, time: '23:10', trigger: 'with_people', craving: 7 };
    await send(page, 'PUT', `/api/reviews/${date}/slips/${slip}`, about);
    if (week === 3) {
      await page.goto(`${base}/foods/${id}`);
      await see(heading('나아지고 있나요?'));
      assert.equal(await page.getByText('번 중').count(), 0, 'of four slips nothing is said');
    }
  }
  await page.goto(`${base}/foods/${id}`);
  await seeText('금요일 밤, 사람들과 있다가: 5번 중 5번');
  await page.goto(`${base}/history/all?view=weeks`);
  await see(heading('나아지고 있나요?'));
  await seeText(/최근 4주 \d+(\.\d)?% · 그 앞 4주 \d+(\.\d)?%/);
  const { hard_days: hard } = await read(`/api/reviews/stats?from=${daysAgo(370)}&to=${daysAgo(0)}`);
  assert.ok(hard.days >= 5 && hard.passed > 0, 'there are hard days');
  await seeText(`힘들었던 날 ${hard.days}일 중 ${hard.passed}일은 먹지 않고 지나갔어요.`);
  await page.getByText('주마다 보기').click();
  const weeks = page.getByRole('table').getByRole('row');
  const { by_week } = await read(`/api/streaks/${id}/stats`);
  assert.ok((await weeks.count()) >= by_week.length, 'a row a week');
  await send(page, 'DELETE', `/api/foods/${id}`);
});

await step('a day with nothing recorded can be reached', async () => {
  const empty = daysAgo(6);
  await page.goto(`${base}/history`);
  await page.getByRole('link', { name: new RegExp(`^${spoken(empty)} .요일$`) }).click();
  await see(button('저장하기'));
  await page.goto(`${base}/history`);
  await page.getByLabel('날짜로 가기').fill(daysAgo(50));
  await button('열기').click();
  await page.waitForURL(`**/days/${daysAgo(50)}`);
  await see(button('저장하기'));
});

for (let days = 20; days < 80; days += 1) {
  await send(page, 'PUT', `/api/reviews/${daysAgo(days)}`, { note: `${days}일 전` });
}
const wayBack = page.getByRole('main').getByRole('link', { name: '지난 기록' });
const far = daysAgo(60);
const card = (date) => page.locator(`article[data-date="${date}"]`);
const inView = (date) =>
  until(async () => {
    const box = await card(date).boundingBox();
    return box && box.y > -box.height && box.y < page.viewportSize().height;
  });

for (const [way, back] of [
  ['the link back', () => wayBack.click()],
  ["the browser's button", () => page.goBack()],
]) {
  await step(`the history keeps its place after a change, by ${way}`, async () => {
    await page.goto(`${base}/history`);
    await see(page.getByRole('article'));
    await button('더 보기').click();
    await see(card(far));
    await card(far).getByRole('link', { name: /고치기$/ }).click();
    await page.getByLabel('메모', { exact: true }).fill(`바뀐 메모, ${way}`);
    await button('저장하기').click();
    await see(button('저장됨'));
    await back();
    await inView(far);
    await see(card(far).getByText(`바뀐 메모, ${way}`));
    assert.ok((await page.getByRole('article').count()) > 30, 'what was loaded is still there');
  });
}

await step('with a filter too', async () => {
  await page.goto(`${base}/history`);
  await page.getByLabel('메모와 계기에서 찾기').fill('산책');
  await seeText('1개 찾았어요');
  await page.getByRole('article').getByRole('link', { name: /고치기$/ }).click();
  await wayBack.click();
  await seeText('1개 찾았어요');
  assert.equal(await page.getByLabel('메모와 계기에서 찾기').inputValue(), '산책');
});

await step('a month is jumped to', async () => {
  await page.goto(`${base}/history`);
  const month = daysAgo(60).slice(0, 7);
  await page.getByLabel('달', { exact: true }).selectOption(month);
  await until(async () => {
    const first = await page.getByRole('article').first().getAttribute('data-date');
    return first.startsWith(month);
  });
});

await step('days on which all were kept are told in two words', async () => {
  const names = Array.from({ length: 16 }, (_, i) => `음식 ${i}`);
  for (const name of names) {
    await send(page, 'POST', '/api/foods', { name, start_date: daysAgo(3), counting: 'assume' });
  }
  await page.goto(`${base}/history`);
  const kept = card(daysAgo(2));
  await see(kept.getByText('모두 지킴'));
  assert.equal(await kept.getByText('음식 3').count(), 0);
  await send(page, 'PUT', `/api/reviews/${daysAgo(2)}/slips/${crypto.randomUUID()}`, { food_id: snack });
  await page.reload();
  await see(kept.getByText('나머지는 지킴'));
  await see(kept.getByText('야식 먹음'));
});

await step('without a network what was just shown is shown again, over a reload too', async () => {
  const away = page.getByText('연결이 없어서 마지막으로 본 모습이에요.');
  await page.evaluate(() => navigator.serviceWorker.ready);
  const pages = ['/history', `/foods/${ramen}`, `/days/${far}`];
  const texts = ['모두 지킴', '한눈에 보기', '하루는 어땠나요?'];
  for (const [i, path] of pages.entries()) {
    await page.goto(base + path);
    await seeText(texts[i]);
    await page.waitForLoadState('networkidle');
  }
  await context.setOffline(true);
  for (const [i, path] of pages.entries()) {
    await page.goto(base + path);
    await seeText(texts[i]);
    await see(away);
    assert.equal(await page.getByText('연결이 어려워요', { exact: false }).count(), 0, path);
  }
  await page.getByLabel('메모', { exact: true }).fill('연결 없이 적은 말');
  await button('저장하기').click();
  await seeText('연결되면 보낼게요 (1)');
  await online(page);
  await stored(
    () => read(`/api/reviews/${far}`),
    ({ note }) => assert.equal(note, '연결 없이 적은 말'),
  );
  await away.waitFor({ state: 'detached' });
});

await step('what is changed without a network is seen in the history and in the calendar', async () => {
  const { context, page } = await phone(browser);
  const { button, link, see, gone } = handsOn(page);
  await signIn(page, base, `섬 ${Date.now()}`);
  const start_date = daysAgo(9);
  const { id } = await send(page, 'POST', '/api/foods', { name: '라면', start_date });
  const date = daysAgo(0);
  await send(page, 'PUT', `/api/reviews/${date}`, { note: '옛 메모' });
  await page.evaluate(() => navigator.serviceWorker.ready);
  for (const path of [`/foods/${id}`, `/days/${date}`, '/history']) {
    await page.goto(base + path);
    await page.waitForLoadState('networkidle');
  }
  await see(page.getByText('옛 메모'));
  await context.setOffline(true);
  await page.getByRole('article').getByRole('link', { name: /고치기$/ }).click();
  await page.getByLabel('메모', { exact: true }).fill('새 메모');
  await page.getByText('먹었어요', { exact: true }).click();
  await button('저장하기').click();
  await see(page.getByText('연결되면 보낼게요 (1)'));
  await page.locator('a.back').click();
  const card = page.getByRole('article');
  await see(card.getByText('새 메모'));
  await see(card.getByText(/라면\s+먹음/));
  await gone(page.getByText('옛 메모'));
  await link('오늘').click();
  await card.getByRole('link', { name: '라면' }).click();
  await see(page.getByRole('link', { name: /\d일, 먹음$/ }));
  await online(page);
  await stored(
    () => send(page, 'GET', `/api/reviews/${date}`),
    ({ note }) => assert.equal(note, '새 메모'),
  );
  await see(page.getByRole('link', { name: /\d일, 먹음$/ }));
  await context.close();
});

await step('and nobody else sees it', async () => {
  await page.goto(`${base}/settings`);
  await button('로그아웃').click();
  await see(link('먼저 둘러보기'));
  assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage)), []);
});

await quiet();
await browser.close();
