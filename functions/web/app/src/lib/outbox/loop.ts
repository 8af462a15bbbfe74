/** Runs a job until it has finished: once at a time, and after a growing pause where it has not. */

const PAUSE = { first: 2_000, longest: 60_000 };

export class Loop {
  #running = false;
  #again = false;
  #pause = PAUSE.first;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The job returns whether it has finished. */
  constructor(private job: () => Promise<boolean>) {}

  /** Runs the job now. If it is running, it runs once more afterwards. */
  async run() {
    clearTimeout(this.#timer);
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#again) {
        this.#again = false;
        if (!(await this.job())) return this.#runLater();
      }
    } finally {
      this.#running = false;
    }
  }

  /** The next pause is short again. */
  resetPause() {
    this.#pause = PAUSE.first;
  }

  #runLater() {
    const jitter = 0.75 + Math.random() / 2;
    this.#timer = setTimeout(() => void this.run(), this.#pause * jitter);
    this.#pause = Math.min(this.#pause * 2, PAUSE.longest);
  }
}
