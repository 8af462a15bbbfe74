/** The tabs of the app that are open in this browser share one queue, and one of them sends it. */

const NAME = 'hanip-outbox';

/** A write was stored, with this answer; or the queue is not as it was. */
export type Message = { seq: number; answer: unknown } | 'changed';

const channel = new BroadcastChannel(NAME);

export const tellTabs = (message: Message) => channel.postMessage(message);

export const hearTabs = (listen: (message: Message) => void) => {
  channel.onmessage = ({ data }: MessageEvent<Message>) => listen(data);
};

/** Runs while no other tab does. A browser without locks may send a write twice, which is idempotent. */
export const oneTab = (run: () => Promise<void>): Promise<unknown> =>
  navigator.locks ? navigator.locks.request(NAME, run) : run();
