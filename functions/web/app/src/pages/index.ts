/** The pages, each loaded when it is first opened. */
import type { Component } from 'svelte';
import type { Today } from '../lib/api/types';
import { within } from '../lib/ui/within';
import { words } from '../lib/words/words.svelte';

/** A page takes some of these: `data` if it needs somebody signed in, the others if its path names them. */
interface Props {
  data: Today;
  date: string;
  id: string;
}
type Load = () => Promise<{ default: Component<never> }>;

const first: Record<string, Load> = {
  '/': () => import('./Today.svelte'),
  '/sign-in': () => import('./SignIn.svelte'),
};
const later: Record<string, Load> = {
  '/demo': () => import('./Demo.svelte'),
  '/history': () => import('./History.svelte'),
  '/history/all': () => import('./History.svelte'),
  '/days/:date': () => import('./Day.svelte'),
  '/slip': () => import('./SlipNow.svelte'),
  '/days/:date/slip': () => import('./Slip.svelte'),
  '/foods/:id': () => import('./Food.svelte'),
  '/foods/:id/edit': () => import('./EditFood.svelte'),
  '/sos': () => import('./Sos.svelte'),
  '/settings': () => import('./Settings.svelte'),
  '/settings/list': () => import('./List.svelte'),
  '/settings/days-off': () => import('./DaysOff.svelte'),
  '/settings/reminders': () => import('./Reminders.svelte'),
  '/settings/sign-in': () => import('./Access.svelte'),
  '/settings/tokens': () => import('./Tokens.svelte'),
  '/settings/data': () => import('./Data.svelte'),
  '/settings/moving-in': () => import('./MovingIn.svelte'),
};

const withLater = ([path, load]: [string, Load]) =>
  [path, () => within(words.withLater(load()))] as const;
const inTime = ([path, load]: [string, Load]) => [path, () => within(load())] as const;
const pages = {
  ...Object.fromEntries(Object.entries(first).map(inTime)),
  ...Object.fromEntries(Object.entries(later).map(withLater)),
};

/** What those see who are not signed in. */
export const isOpen = (path: string) => ['/sign-in', '/demo'].includes(path);

export interface Route {
  load: () => Promise<{ default: Component<Props> }>;
  params: Omit<Props, 'data'>;
}

/** The page of a path, with what stands in the places of `:id` and the like. */
export function find(path: string): Route | null {
  const parts = path.split('/');
  for (const [pattern, load] of Object.entries(pages)) {
    const names = pattern.split('/');
    const matches = names.every((name, i) => name.startsWith(':') || name === parts[i]);
    if (!matches || names.length !== parts.length) continue;
    const params = names.flatMap((name, i): [string, string][] =>
      name.startsWith(':') ? [[name.slice(1), parts[i] ?? '']] : [],
    );
    return { load, params: Object.fromEntries(params) } as Route;
  }
  return null;
}
