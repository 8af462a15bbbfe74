/** The service worker, which keeps the app for the time without a network. */

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
  // The only script that is named while the app runs, and the only name this policy gives.
  const policy = trustedTypes?.createPolicy('hanip-worker', { createScriptURL: () => FILE });
  navigator.serviceWorker.register(policy?.createScriptURL(FILE) ?? FILE).catch(console.warn);
}
