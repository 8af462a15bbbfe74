import type { ko } from './more.ko';

const plural = new Intl.PluralRules('en');
const count = (n: number, one: string, other: string) =>
  `${n} ${plural.select(n) === 'one' ? one : other}`;
const days = (n: number) => count(n, 'day', 'days');
const times = (n: number) => (n === 1 ? 'once' : n === 2 ? 'twice' : `${n} times`);
/** 13 is "1 pm". */
const hourOf = (hour: number) => `${hour % 12 || 12} ${hour < 12 ? 'am' : 'pm'}`;

export const en: typeof ko = {
  name: 'Name',
  date: 'Date',
  note: 'Note',
  cancel: 'Cancel',
  edit: 'Edit',
  remove: 'Remove',
  more: 'Show more',
  optional: 'Everything here is optional.',

  food: {
    archivedOn: (date) => `Archived on ${date}`,
    archivedHint: 'Its records are all there, and can be edited up to that day.',
    manage: 'This one',
    edit: 'Edit name, start and reasons',
    addSlip: 'Note a slip',
    archive: 'Archive',
    archived: (name) => `Archived ${name}.`,
    unarchive: 'Bring back',
    unarchived: (name) => `${name} is back.`,
    gap: (from, to) => `What about the time it was archived (${from} to ${to})?`,
    gapOne: (date) => `What about the day it was archived (${date})?`,
    gapSkip: 'Make it days off',
    gapSkipHint: 'Adds nothing, breaks nothing.',
    gapCount: 'Count it as usual',
    gapCountHint: 'As kept if you only log slips, as nothing recorded if you confirm each day.',
    gapNote: 'While it was archived',
    goal: (goal, left) => `${days(left)} to your goal of ${goal}`,
    goalReached: (goal, date) => `You reached your goal of ${days(goal)} on ${date}`,
    why: 'Why I quit',
  },

  stats: {
    figures: 'At a glance',
    rate: 'Share of days kept',
    lately: 'Lately',
    rate30: (kept, counted) =>
      counted === 30
        ? `${kept} of the last 30`
        : `${kept} of ${counted} counted in the last 30 days`,
    saved: 'Money saved',
    kept: 'Days kept',
    confirmed: 'Confirmed by you',
    skipped: 'Days off',
    slipped: 'Days with a slip',
    lastSlip: 'Last slip',
    slips: 'When slips happen',
    noSlips: 'No slips so far.',
    weekday: 'By weekday',
    hour: 'By hour',
    hourOf,
    triggers: 'What set it off',
    withoutTime: (n) => `Not counting ${count(n, 'slip', 'slips')} without a time.`,
    runs: 'Days in a row',
    noRuns: 'Keep one day and it shows up here.',
    run: (from, to) => (from === to ? from : `${from} to ${to}`),
    runDays: days,
    going: 'still going',
    moreRuns: (n) => `Show ${n} more`,
    times,
  },

  triggers: {
    stress: 'Stress',
    tired: 'Tired',
    bored: 'Bored',
    hungry: 'Hungry',
    with_people: 'With people',
    habit: 'Habit',
    saw_it: 'Saw it',
    celebration: 'Celebration',
  },
};
