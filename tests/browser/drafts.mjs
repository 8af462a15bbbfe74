// What is typed and not saved yet is never lost, and never laid over what another device or tab has written.
// Usage: node tests/browser/drafts.mjs <base-url> <picture.png>
import assert from 'node:assert/strict';
import { daysAgo, given, handsOn, launch, phone, send, signIn, spoken, steps, until } from './page.mjs';

const [base, picture] = given('base-url', 'picture.png');
const browser = await launch();
const expected = [
  ['401', '/api/'], // the session has ended
  ['404', '/api/reviews/'], // nothing is recorded on the date yet
  ['412', '/api/reviews/'],
  ['404', '/api/foods/'], // it was deleted elsewhere
  ['404', '/api/streaks/'],
];
const { context, page, complaints } = await phone(browser, { expected });
const { page: other } = await phone(browser, { expected });
const { step, quiet } = steps(page, picture, complaints);
const { button, link, see, seeText, read, undo } = handsOn(page);

const today = daysAgo(0);
const past = daysAgo(7);
const me = `한입이 ${Date.now()}`;
const note = (on = page) => on.getByLabel('메모', { exact: true });
const menu = (name) => page.getByRole('navigation').getByRole('link', { name, exact: true });
const question = page.getByText('다른 기기에서 바뀐 기록이 있어요. 어느 쪽을 남길까요?');
const card = (name) => page.getByRole('article').filter({ hasText: name });
const holds = (field, text) => until(async () => (await field.inputValue()) === text);
const noteOf = async (date) => (await read(`/api/reviews/${date}`)).note;
const open = async (path) => {
  await page.goto(`${base}${path}`);
  await page.waitForLoadState('networkidle');
};

await step('a person is here with two foods, and there as well', async () => {
  await signIn(page, base, me);
  await see(button('라면'));
  for (const name of ['라면', '설탕']) {
    await send(page, 'POST', '/api/foods', { name, start_date: daysAgo(30) });
  }
  await page.reload();
  await see(card('설탕'));
  await signIn(other, base, me);
});

const skips = async () =>
  (await read('/api/reviews/skips')).skips.map(({ note }) => note).sort();
/** Sets one more range of days off. */
async function dayOff(date, why) {
  await page.getByLabel('첫날').fill(date);
  await page.getByLabel('마지막 날').fill(date);
  await note().fill(why);
  await button('저장하기').click();
  await until(async () => (await skips()).includes(why));
}

await step('a second range of days off is a new one, and undo takes back that one', async () => {
  await open('/settings/days-off');
  await dayOff(daysAgo(20), '제주');
  await dayOff(daysAgo(18), '부산');
  assert.deepEqual(await skips(), ['부산', '제주']);
  await undo();
  await until(async () => (await skips()).join() === '제주');
});

/** Each way in which somebody leaves a page and comes back to it. */
const ways = {
  'a reload': () => page.reload(),
  'the menu and back': async () => {
    await menu('설정').click();
    await page.waitForURL(`${base}/settings`);
    await page.goBack();
  },
  'the menu, and the page again': async (path) => {
    await menu('지난 기록').click();
    await page.waitForURL(`${base}/history`);
    await open(path);
  },
};
/** The forms: where they are, and a field with text. */
const forms = {
  Today: ['/', () => note()],
  'a past day': [`/days/${past}`, () => note()],
  'a new slip': [`/days/${past}/slip`, () => note()],
  'days off': ['/settings/days-off', () => note()],
};
for (const [form, [path, field]] of Object.entries(forms)) {
  await step(`${form} keeps its text over ${Object.keys(ways).join(', ')}`, async () => {
    await open(path);
    await field().fill(`적던 말 ${form}`);
    for (const leave of Object.values(ways)) {
      await leave(path);
      await holds(field(), `적던 말 ${form}`);
    }
    await field().fill('');
  });
}

await step('a food keeps its text, new or old', async () => {
  const { foods } = await read('/api/foods');
  await open(`/foods/${foods[0].id}/edit`);
  await page.getByLabel('내가 끊는 이유').fill('아침이 가벼워요');
  await page.reload();
  await holds(page.getByLabel('내가 끊는 이유'), '아침이 가벼워요');
  await page.getByLabel('내가 끊는 이유').fill('');
  await open('/');
  await button('끊을 음식 추가').click();
  await page.getByLabel('직접 적기').fill('밀크티');
  await page.reload();
  await button('끊을 음식 추가').click();
  await holds(page.getByLabel('직접 적기'), '밀크티');
  await page.getByLabel('직접 적기').fill('');
});

await step('settings keep what is chosen, and leave what another device has changed', async () => {
  const me = () => read('/api/auth/me');
  const name = page.getByLabel('이름', { exact: true });
  await open('/settings');
  await name.fill('새 이름');
  await page.reload();
  await holds(name, '새 이름');
  await menu('지난 기록').click();
  await page.waitForURL(`${base}/history`);
  await page.goBack();
  await holds(name, '새 이름');
  await send(other, 'PATCH', '/api/auth/me', { day_start: '03:00' });
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await page.reload();
  await until(
    async () => (await page.getByLabel('하루가 시작되는 시각').inputValue()) === '03:00',
  );
  await button('저장하기').click();
  await until(async () => (await me()).display_name === '새 이름');
  assert.equal((await me()).day_start, '03:00');
  await send(other, 'PATCH', '/api/auth/me', { day_start: '00:00' });
});

await step('settings that two devices change are asked about', async () => {
  const name = page.getByLabel('이름', { exact: true });
  await open('/settings');
  await name.fill('여기 이름');
  await send(other, 'PATCH', '/api/auth/me', { display_name: '저기 이름' });
  await page.reload();
  await see(question);
  await button('다른 기기 기록 남기기').click();
  await holds(name, '저기 이름');
});

await step('days off that are deleted elsewhere can be saved again with what was typed', async () => {
  const { foods } = await read('/api/foods');
  const id = crypto.randomUUID();
  const range = { from: daysAgo(5), to: daysAgo(4), food_ids: [foods[0].id], note: '여수' };
  await send(page, 'PUT', `/api/reviews/skips/${id}`, range);
  await open('/settings/days-off');
  await page.getByRole('button', { name: /고치기$/ }).first().click();
  await holds(note(), '여수');
  await note().fill('여수와 순천');
  await send(other, 'DELETE', `/api/reviews/skips/${id}`);
  await page.reload();
  await seeText('다른 곳에서 지운 기록이에요. 저장하면 적던 내용으로 다시 저장돼요.');
  await holds(note(), '여수와 순천');
  assert.ok(await button('저장하기').isDisabled(), 'which days it had is not known any more');
  await dayOff(daysAgo(5), '여수와 순천');
  await undo();
  await until(async () => !(await skips()).includes('여수와 순천'));
});

await step('a food deleted elsewhere shows what was typed, and goes on when it is brought back', async () => {
  const { id } = await send(page, 'POST', '/api/foods', { name: '빵', start_date: daysAgo(3) });
  await open(`/foods/${id}/edit`);
  const why = page.getByLabel('내가 끊는 이유');
  await why.fill('속이 편해요');
  await send(other, 'DELETE', `/api/foods/${id}`);
  await button('저장하기').click();
  await seeText('다른 곳에서 지운 음식이에요. 되살리면 적던 내용을 이어서 쓸 수 있어요.');
  await seeText('속이 편해요');
  await button('되살리고 이어 쓰기').click();
  await holds(why, '속이 편해요');
  await button('저장하기').click();
  await until(async () => (await read(`/api/foods/${id}`)).motivation === '속이 편해요');
  await send(page, 'DELETE', `/api/foods/${id}`);
});

await step('a past day keeps its text over its own links', async () => {
  await open(`/days/${past}`);
  await note().fill('비가 왔다');
  await page.getByRole('link', { name: '먹은 기록 적기: 라면' }).click();
  await link('돌아가기').click();
  await holds(note(), '비가 왔다');
  await link('전날').click();
  await page.waitForURL(`${base}/days/${daysAgo(8)}`);
  await holds(note(), '');
  await link('다음 날').click();
  await holds(note(), '비가 왔다');
});

const keptDrafts = () =>
  page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('hanip.draft/')));

await step('a draft that equals what is stored is none', async () => {
  await note().fill('');
  await until(async () => (await keptDrafts()).length === 0);
  assert.ok(await button('저장하기').isDisabled());
});

await step('an ended session takes nothing: the past day comes back with its text', async () => {
  await note().fill('그대로 있어요');
  const { sessions } = await read('/api/auth/sessions');
  for (const { id, current } of sessions) {
    if (current) await send(other, 'DELETE', `/api/auth/sessions/${id}`);
  }
  await page.reload();
  await seeText('다시 로그인해 주세요.');
  await link('이 컴퓨터에서 시작하기').click();
  await page.locator('input[name=name]').fill(me);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${base}/days/${past}`);
  await holds(note(), '그대로 있어요');
  await button('저장하기').click();
  await until(async () => (await noteOf(past).catch(() => null)) === '그대로 있어요');
});

/** Types on this device, and stores something else on the other meanwhile. */
async function disagree(path, date, mine, theirs) {
  await open(path);
  await note().fill(mine);
  await send(other, 'PUT', `/api/reviews/${date}`, { note: theirs });
  await page.reload();
  await see(question);
}

await step('where another device has written too, it is asked, and what differs is marked', async () => {
  await disagree('/', today, '점심에 국수', '점심에 밥');
  await holds(note(), '점심에 국수');
  const marked = await page.locator('mark').allInnerTexts();
  assert.deepEqual(marked, ['국수', '밥']);
  assert.equal(await noteOf(today), '점심에 밥');
  await button('다른 기기 기록 남기기').click();
  await holds(note(), '점심에 밥');
});

await step('on a past day too, and mine is stored when I say so', async () => {
  await disagree(`/days/${past}`, past, '나는 이렇게', '저쪽은 저렇게');
  await button('이 기록 남기기').click();
  await question.waitFor({ state: 'detached' });
  await button('저장하기').click();
  await until(async () => (await noteOf(past)) === '나는 이렇게');
});

await step('a second tab does not overwrite the text of the first', async () => {
  await open('/');
  const tab = await context.newPage();
  await tab.goto(base);
  await tab.waitForLoadState('networkidle');
  await note().fill('첫째 창');
  await note(tab).fill('둘째 창');
  assert.equal(await note().inputValue(), '첫째 창');
  await tab.getByRole('button', { name: '저장하기', exact: true }).click();
  await until(async () => (await noteOf(today)) === '둘째 창');
  await see(question);
  await holds(note(), '첫째 창');
  await tab.close();
  await page.reload();
  await see(question);
  await button('이 기록 남기기').click();
  await button('저장하기').click();
  await until(async () => (await noteOf(today)) === '첫째 창');
});

await step('a new tab goes on with what a closed one left', async () => {
  const tab = await context.newPage();
  await tab.goto(base);
  await tab.waitForLoadState('networkidle');
  await note(tab).fill('닫힌 창의 글');
  await tab.close();
  const next = await context.newPage();
  await next.goto(base);
  await holds(note(next), '닫힌 창의 글');
  await note(next).fill('첫째 창');
  await next.close();
});

await step('a food that two devices change is asked about, field by field', async () => {
  const [food] = (await read('/api/foods')).foods;
  await open(`/foods/${food.id}/edit`);
  await page.getByLabel('이름').fill('내 이름');
  await send(other, 'PATCH', `/api/foods/${food.id}`, { name: '저쪽 이름', motivation: '저쪽 이유' });
  await button('저장하기').click();
  await see(question);
  assert.equal((await read(`/api/foods/${food.id}`)).name, '저쪽 이름');
  await button('이 기록 남기기').click();
  await until(async () => (await read(`/api/foods/${food.id}`)).name === '내 이름');
  assert.equal((await read(`/api/foods/${food.id}`)).motivation, '저쪽 이유');
});

await step('nobody else sees a draft, and signing out warns of it and wipes it', async () => {
  await open(`/days/${past}`);
  await note().fill('내 것');
  await menu('설정').click();
  await button('로그아웃').click();
  await seeText('적다가 저장하지 않은 내용이 있어요. 로그아웃하면 이 기기에서 사라져요.');
  await button('그래도 로그아웃').click();
  await see(link('이 컴퓨터에서 시작하기'));
  assert.deepEqual(await keptDrafts(), []);
});

await step('a slip is taken back where it shows, and only when it was asked', async () => {
  await signIn(page, base, me);
  const [{ id, name }] = (await read('/api/foods')).foods;
  const slip = crypto.randomUUID();
  await send(page, 'PUT', `/api/reviews/${past}`, { foods: [{ food_id: id, outcome: 'kept' }] });
  await send(page, 'PUT', `/api/reviews/${past}/slips/${slip}`, { food_id: id });
  await open('/history');
  const day = page.getByRole('article').filter({ hasText: spoken(past).replace(/^\d+년 /, '') });
  await see(day.getByText(new RegExp(`${name}\\s+먹음`)));
  await open(`/days/${past}`);
  const choice = page.getByRole('group', { name, exact: true });
  assert.ok(await choice.getByRole('radio', { name: '먹었어요' }).isChecked());
  await choice.getByText('지켰어요', { exact: true }).click();
  await seeText('먹은 기록이 1번 있어요. 지울까요?');
  assert.ok(await choice.getByRole('radio', { name: '먹었어요' }).isChecked());
  await button('그대로 두기').click();
  await choice.getByText('지켰어요', { exact: true }).click();
  await button('지우고 지킴으로 바꾸기').click();
  const review = () => read(`/api/reviews/${past}`);
  await until(async () => (await review()).slips.length === 0);
  await undo();
  await until(async () => (await review()).slips.length === 1);
});

await quiet();
await browser.close();
