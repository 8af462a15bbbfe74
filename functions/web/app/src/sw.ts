/// <reference lib="webworker" />
/**
 * The service worker: caches the files of the app, so that it opens without a network. It leaves
 * requests to the API alone.
 */
import { unstored } from './lib/words/worker';

declare const self: ServiceWorkerGlobalScope;
/** The build replaces these. */
declare const __FILES__: string[];
declare const __VERSION__: string;

const FILES = __FILES__;
const PREFIX = 'hanip-';
const CACHE = PREFIX + __VERSION__;
/** How long IndexedDB may take, in milliseconds. */
const TIMEOUT = 4_000;
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

/** A notification, as functions/reminders sends it (`message.rs`). */
interface Message {
  kind: 'reminder' | 'milestone' | 'test';
  title: string;
  body: string;
  tag: string;
  account: string;
  date: string;
  /** Foods without an outcome on the date. */
  food_ids: string[];
  /** How many foods wait for an answer. */
  waiting: number;
  actions: { action: string; title: string }[];
  language: string;
}
interface Badged {
  setAppBadge?: (count: number) => Promise<void>;
}

/** As the open app does (`lib/ui/app-icon.ts`): a service worker is one file, and imports none. */
async function showOnIcon(waiting: number) {
  await (navigator as Badged).setAppBadge?.(waiting).catch(() => {});
}

self.addEventListener('push', (event) => event.waitUntil(show(event.data?.json() as Message)));
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const message = event.notification.data as Message;
  event.waitUntil(event.action === 'kept' ? keepAll(message) : open());
});

async function show(message: Message) {
  const { title, body, tag, actions, language } = message;
  const options = { body, tag, lang: language, icon: '/icon-192.png', data: message, actions };
  const shown = self.registration.showNotification(title, options);
  if (message.kind === 'reminder') await showOnIcon(message.waiting);
  await shown;
}

async function open() {
  const [shown] = await self.clients.matchAll({ type: 'window' });
  await (shown ? shown.focus() : self.clients.openWindow('/'));
}

interface Review {
  difficulty: number | null;
  mood: number | null;
  note: string | null;
  foods: { food_id: string; outcome: string | null; status: string }[];
}

/** Reviews the foods that wait as kept. What cannot be sent now waits in the outbox for the app. */
async function keepAll(message: Message) {
  const { account, date, food_ids, language } = message;
  const path = `/api/reviews/${date}`;
  const headers = { 'Hanip-Account': account };
  let missing = food_ids;
  try {
    const stored = await fetch(path, { headers });
    if (!stored.ok && stored.status !== 404) throw new Error(`${stored.status}`);
    const review = stored.ok ? ((await stored.json()) as Review) : null;
    const said = review?.foods.filter(({ outcome, status }) => outcome ?? status === 'slipped');
    missing = food_ids.filter((id) => !said?.some(({ food_id }) => food_id === id));
    const etag = stored.headers.get('ETag');
    const { difficulty, mood, note } = review ?? {};
    const foods = missing.map((food_id) => ({ food_id, outcome: 'kept' }));
    const condition: Record<string, string> =
      review && etag ? { 'If-Match': etag } : { 'If-None-Match': '*' };
    const answer = missing.length
      ? await fetch(path, {
          method: 'PUT',
          headers: { ...headers, ...condition, 'Content-Type': 'application/json' },
          body: JSON.stringify({ difficulty, mood, note, foods }),
        })
      : stored;
    if (!answer.ok) throw new Error(`${answer.status}`);
  } catch {
    try {
      await queue(account, date, missing);
    } catch {
      // The notification was closed by the tap: it is shown again, to be tapped again.
      return show({ ...message, body: unstored[language === 'ko' ? 'ko' : 'en'] });
    }
  }
  await showOnIcon(0);
  new BroadcastChannel('hanip-outbox').postMessage('changed');
}

/** Puts the review into the outbox, as the app does (`lib/outbox/device.ts`, `write-review.ts`). */
async function queue(account: string, date: string, foods: string[]) {
  const names = foods.map((id) => `${id}.outcome`);
  const change = Object.fromEntries(names.map((name) => [name, 'kept']));
  const seen = Object.fromEntries(names.map((name) => [name, null]));
  const write = {
    method: 'PUT',
    path: `/api/reviews/${date}`,
    account,
    review: { date, change, seen },
  };
  await new Promise<void>((resolve, reject) => {
    setTimeout(() => reject(new Error('IndexedDB does not answer')), TIMEOUT);
    const opening = indexedDB.open('hanip', 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore('outbox', { keyPath: 'seq', autoIncrement: true });
      opening.result.createObjectStore('today', { keyPath: 'me.id' });
    };
    opening.onerror = () => reject(new Error('IndexedDB does not open'));
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('outbox', 'readwrite');
      transaction.objectStore('outbox').add(write);
      transaction.oncomplete = () => (opening.result.close(), resolve());
      transaction.onabort = () => reject(new Error('the outbox takes nothing'));
    };
  });
}
