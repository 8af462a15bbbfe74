import type { ko } from '../ko/moving-in';
import { count, days } from '../plural';

export const en: typeof ko = {
  movingIn: {
    title: 'Move in from another app',
    lead: 'Pick the file you exported, and see what is in it first. It is read on this device alone, and only what you choose is sent.',
    file: 'File to move in',
    from: 'Files that can be read',
    apps: {
      loop: 'Loop Habit Tracker',
      beaver: 'Beaver Habit Tracker',
      habittrove: 'HabitTrove',
      grove: 'Grove',
      habitbull: 'HabitBull',
      tableHabit: 'Table Habit',
      habitica: 'Habitica',
      sheet: 'A table (CSV)',
    },
    files: {
      loop: 'the zip of “Export as CSV” (Loop Habits CSV date.zip)',
      beaver: 'its exported JSON or CSV',
      habittrove: 'habits.json, or a zip of its data folder',
      grove: 'its backup as JSON (Grove_backup_….json)',
      habitbull: 'its exported CSV',
      tableHabit: 'its exported JSON',
      habitica: 'history.csv',
      sheet:
        'a CSV with dates and foods as rows and columns. Its cells hold marks such as x, ✓, numbers, kept, slipped.',
    },
    never: {
      loop: 'Scores, questions, descriptions and reminders are left out, and so are the amounts of days kept.',
      beaver: 'Tags and how often a habit repeats are left out.',
      habittrove: 'Coins, rewards and descriptions are left out.',
      grove: 'The looks of the trees and their figures are left out.',
      habitbull: 'Descriptions and categories are left out, and so are the numbers of days kept.',
      tableHabit:
        'Scores, descriptions and reminders are left out, and so are the amounts of days kept.',
      habitica: 'This file only tells that something was done on a day. Its scores are left out.',
      sheet: 'The numbers of days kept are left out.',
    },
    reading: 'Reading the file',
    faults: {
      empty: 'This file is empty. Please export it again.',
      tooBig: 'This file is too big. Up to 64 MB can be read.',
      ours: 'This file was exported from Hanip. Please import it in Your data.',
      database:
        "A database file can't be read. In Loop, use “Export as CSV” and pick the zip that it makes.",
      brokenJson: 'This JSON breaks off or is damaged. Please export it again.',
      otherJson:
        'This JSON is of no app known here. Those of Beaver, HabitTrove, Grove and Table Habit can be read.',
      brokenZip: 'This zip breaks off or is damaged. Please export it again.',
      otherZip:
        'This zip has neither the Habits.csv of Loop nor the habits.json of HabitTrove. Please pick one that does.',
      otherText:
        'There are no dates in this table. A CSV needs dates like 2026-11-25 in its first column, and the names of foods in its first row.',
      binary: 'This file is no text. Please pick a CSV, JSON or zip.',
      noHabits: 'There is no habit in this file.',
    },
    found: (app, n) => `${app}: found ${n}`,
    choose: 'Choose what to move in. Each becomes a new food.',
    all: 'Choose all',
    none: 'Choose none',
    zone: 'In which time zone were these recorded?',
    zoneHint: 'The file has its times in UTC alone, so the dates depend on the time zone.',
    order: 'Which day is 3/4/2026?',
    orders: { mdy: 'March 4', dmy: 'April 3' },
    range: (from, to) => (from === to ? from : `${from} to ${to}`),
    days: (n) => `${days(n)} recorded`,
    noDays: 'Nothing is recorded. If you move it in, it starts today.',
    unnamed: 'Unnamed',
    nameBlank: 'Give it a name.',
    there: 'You have a food of this name. This becomes one more.',
    archived: 'It goes to your archived foods.',
    marks: 'A day marked as done',
    meanings: { kept: 'is a day kept', slipped: 'is a day with a slip' },
    no: (n) => `${count(n, 'day that is', 'days that are')} marked as not done`,
    nothing: 'record nothing',
    result: (kept, slipped, skipped) =>
      `${days(kept)} kept · ${slipped} slipped${skipped ? ` · ${days(skipped)} off` : ''}`,
    silentKept: (n) =>
      `${count(n, 'day without a record counts', 'days without a record count')} as kept, too.`,
    silentMissing: (n) => `${count(n, 'day stays', 'days stay')} without a record.`,
    left: 'Left out or cut',
    leftName: (name) => `Left out or cut of ${name}`,
    why: {
      empty: (n) => `${days(n)} without a mark`,
      future: (n) => `${days(n)} after today`,
      early: (n) => `${days(n)} before the year 2000`,
      date: (n) => `${count(n, 'entry', 'entries')} without a date that can be read`,
      mark: (n) => `${count(n, 'mark', 'marks')} of unknown meaning`,
      twice: (n) =>
        `${count(n, 'entry', 'entries')} for a date that has another: the later in the file is used`,
      bites: (n) => `${count(n, 'slip', 'slips')} beyond 50 on a day`,
      longNote: (n) =>
        `${count(n, 'note', 'notes')} of more than 500 characters: the first are taken`,
      longName: () => 'the name, of more than 50 characters: the first are taken',
      task: (n) => `${count(n, 'task', 'tasks')}, which are no habits`,
      deleted: (n) => `${count(n, 'habit', 'habits')} deleted in that app`,
    },
    import: (n) => `Import ${n}`,
    chooseSome: 'Please choose at least one.',
    done: (foods, records) =>
      `Imported ${count(foods, 'food', 'foods')} and ${count(records, 'day of records', 'days of records')}.`,
    doneTitle: 'What you imported',
    lostTitle: 'An import that broke off',
    lost: 'It was sent, but no answer came, so it may be here or not. Sent again, nothing comes twice.',
    sendAgain: 'Send again',
    undone: 'It is taken back. For 30 days, Your list can bring back the foods that were imported.',
    look: 'See them in History',
    way: 'Move in from another app',
    wayHint: 'Loop, Beaver, HabitTrove, Grove, HabitBull, Table Habit, CSV',
  },
};
