import type { ko } from '../ko/first';
import { days, plural } from '../plural';

export const en: typeof ko = {
  app: {
    name: 'Hanip',
    otherLanguage: '한국어',
    otherAccount: 'Another account is signed in here.',
    loading: 'Loading',
    notFound: 'There is no such page.',
  },
  nav: {
    home: 'Today',
    history: 'History',
    sos: 'I want some now',
    settings: 'Settings',
    pages: 'Pages',
    back: 'Back to today',
  },
  action: {
    close: 'Close',
    save: 'Save',
    undo: 'Undo',
    retry: 'Try again',
    back: 'Back',
    cancel: 'Cancel',
    change: 'Edit',
    remove: 'Remove',
    more: 'Show more',
  },
  outbox: {
    sending: 'Sending',
    saved: 'Saved',
    waiting: (n) => `Will send when you're back online (${n})`,
    fragile: "This browser can't keep what you write. Leave this page open until it is sent.",
    away: 'No connection. This is how it looked last time.',
  },
  trouble: {
    unavailable: "Can't reach it right now. Trying again shortly.",
    tryLater: "Can't reach it right now. Please try again in a moment.",
    broken: 'Something unexpected happened. Please try again.',
  },

  signIn: {
    lead: 'Pick what you want to quit, and every day you stick to it is counted.',
    points: [
      'You only log slips',
      "A day's review takes ten seconds",
      'A slip never takes your kept days away',
    ],
    with: (provider) => `Continue with ${provider}`,
    local: 'Start on this computer',
    noCookies: 'This browser blocks cookies. Please allow them to sign in.',
    again: 'Please sign in again. What you wrote is still here.',
    preview: 'Look around first',
    none: 'There is no way to sign in yet.',
    problems: {
      'sign-in-expired': "That sign-in didn't reach its end. Please start again in this browser.",
      'sign-in-refused': 'You cancelled the sign-in. You can start again any time.',
      'sign-in-failed': "Sign-in didn't work. If it keeps happening, tell whoever runs this.",
      'too-many-attempts': 'That was a lot of sign-ins at once. Please try again in a few minutes.',
    },
  },

  add: {
    title: 'What are you quitting?',
    hint: 'One tap, and it starts counting.',
    more: 'Quit something else',
    suggestions: [
      'Sugar',
      'Ramen',
      'Soda',
      'Chips',
      'Coffee',
      'Late-night snacks',
      'Alcohol',
      'Chocolate',
      'Fried food',
      'Bread',
      'Fast food',
      'Ice cream',
    ],
    start: 'Starting when?',
    fromToday: 'From today',
    fromPast: 'I already quit',
    startDate: 'Start date',
    dateMissing: 'Pick the start date.',
    name: 'Something else',
    placeholder: 'e.g. milk tea',
    submit: 'Start',
    added: (name) => `Started counting: ${name}.`,
  },

  status: {
    kept: 'kept',
    slipped: 'slipped',
    skipped: 'day off',
    open: 'not yet',
    missing: 'nothing recorded',
  },
  outcome: { kept: 'I kept it', slipped: 'I had some', skipped: 'Take a day off' },

  streak: {
    dayNumber: (n) => `day ${n} since you started`,
    current: (n) => ({
      number: `${n}`,
      rest: plural.select(n) === 'one' ? ' day in a row' : ' days in a row',
    }),
    inARow: (n) => `${n} in a row`,
    firstDay: "Day 1. You've started.",
    best: (n) => `best ${n}`,
    kept: (n) => `${days(n)} kept`,
    days,
    next: (badge, left) => `${days(left)} to the ${badge}-day badge`,
    nextToday: (badge) => `Keep today and it's ${days(badge)}`,
    slipped: (best, kept) =>
      best + kept === 0
        ? 'Noted. Carry on tomorrow.'
        : `Noted. Your best of ${best} and ${days(kept)} kept stay yours. Carry on tomorrow.`,
    again: 'Carry on from today',
    waiting: (n) => `${days(n)} in a row once you confirm yesterday`,
    unsent: 'Counted again once it is sent',
    later: (date) => `Counts from ${date}`,
  },

  review: {
    counting: 'Counting as kept',
    notYet: 'Not yet',
    keepAll: (n) => (n > 1 ? 'Kept all' : 'Kept today'),
    saved: 'Saved.',
    skippedHint: 'Adds nothing, breaks nothing.',
    title: "The day's review",
    question: (name) => `${name}: how did today go?`,
    difficulty: 'How was today?',
    faces: ['easy', 'fine', 'so-so', 'hard', 'very hard'],
    optional: 'Only if you like',
    note: 'Note',
    notePlaceholder: 'Anything you want to remember?',
  },

  account: {
    summary: (zone, time) => `${zone} · the day starts at ${time}`,
  },
};
