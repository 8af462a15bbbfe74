/** What is found in a file of another app, before the person has said what it means. */

export type App =
  'loop' | 'beaver' | 'habittrove' | 'grove' | 'habitbull' | 'tableHabit' | 'habitica' | 'sheet';

/**
 * What a day was there. Whether `yes` is a day kept or a slip, and so its opposite `no`, the person
 * says. `auto` is a day that the app filled in by itself.
 */
export type State = 'yes' | 'no' | 'auto' | 'kept' | 'slipped' | 'skipped';

/** What a `yes` means. */
export type Meaning = 'kept' | 'slipped';
/** Whether a `no` is the opposite of a `yes`, or says nothing. */
export type Opposite = 'other' | 'nothing';

export interface Bite {
  /** `HH:MM` */
  time?: string;
  amount?: string;
  note?: string;
}

export interface Day {
  state: State | null;
  note: string | null;
  /** The slips of the day, if it is one with slips. */
  bites: Bite[];
}

/** Why something of the file is not taken, or not as it is there. */
export type Why =
  | 'empty'
  | 'future'
  | 'early'
  | 'date'
  | 'mark'
  | 'twice'
  | 'bites'
  | 'longNote'
  | 'longName'
  | 'task'
  | 'deleted';

export interface Left {
  why: Why;
  count: number;
  /** At most three of them, as the file has them. */
  examples: string[];
}

export interface Habit {
  name: string;
  /** `#rrggbb` */
  color: string | null;
  archived: boolean;
  /** Where the app knows it; the days may begin earlier. */
  start: string | null;
  marks: Meaning;
  no: Opposite;
  /** By date, ascending. */
  days: Map<string, Day>;
  left: Left[];
}

export interface Found {
  app: App;
  habits: Habit[];
  /** What belongs to none of the habits. */
  left: Left[];
  /** What the file leaves open, and the person has to say: then it is read again. */
  asks: ('zone' | 'order')[];
}

/** Which number of 3/4/2026 is the month. */
export type Order = 'mdy' | 'dmy';

export interface Options {
  /** The person's date: days after it are not taken. */
  today: string;
  /** The time zone of instants. */
  zone: string;
  /** When the person's day begins, `HH:MM`. */
  dayStart: string;
  order: Order;
}

export type Fault =
  | 'empty'
  | 'tooBig'
  | 'ours'
  | 'database'
  | 'brokenJson'
  | 'otherJson'
  | 'brokenZip'
  | 'otherZip'
  | 'otherText'
  | 'binary'
  | 'noHabits';

/** The file is none that can be read. */
export class NotUnderstood extends Error {
  constructor(readonly fault: Fault) {
    super(fault);
  }
}
