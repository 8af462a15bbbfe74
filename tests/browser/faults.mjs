// What goes wrong in people's browsers.

/** Ways in which a browser's stores fail, as scripts that run before the app. */
export const storeFailures = {
  'a full disk': () => {
    IDBObjectStore.prototype.add = IDBObjectStore.prototype.put = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  },
  'a damaged profile': () => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('damaged', 'UnknownError');
    };
  },
  'an IndexedDB that never answers': () => {
    IDBFactory.prototype.open = () => new EventTarget();
  },
  'stores that are blocked': () => {
    for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) {
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException('denied', 'SecurityError');
        },
      });
    }
    navigator.locks.request = () => Promise.reject(new DOMException('denied', 'SecurityError'));
    window.BroadcastChannel = class {
      constructor() {
        throw new DOMException('denied', 'SecurityError');
      }
    };
  },
};

/** The device's clock is wrong by so many milliseconds, as a script that runs before the app. */
export function wrongClock(wrong) {
  const Real = Date;
  const now = () => Real.now() + wrong;
  window.Date = class extends Real {
    constructor(...args) {
      if (args.length) super(...args);
      else super(now());
    }
    static now = now;
  };
}
