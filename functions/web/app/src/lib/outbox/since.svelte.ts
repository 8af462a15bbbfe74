/**
 * The writes that an answer of the API may not have: those that waited when it was asked, and all
 * since, sent or not. Pages lay them over what they have loaded.
 */
import { untrack } from 'svelte';
import { outbox } from './outbox.svelte';
import type { Item } from './item';

export class Since {
  items = $state.raw<Item[]>(untrack(() => outbox.shown));

  constructor() {
    $effect(() => {
      const { shown } = outbox;
      untrack(() => (this.items = [...this.#sent(), ...shown]));
    });
  }

  /** To be called when the API is asked; and what it gives, when the answer is here. */
  ask(): () => void {
    const sent = untrack(() => this.#sent());
    return () => (this.items = this.items.filter((item) => !sent.includes(item)));
  }

  #sent() {
    const waiting = outbox.shown.map(({ seq }) => seq);
    return this.items.filter(({ seq }) => !waiting.includes(seq));
  }
}
