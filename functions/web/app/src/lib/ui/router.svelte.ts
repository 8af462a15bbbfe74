/** The router, on the History API. A page starts from the address alone. */

class Router {
  path = $state.raw(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));
  /** Whether the browser's own buttons led here, back or forward. */
  returned = false;

  constructor() {
    addEventListener('popstate', () => {
      this.returned = true;
      this.#read();
    });
    document.addEventListener('click', (event) => this.#follow(event));
  }

  go(to: string, { replace = false } = {}) {
    history[replace ? 'replaceState' : 'pushState'](null, '', to);
    this.returned = false;
    this.#read();
    scrollTo(0, 0);
  }

  #read() {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }

  /** Follows links within the app without a page load. Links to `/api` and `/local` go to the server. */
  #follow(event: MouseEvent) {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest('a');
    if (!link || link.target || link.origin !== location.origin) return;
    if (/^\/(api|local)\//.test(link.pathname)) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

export const router = new Router();
