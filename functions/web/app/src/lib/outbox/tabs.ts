/** The tabs of the app that are open in this browser share one queue, and one of them sends it. */

const NAME = 'hanip-outbox';
/** A tab that is frozen or hangs holds back the others no longer than this. In milliseconds. */
const TIMEOUT = 60_000;

/** A write was stored, with this answer; or the queue is not as it was. */
export type Message = { seq: number; answer: unknown } | 'changed';

/** Browsers that block their stores, and old ones, have none: then a tab hears nothing of the others. */
function open(): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(NAME);
  } catch {
    return undefined;
  }
}

const channel = open();

export const tellTabs = (message: Message) => channel?.postMessage(message);

export const hearTabs = (listen: (message: Message) => void) => {
  if (channel) channel.onmessage = ({ data }: MessageEvent<Message>) => listen(data);
};

/** Runs while no other tab does. A browser without locks may send a write twice, which is idempotent. */
export async function oneTab(run: () => Promise<void>): Promise<void> {
  let began = false;
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), TIMEOUT);
  try {
    await navigator.locks.request(NAME, { signal: waiting.signal }, () => {
      began = true;
      clearTimeout(timer);
      return run();
    });
  } catch (error) {
    if (began) throw error;
    await run();
  } finally {
    clearTimeout(timer);
  }
}
