/** One message at a time, with an undo. */

// In milliseconds.
const STAY = 15_000;

interface Message {
  text: string;
  undo?: () => Promise<unknown>;
}

class Toast {
  message = $state.raw<Message | null>(null);
  #timer = 0;

  show(text: string, undo?: Message['undo']) {
    this.message = { text, undo };
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.close(), STAY);
  }

  close() {
    this.message = null;
  }
}

export const toast = new Toast();
