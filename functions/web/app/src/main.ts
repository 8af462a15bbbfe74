import { mount } from 'svelte';
import './theme.css';
import './app.css';
import App from './App.svelte';
import { words } from './lib/words/words.svelte';
import { register } from './lib/ui/worker';
import { find } from './pages';

async function start() {
  // Loaded before the first paint, so that the layout does not shift.
  await Promise.allSettled([words.use(null), find(location.pathname)?.load()]);
  mount(App, { target: document.getElementById('app')! });
  register();
}

void start();
