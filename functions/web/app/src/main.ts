import { mount } from 'svelte';
import './theme.css';
import './app.css';
import App from './App.svelte';
import { engine } from './lib/outbox/outbox.svelte';
import { within } from './lib/ui/within';
import { words } from './lib/words/words.svelte';
import { register } from './lib/ui/worker';
import { today } from './lib/today/today.svelte';
import { find, isOpen } from './pages';

const target = document.getElementById('app')!;

async function start() {
  // Loaded before the first paint, so that the layout does not shift.
  const { pathname } = location;
  // Who was never here is about to see the page to sign in.
  const page = isOpen(pathname) || today.known ? find(pathname) : find('/sign-in');
  const [spoken] = await Promise.allSettled([within(words.use(null)), page?.load()]);
  if (spoken.status === 'rejected') throw spoken.reason;
  // What stands there in case that none of this runs.
  target.textContent = '';
  mount(App, { target });
  void engine().catch(() => {});
  register();
}

start().catch((error: unknown) => {
  console.error(error);
  target.className = 'failed';
});
