/** The pages behind the first screen, each loaded when it is first opened. */
import type { Component } from 'svelte';

type Load = () => Promise<{ default: Component<any> }>;

const pages: Record<string, Load> = {
  '/foods/:id': () => import('./Food.svelte'),
  '/settings': () => import('./Settings.svelte'),
};

export interface Route {
  load: Load;
  params: Record<string, string>;
}

/** The page of a path, with what stands in the places of `:id` and the like. */
export function find(path: string): Route | null {
  const parts = path.split('/');
  for (const [pattern, load] of Object.entries(pages)) {
    const names = pattern.split('/');
    const matches = names.every((name, i) => name.startsWith(':') || name === parts[i]);
    if (!matches || names.length !== parts.length) continue;
    const params = names.flatMap((name, i) =>
      name.startsWith(':') ? [[name.slice(1), parts[i] ?? '']] : [],
    );
    return { load, params: Object.fromEntries(params) };
  }
  return null;
}
