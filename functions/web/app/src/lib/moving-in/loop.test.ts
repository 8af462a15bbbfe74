import { describe, expect, it } from 'vitest';
import { accounted, dates, daysOf, leftOf, open, sample, zip } from './test-files';

const HEADER =
  'Position,Name,Type,Question,Description,FrequencyNumerator,FrequencyDenominator,Color,Unit,Target Type,Target Value,Archived?\n';

describe('the zip of Loop', () => {
  it('gives its habits, joined to their days by number', async () => {
    const { app, habits, left } = await open(sample('Loop Habits CSV 2026-11-26.zip'));
    expect([app, left]).toEqual(['loop', []]);
    expect(habits.map(({ name }) => name)).toEqual(['No sugar', '라면 안 먹기', 'Cola, cans']);
    expect(habits.map(({ color }) => color)).toEqual(['#d32f2f', '#00897b', '#1976d2']);
    expect(habits.map(({ archived }) => archived)).toEqual([false, false, true]);
    const [sugar, ramen, cola] = habits;
    expect(daysOf(sugar)).toEqual([
      '2026-11-22 auto',
      '2026-11-23 skipped',
      '2026-11-24 no “birthday cake, two pieces”',
      '2026-11-25 yes',
    ]);
    expect(daysOf(ramen)).toEqual(['2026-11-25 yes “😀 잘 참음”']);
    expect(leftOf(ramen!)).toEqual(['empty 1']);
    expect(daysOf(cola)).toEqual(['2026-11-24 yes “party” 2 cans', '2026-11-25 no']);
  });

  it('says what a mark most likely means', async () => {
    const { habits } = await open(sample('Loop Habits CSV 2026-11-26.zip'));
    expect(habits.map(({ marks }) => marks)).toEqual(['kept', 'kept', 'slipped']);
    expect(habits.map(({ no }) => no)).toEqual(['other', 'other', 'other']);
  });

  it('is read in its older form too: numbers, no notes, no header', async () => {
    const { habits } = await open(
      zip({
        'Habits.csv':
          'Name,Description,NumRepetitions,Interval,Color\n"Sugar, ""white""","a\nb",1,1,#AB47BC\n라면,,1,1,#AB47BC\n',
        '001 Sugar white/Checkmarks.csv': '2015-01-25,2\n2015-01-24,1\n2015-01-23,0\n',
        '002/Checkmarks.csv': 'Date,Value\n2015-01-25,3\n2015-01-24,-1\n2015-01-23,7\n',
      }),
    );
    expect(habits.map(({ name }) => name)).toEqual(['Sugar, "white"', '라면']);
    expect(daysOf(habits[0])).toEqual(['2015-01-23 no', '2015-01-24 auto', '2015-01-25 yes']);
    expect(habits[0]!.no, 'a day without a mark was 0 as well').toBe('nothing');
    expect(daysOf(habits[1])).toEqual(['2015-01-25 skipped']);
    expect(leftOf(habits[1]!)).toEqual(['empty 1', 'mark 1']);
  });

  it('counts in thousandths, up to a target or down to it', async () => {
    const { habits } = await open(
      zip({
        'Habits.csv': `${HEADER}001,Water,NUMERICAL,,,1,1,#1976D2,l,AT_LEAST,1.5,false\n002,Beer,NUMERICAL,,,1,1,#1976D2,,AT_MOST,2.0,false\n`,
        '001 Water/Checkmarks.csv':
          'Date,Value,Notes\n2026-11-25,1500,\n2026-11-24,1400,\n2026-11-23,NO,\n',
        '002 Beer/Checkmarks.csv':
          'Date,Value,Notes\n2026-11-25,2000,\n2026-11-24,2500,\n2026-11-23,SKIP,\n2026-11-22,UNKNOWN,\n2026-11-21,lots,\n',
      }),
    );
    expect(daysOf(habits[0])).toEqual(['2026-11-23 no', '2026-11-24 no', '2026-11-25 yes 1.5 l']);
    expect(daysOf(habits[1])).toEqual([
      '2026-11-23 skipped',
      '2026-11-24 yes 2.5',
      '2026-11-25 no',
    ]);
    expect(leftOf(habits[1]!)).toEqual(['empty 1', 'mark 1']);
  });

  it('keeps line breaks, commas and quotes in names and notes', async () => {
    const { habits } = await open(
      zip({
        'export/Habits.csv': `${HEADER}001,"A\n""b"", c",YES_NO,,,1,1,#1976D2,,,,false\n`,
        'export/001 A b c/Checkmarks.csv':
          'Date,Value,Notes\n2026-11-25,NO,"one, ""two""\nthree; four"\n',
      }),
    );
    expect(habits[0]!.name).toBe('A "b", c');
    expect(daysOf(habits[0])).toEqual(['2026-11-25 no “one, "two"\nthree; four”']);
  });

  it('gives the days of a folder that the list lacks, and a habit without days', async () => {
    const { habits } = await open(
      zip({
        'Habits.csv': `${HEADER}001,Tea,YES_NO,,,1,1,#1976D2,,,,false\n`,
        '007 Cake/Checkmarks.csv': 'Date,Value,Notes\n2026-11-25,YES_MANUAL,\n',
      }),
    );
    expect(habits.map(({ name, days }) => [name, days.size])).toEqual([
      ['Tea', 0],
      ['Cake', 1],
    ]);
  });

  it('lands or tells each day of fourteen years', async () => {
    const days = dates('2012-12-01', 5_110);
    const value = (i: number) => ['YES_MANUAL', 'NO', 'SKIP', 'UNKNOWN', 'YES_AUTO'][i % 5];
    const rows = days.map((date, i) => `${date},${value(i)},`).reverse();
    const found = await open(
      zip({
        'Habits.csv': `${HEADER}001,설탕,YES_NO,,,1,1,#1976D2,,,,false\n`,
        '001/Checkmarks.csv': `Date,Value,Notes\n${rows.join('\n')}\n`,
      }),
    );
    expect(accounted(found)).toBe(5_110);
    expect(leftOf(found.habits[0]!)).toEqual(['empty 1022']);
  });
});
