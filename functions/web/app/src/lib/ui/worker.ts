/** Registers the service worker, which lets the app open without a network. */

interface Policies {
  createPolicy(name: string, rules: { createScriptURL: () => string }): Rules;
}
interface Rules {
  createScriptURL(name: string): string;
}

const FILE = '/sw.js';
const { trustedTypes } = globalThis as { trustedTypes?: Policies };

export function register() {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  // Trusted Types: the one script URL that the app sets at run time.
  const policy = trustedTypes?.createPolicy('hanip-worker', { createScriptURL: () => FILE });
  navigator.serviceWorker.register(policy?.createScriptURL(FILE) ?? FILE).catch(console.warn);
}
