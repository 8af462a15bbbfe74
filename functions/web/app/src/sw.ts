/// <reference lib="webworker" />
/**
 * The service worker: caches the files of the app, so that it opens without a network. It leaves
 * requests to the API alone.
 */
export {};
declare const self: ServiceWorkerGlobalScope;
/** The build replaces these. */
declare const __FILES__: string[];
declare const __VERSION__: string;

const FILES = __FILES__;
const PREFIX = 'hanip-';
const CACHE = PREFIX + __VERSION__;
/** How long to wait for a fresh index.html before the cached one is used, in milliseconds. */
const PATIENCE = 1_500;

self.addEventListener('install', (event) => event.waitUntil(keep()));
self.addEventListener('activate', (event) => event.waitUntil(takeOver()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (/^\/(api|local)(\/|$)/.test(pathname)) return;
  if (request.mode === 'navigate') event.respondWith(shell(request));
  else if (FILES.includes(pathname)) event.respondWith(file(request));
});

async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES.map((name) => new Request(name, { cache: 'no-cache' })));
  await self.skipWaiting();
}

async function takeOver() {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function file(request: Request): Promise<Response> {
  return (await caches.match(request, { cacheName: CACHE })) ?? fetch(request);
}

async function shell(request: Request): Promise<Response> {
  const kept = await caches.match('/', { cacheName: CACHE });
  const fresh = fetch(request);
  if (!kept) return fresh;
  const slow = new Promise<Response>((resolve) => setTimeout(resolve, PATIENCE, kept));
  const answer = await Promise.race([fresh, slow]).catch(() => kept);
  return answer.status >= 500 ? kept : answer;
}
