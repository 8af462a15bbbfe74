/**
 * What is typed into forms and not saved yet. It is kept with every key pressed, in localStorage
 * and for one account, until it is saved or equals what is stored:
 *
 *     const draft = new Draft(() => `food/${id}`, () => valuesOf(food, names));
 *     draft.get('name');         // what is stored, or what was typed over it
 *     draft.set('name', 'tea');  // stays over a reload, another page, a sign-in
 *     draft.conflicts;           // the fields that another device has changed since
 *     await draft.send(write);   // the outbox keeps it from here on; a refusal gives it back
 *
 * Each tab writes drafts of its own, so that two tabs never overwrite each other's text: what one
 * of them saves, the other is asked about. A new tab goes on with the drafts of those that are closed.
 */
import { conflicting, type Fields, same, type Value } from '../outbox/fields';
import type { Write } from '../outbox/item';
import { outbox, type Written } from '../outbox/outbox.svelte';
import { keys, read, write } from '../ui/storage';
import { uuid } from '../ui/uuid';

/** The fields that a person changed, with what each held when they began. */
export interface Typed {
  change: Fields;
  seen: Fields;
  /** The date of the person's day when this was begun. */
  on: string;
  /** When it was changed last: only compared with others of this device. */
  at: number;
  /** The outbox has it. It is shown until the answer, and not found again after a reload. */
  sent?: boolean;
}

const PREFIX = 'hanip.draft';
const TAB = 'hanip.tab';
const SIGNED_OUT = 'hanip.signed-out';

class Drafts {
  #account: string | null = null;
  #all = $state.raw<Record<string, Typed>>({});
  #tab = '';
  /** The forms whose draft this page alone keeps: the browser did not. */
  #unkept = new Set<string>();
  /** Set by what knows it: the date of the person's day. */
  today = () => '';

  constructor() {
    if (typeof addEventListener === 'undefined') return;
    addEventListener('storage', ({ key, newValue }: StorageEvent) => {
      if (key === SIGNED_OUT && newValue === JSON.stringify(this.#account)) this.#all = {};
      // A new tab goes on with them, or this tab is a copy of another: both keep what they show.
      else if (key?.startsWith(`${PREFIX}/`) && key.endsWith(`/${this.#tab}`)) this.#moveOut();
    });
  }

  /** Shows the drafts of this account, and those of no other. */
  use(account: string | null) {
    if (account === this.#account) return;
    this.#account = account;
    this.#all = {};
    this.#tab ||= read<string>('sessionStorage', TAB) ?? this.#newTab();
    if (!account) return;
    const prefix = `${PREFIX}/${account}/`;
    const found = keys('localStorage', prefix).flatMap((key) => {
      const typed = read<Typed>('localStorage', key);
      const parts = key.slice(prefix.length).split('/');
      const tab = parts.pop();
      if (typed?.change && !typed.sent)
        return [{ key, typed, form: parts.join('/'), mine: tab === this.#tab }];
      write('localStorage', key, null);
      return [];
    });
    // The last one stays: that of this tab, else the newest.
    found.sort(
      (one, other) => Number(one.mine) - Number(other.mine) || one.typed.at - other.typed.at,
    );
    for (const { form, typed } of found) this.#all = { ...this.#all, [form]: typed };
    for (const { key, form, mine, typed } of found) {
      if (mine || this.#all[form] !== typed) continue;
      write('localStorage', key, null);
      this.#keep(form);
    }
  }

  get(form: string): Typed | undefined {
    return this.#all[form];
  }

  set(form: string, typed: Typed | null) {
    const { [form]: _, ...others } = this.#all;
    const empty = !typed || Object.keys(typed.change).length === 0;
    this.#all = empty ? others : { ...others, [form]: { ...typed, at: Date.now() } };
    this.#keep(form);
  }

  /** The forms that have a draft and whose name begins so. */
  under(prefix: string): string[] {
    return Object.keys(this.#all).filter((form) => form.startsWith(prefix));
  }

  get fragile() {
    return this.#unkept.size > 0;
  }

  get some() {
    return Object.keys(this.#all).length > 0;
  }

  /** Forgets all drafts of this account, which signs out. */
  wipe() {
    write('localStorage', SIGNED_OUT, this.#account);
    write('localStorage', SIGNED_OUT, null);
    for (const key of keys('localStorage', `${PREFIX}/${this.#account}/`)) {
      write('localStorage', key, null);
    }
    this.#all = {};
    this.#unkept.clear();
  }

  #keep(form: string) {
    const key = `${PREFIX}/${this.#account}/${form}/${this.#tab}`;
    const typed = this.#all[form] ?? null;
    if (write('localStorage', key, typed) || !typed) this.#unkept.delete(form);
    else this.#unkept.add(form);
  }

  #moveOut() {
    this.#newTab();
    for (const form of Object.keys(this.#all)) this.#keep(form);
  }

  #newTab(): string {
    this.#tab = uuid();
    write('sessionStorage', TAB, this.#tab);
    return this.#tab;
  }
}

export const drafts = new Drafts();

const isEqual = (one: Value | undefined, other: Value | undefined) =>
  (one === '' ? null : (one ?? null)) === (other === '' ? null : (other ?? null));

const without = (fields: Fields, names: string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

/** The draft of one form. */
export class Draft {
  #form: () => string;
  #stored: () => Fields;
  #isNew: boolean;

  /**
   * `stored` are the fields as they are stored now. Of a `isNew` thing they are what the form begins
   * with: another device can't have changed it.
   */
  constructor(form: () => string, stored: () => Fields, { isNew = false } = {}) {
    this.#form = form;
    this.#stored = stored;
    this.#isNew = isNew;
  }

  get typed(): Typed | undefined {
    return drafts.get(this.#form());
  }

  /** The fields as the form shows them. */
  get fields(): Fields {
    return { ...this.#stored(), ...this.typed?.change };
  }

  get(name: string): Value {
    return this.fields[name] ?? null;
  }

  set(name: string, value: Value) {
    const begun: Typed = { change: {}, seen: {}, on: drafts.today(), at: 0 };
    const { change, seen, on } = this.typed ?? begun;
    const before = name in seen ? seen[name] : this.#stored()[name];
    const same = isEqual(value, before);
    drafts.set(this.#form(), {
      change: same ? without(change, [name]) : { ...change, [name]: value },
      seen: same ? without(seen, [name]) : { ...seen, [name]: before ?? null },
      on,
      at: 0,
    });
  }

  /** What is typed and differs from what is stored. */
  get change(): Fields {
    const stored = this.#stored();
    const entries = Object.entries(this.typed?.change ?? {});
    return Object.fromEntries(entries.filter(([name, value]) => !same(value, stored[name])));
  }

  get changed(): boolean {
    return Object.keys(this.change).length > 0;
  }

  /** What the fields held when the person began to change them, and the others hold now. */
  get seen(): Fields {
    return { ...this.#stored(), ...this.typed?.seen };
  }

  /** The fields that hold what the person neither saw nor typed. */
  get conflicts(): string[] {
    const { typed } = this;
    return this.#isNew || !typed ? [] : conflicting(this.#stored(), typed.seen, typed.change);
  }

  /** What is stored in the fields of a conflict. */
  get theirs(): Fields {
    const stored = this.#stored();
    return Object.fromEntries(this.conflicts.map((name) => [name, stored[name] ?? null]));
  }

  /** The person has seen what is stored now, and wants their own. */
  keepMine() {
    const { typed, theirs } = this;
    if (typed) drafts.set(this.#form(), { ...typed, seen: { ...typed.seen, ...theirs } });
  }

  /** The person wants what is stored now. */
  takeTheirs() {
    this.#drop(this.conflicts);
  }

  /** Forgets what was typed and means the same as what is stored. Not while somebody types. */
  prune() {
    const { change, typed } = this;
    this.#drop(Object.keys(typed?.change ?? {}).filter((name) => !(name in change)));
  }

  clear() {
    drafts.set(this.#form(), null);
  }

  /** Adds a write that holds what is typed, and waits for its answer as `Written.answerInTime` does. */
  async send<T>(
    write: Write,
    options: { hidden?: boolean } = {},
  ): Promise<{ written: Written<T>; answer: T | null }> {
    const form = this.#form();
    const sent = this.typed;
    const written = await outbox.add<T>(write, options);
    const mark = (sent: boolean) => {
      const typed = drafts.get(form);
      if (typed) drafts.set(form, { ...typed, sent });
    };
    if (written.kept) mark(true);
    try {
      const answer = await written.answerInTime();
      if (written.kept) forget(form, sent);
      else void written.stored().then(() => forget(form, sent));
      return { written, answer };
    } catch (error) {
      mark(false);
      throw error;
    }
  }

  #drop(names: string[]) {
    const { typed } = this;
    if (!typed || names.length === 0) return;
    const { change, seen } = typed;
    drafts.set(this.#form(), {
      ...typed,
      change: without(change, names),
      seen: without(seen, names),
    });
  }
}

/** Forgets what was sent of a form; what was typed since was typed over it. */
export function forget(form: string, sent: Typed | undefined) {
  const typed = drafts.get(form);
  if (!sent || !typed) return;
  const names = Object.keys(sent.change);
  const done = names.filter((name) => typed.change[name] === sent.change[name]);
  const goesOn = names.filter((name) => name in typed.change && !done.includes(name));
  const seen = Object.fromEntries(goesOn.map((name) => [name, sent.change[name]!]));
  drafts.set(form, {
    ...typed,
    change: without(typed.change, done),
    seen: { ...without(typed.seen, done), ...seen },
    sent: false,
  });
}
