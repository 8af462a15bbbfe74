import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { listFiles, precompress, weigh } from './plugins.ts';

export default defineConfig({
  plugins: [
    svelte({ configFile: false, compilerOptions: { runes: true } }),
    listFiles(),
    weigh(),
    precompress(),
  ],
  build: {
    target: 'es2022',
    // Everything stays a file of this origin: the content security policy allows nothing else.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: 'index.html', sw: 'src/sw.ts' },
      output: {
        // A service worker is found by its name, and asked for again at every visit.
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
        // Many small files compress badly: what a first visit needs is two.
        codeSplitting: {
          groups: [
            {
              name: 'app',
              test: /src[\\/](App\.svelte|lib[\\/]dates[\\/]zones\.ts)$/,
              priority: 1,
            },
            { name: 'today', test: /src[\\/]pages[\\/]Today\.svelte$/ },
            // What pages behind the first share: the first script names every file, so the fewer, the shorter.
            {
              name: 'shared',
              test: /src[\\/](parts[\\/](form[\\/](Chips|Field|Rows|Ways)|settings[\\/]Links)\.svelte|lib[\\/](api[\\/]account|dates[\\/]instants|ui[\\/]resource\.svelte)\.ts)$/,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/local': 'http://127.0.0.1:8080' } },
  test: { include: ['src/**/*.test.ts'] },
});
