/** Collects the days of one habit, and counts what can't be taken: each day lands, or is told of. */
import type { Bite, Day, Habit, Left, Options, State, Why } from './found';
import { clean, cleanLine, isVisible } from './text';

const FIRST = '2000-01-01';
/** How many slips a food can have on a date. */
const MOST_BITES = 50;
const MOST_EXAMPLES = 3;

export class LeftOut {
  #left = new Map<Why, Left>();

  add(why: Why, example?: string) {
    const left = this.#left.get(why) ?? { why, count: 0, examples: [] };
    this.#left.set(why, left);
    left.count += 1;
    const shown = cleanLine(example ?? '', 24).text;
    if (shown && left.examples.length < MOST_EXAMPLES && !left.examples.includes(shown)) {
      left.examples.push(shown);
    }
  }

  all = () => [...this.#left.values()];
}

type About = Pick<Habit, 'name'> &
  Partial<Pick<Habit, 'color' | 'archived' | 'start' | 'marks' | 'no'>>;

export class HabitReader {
  left = new LeftOut();
  #days = new Map<string, Day>();

  constructor(
    private about: About,
    private options: Options,
  ) {}

  get name() {
    return this.about.name;
  }

  /** Adds what is recorded of a date. `date` is null where `source`, what the file has, is no date. */
  add(
    date: string | null,
    state: State | null,
    { source = date ?? '', note = '', bites = [] as Bite[] } = {},
  ) {
    if (date === null) return this.left.add('date', source);
    if (date > this.options.today) return this.left.add('future', date);
    if (date < FIRST) return this.left.add('early', date);
    const written = isVisible(note) ? note : '';
    if (state === null && !written) return this.left.add('empty');
    const before = this.#days.get(date);
    if (before?.state && state && before.state !== state) this.left.add('twice', date);
    const notes = [before?.note, written].filter((text) => !!text);
    this.#days.set(date, {
      state: state ?? before?.state ?? null,
      note: [...new Set(notes)].join('\n') || null,
      bites: [...(before?.bites ?? []), ...bites],
    });
  }

  /** A mark whose meaning is not known. */
  unknown(source: string) {
    this.left.add('mark', source);
  }

  #text(text: string | null | undefined, most: number): string | null {
    const { text: kept, cut } = clean(text ?? '', most);
    if (cut) this.left.add('longNote');
    return kept || null;
  }

  habit(): Habit {
    const name = cleanLine(this.about.name, 50);
    if (name.cut) this.left.add('longName', this.about.name);
    const days = [...this.#days].sort(([one], [other]) => (one < other ? -1 : 1));
    for (const [date, day] of days) {
      day.note = this.#text(day.note, 500);
      day.bites.slice(MOST_BITES).forEach(() => this.left.add('bites', date));
      day.bites = day.bites.slice(0, MOST_BITES).map(({ time, amount, note }) => ({
        time,
        amount: cleanLine(amount ?? '', 50).text || undefined,
        note: this.#text(note, 500) ?? undefined,
      }));
    }
    const { color, start, marks = 'kept', no = 'other', archived = false } = this.about;
    return {
      name: name.text,
      color: color && /^#[0-9a-f]{6}$/i.test(color) ? color.toLowerCase() : null,
      archived,
      start: start && start >= FIRST && start <= this.options.today ? start : null,
      marks,
      no,
      days: new Map(days),
      left: this.left.all(),
    };
  }
}
