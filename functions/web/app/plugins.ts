/** What the build does besides: lists the files for the service worker, weighs, and compresses. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

/** Script and style of a first visit, in bytes as browsers get them: compressed by Brotli. */
const MOST = 40_000;
/** What somebody may see first; everything else comes later. */
const FIRST = ['SignIn', 'Today'];

const sourceOf = (file: Rolldown.OutputChunk | Rolldown.OutputAsset) =>
  file.type === 'chunk' ? file.code : file.source;

/** Tells the service worker which files make up the app. */
export function listFiles(): Plugin {
  return {
    name: 'list-files',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const worker = bundle['sw.js'];
        if (worker?.type !== 'chunk') this.error('there is no service worker');
        const files = Object.values(bundle).filter((file) => file !== worker);
        // Pictures of the app are for who installs it, and fetched then.
        const kept = readdirSync('public').filter((name) => !name.endsWith('.png'));
        const shared = kept.map((name) => join('public', name));
        const version = createHash('sha256');
        for (const file of files) version.update(file.fileName).update(sourceOf(file));
        for (const path of shared) version.update(readFileSync(path));
        const names = files.map(({ fileName }) => `/${fileName.replace(/^index\.html$/, '')}`);
        names.push(...shared.map((path) => path.replace(/^public/, '')));
        worker.code = worker.code
          .replace('__FILES__', JSON.stringify(names.sort()))
          .replace('__VERSION__', JSON.stringify(version.digest('hex').slice(0, 16)));
      },
    },
  };
}

/** Fails the build where a first visit fetches more than it may. */
export function weigh(): Plugin {
  return {
    name: 'weigh',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
        const chunk = (part: string) => {
          const found = chunks.find(({ facadeModuleId, moduleIds }) =>
            [facadeModuleId, ...moduleIds].some((id) => id?.endsWith(part)),
          );
          return found ?? this.error(`nothing is built of ${part}`);
        };
        const weight = (name: string) => brotliCompressSync(sourceOf(bundle[name]!)).length;
        const needs = (file: Rolldown.OutputChunk, seen: Set<string>) => {
          if (seen.has(file.fileName)) return;
          seen.add(file.fileName);
          file.viteMetadata?.importedCss.forEach((name) => seen.add(name));
          for (const name of file.imports) needs(bundle[name] as Rolldown.OutputChunk, seen);
        };
        for (const page of FIRST) {
          for (const language of ['ko', 'en']) {
            const seen = new Set<string>();
            needs(chunk('/index.html'), seen);
            needs(chunk(`/pages/${page}.svelte`), seen);
            needs(chunk(`/words/${language}/first.ts`), seen);
            const sum = [...seen].map(weight).reduce((a, b) => a + b);
            const said = `${page} in ${language} fetches ${sum} bytes in ${seen.size} files`;
            if (sum > MOST) this.error(`${said}, more than ${MOST}: ${[...seen].join(' ')}`);
            this.info(said);
          }
        }
      },
    },
  };
}

/** Puts `.br` and `.gz` beside every text file, so that no server compresses at run time. */
export function precompress(): Plugin {
  const size = constants.BROTLI_PARAM_SIZE_HINT;
  return {
    name: 'precompress',
    apply: 'build',
    writeBundle({ dir }) {
      if (!dir) return;
      for (const entry of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(html|js|css|svg|webmanifest)$/.test(entry)) continue;
        const path = join(dir, entry);
        const bytes = readFileSync(path);
        const params = { [size]: bytes.length };
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}
