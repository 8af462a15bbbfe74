/** Data that a page loads when it opens, with its error and a way to reload. */
export class Resource<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<unknown>(null);

  constructor(private ask: () => Promise<T>) {
    void this.load();
  }

  load = async () => {
    this.error = null;
    try {
      this.value = await this.ask();
    } catch (problem) {
      this.error = problem;
    }
  };
}
