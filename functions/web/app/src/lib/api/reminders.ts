/** Reminders, and this browser as a place that they go to. */
import { call } from './http';
import type { NewChannel, Reminder } from './types';

export const load = async () => {
  const [{ value }, { value: sent }] = await Promise.all([
    call('GET', '/api/reminders'),
    call('GET', '/api/reminders/sends'),
  ]);
  return { ...value, sends: sent.sends };
};

export const save = async ({ id, time, days, about, discreet }: Reminder) =>
  (await call('PUT', `/api/reminders/${id}`, { body: { time, days, about, discreet } })).value;

/** What a tap changes, of the reminder as it is by then. */
export type Change = (reminder: Reminder) => Partial<Reminder>;

/**
 * Lays a change over what is stored now: what another device has set beside it stays. Null where the
 * reminder is gone, and not made again.
 */
export async function change(id: string, change: Change): Promise<Reminder | null> {
  const { value } = await call('GET', '/api/reminders');
  const stored = value.reminders.find((reminder) => reminder.id === id);
  return stored ? save({ ...stored, ...change(stored) }) : null;
}

export const remove = (id: string) => call('DELETE', `/api/reminders/${id}`);

export const saveChannel = (id: string, body: NewChannel) =>
  call('PUT', `/api/reminders/channels/${id}`, { body });
export const removeChannel = (id: string) => call('DELETE', `/api/reminders/channels/${id}`);
export const test = (id: string) => call('POST', `/api/reminders/channels/${id}/test`);

/** Whether this browser can be notified: on an iPhone only the installed app can. */
export const isAble = () => 'serviceWorker' in navigator && 'PushManager' in window;

const registration = () => navigator.serviceWorker.ready;

/** The id of a subscription's channel: the same subscription is the same channel. */
async function idOf({ endpoint }: PushSubscription): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(endpoint));
  const bytes = new Uint8Array(hash).slice(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The channel of this browser, if it has subscribed. */
export async function here(): Promise<string | null> {
  if (!isAble() || !(await navigator.serviceWorker.getRegistration())) return null;
  const subscription = await (await registration()).pushManager.getSubscription();
  return subscription && idOf(subscription);
}

/** Asks for permission and subscribes. Returns the channel, or null where the person does not allow it. */
export async function subscribe(key: string, label: string): Promise<string | null> {
  if ((await Notification.requestPermission()) !== 'granted') return null;
  const { pushManager } = await registration();
  const options = { userVisibleOnly: true, applicationServerKey: key };
  let subscription: PushSubscription;
  try {
    subscription = await pushManager.subscribe(options);
  } catch {
    // One under another key of the server stands in the way.
    await (await pushManager.getSubscription())?.unsubscribe();
    subscription = await pushManager.subscribe(options);
  }
  const { p256dh = '', auth = '' } = subscription.toJSON().keys ?? {};
  const id = await idOf(subscription);
  const { endpoint } = subscription;
  await saveChannel(id, {
    kind: 'push',
    endpoint,
    keys: { p256dh, auth },
    label,
    milestones: true,
  });
  return id;
}

/** Ends the subscription of this browser. */
export async function unsubscribe(id: string) {
  await removeChannel(id);
  await (await (await registration()).pushManager.getSubscription())?.unsubscribe();
}
