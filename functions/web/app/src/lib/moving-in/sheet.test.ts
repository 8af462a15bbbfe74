import { describe, expect, it } from 'vitest';
import { accounted, dates, daysOf, leftOf, open } from './test-files';

describe('a table of dates and foods', () => {
  it('is read whatever way its dates are written', async () => {
    const written = [
      '2026-11-20',
      '2026/11/21',
      '2026. 11. 22.',
      '2026년 11월 23일',
      '20261124',
      '2026-11-25T09:00',
    ];
    const { app, habits } = await open(
      `날짜,설탕\n${written.map((date) => `${date},O`).join('\n')}`,
    );
    expect(app).toBe('sheet');
    expect(daysOf(habits[0])).toEqual(dates('2026-11-20', 6).map((date) => `${date} yes`));
  });

  it('asks which number is the month, only where the dates do not tell', async () => {
    const open2 = (rows: string, order: 'mdy' | 'dmy' = 'mdy') =>
      open(`Date,Sugar\n${rows}`, { order });
    const unclear = await open2('3/4/2026,x\n4/4/2026,x\n');
    expect(unclear.asks).toEqual(['order']);
    expect(daysOf(unclear.habits[0])).toEqual(['2026-03-04 yes', '2026-04-04 yes']);
    const chosen = await open2('3/4/2026,x\n4/4/2026,x\n', 'dmy');
    expect(daysOf(chosen.habits[0])).toEqual(['2026-04-03 yes', '2026-04-04 yes']);
    const clear = await open2('3/4/2026,x\n25/4/2026,x\n');
    expect(clear.asks).toEqual([]);
    expect(daysOf(clear.habits[0])).toEqual(['2026-04-03 yes', '2026-04-25 yes']);
    const dots = await open2('25.11.2026,x\n', 'mdy');
    expect(daysOf(dots.habits[0])).toEqual(['2026-11-25 yes']);
  });

  it('knows marks in two languages; an x is a mark unless there is an o', async () => {
    const { habits } = await open(
      'Date,A,B,C,D\n2026-11-20,x,X,지킴,✓\n2026-11-21,,O,먹음,✗\n2026-11-22,x,-,쉬어감,\n2026-11-23,no,,day off,???\n',
    );
    const [a, b, c, d] = habits;
    expect(daysOf(a)).toEqual(['2026-11-20 yes', '2026-11-22 yes', '2026-11-23 no']);
    expect(daysOf(b)).toEqual(['2026-11-20 no', '2026-11-21 yes']);
    expect(daysOf(c)).toEqual([
      '2026-11-20 kept',
      '2026-11-21 slipped',
      '2026-11-22 skipped',
      '2026-11-23 skipped',
    ]);
    expect(daysOf(d)).toEqual(['2026-11-20 yes', '2026-11-21 no']);
    expect(d!.left).toEqual([
      { why: 'empty', count: 1, examples: [] },
      { why: 'mark', count: 1, examples: ['???'] },
    ]);
  });

  it('takes numbers for amounts where they differ', async () => {
    const { habits } = await open(
      'Date;Coffee;Sugar\n2026-11-20;2;2\n2026-11-21;1,5;2\n2026-11-22;0;0\n',
    );
    expect(daysOf(habits[0])).toEqual(['2026-11-20 yes 2', '2026-11-21 yes 1,5', '2026-11-22 no']);
    expect(daysOf(habits[1])).toEqual(['2026-11-20 yes', '2026-11-21 yes', '2026-11-22 no']);
  });

  it('may have its dates along the top, or no header', async () => {
    const top = await open('음식,2026-11-20,2026-11-21\n라면,x,\n"빵, 단것",,x\n');
    expect(top.habits.map(({ name }) => name)).toEqual(['라면', '빵, 단것']);
    expect(daysOf(top.habits[1])).toEqual(['2026-11-21 yes']);
    const bare = await open('2026-11-20,x\n2026-11-21,x\n');
    expect(bare.habits.map(({ name, days }) => [name, days.size])).toEqual([['', 2]]);
  });

  it('may be in EUC-KR or UTF-16, as spreadsheets save it', async () => {
    // "설탕" in EUC-KR.
    const korean = new Uint8Array([0xbc, 0xb3, 0xc5, 0xc1]);
    const eucKr = await open(new Blob(['Date,', korean, '\n2026-11-20,x\n']));
    expect(eucKr.habits[0]!.name).toBe('설탕');
    const utf16 = new Uint16Array(
      Array.from('\ufeffDate\t설탕\n2026-11-20\tx\n', (c) => c.charCodeAt(0)),
    );
    expect((await open(new Blob([utf16]))).habits[0]!.name).toBe('설탕');
    expect((await open('\ufeffDate,설탕\r\n2026-11-20,x\r\n')).habits[0]!.name).toBe('설탕');
  });

  it('has names that are too long or not of one line mended, and tells of it', async () => {
    const { habits } = await open(`Date,"${'가'.repeat(60)}","a\nb\u202e\u0007"\n2026-11-20,x,x\n`);
    expect(habits.map(({ name }) => name)).toEqual(['가'.repeat(50), 'a b']);
    expect(leftOf(habits[0]!)).toEqual(['longName 1']);
  });

  it('lands or tells each cell of twenty years of ten foods', async () => {
    const days = dates('2006-11-28', 7_305);
    const cells = ['O', 'X', '', '3', '쉼', '???'];
    const rows = days.map(
      (date, i) => `${date},${Array.from({ length: 10 }, (_, j) => cells[(i + j) % 6]).join()}`,
    );
    const header = `Date,${Array.from({ length: 10 }, (_, i) => `음식 ${i}`).join()}`;
    const found = await open([header, ...rows].join('\n'));
    expect(accounted(found)).toBe(73_050);
    expect(daysOf(found.habits[0]).at(-1)).toMatch(/^2026-11-2\d /);
  });
});
