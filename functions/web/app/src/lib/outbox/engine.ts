/** What keeps, sends and shows writes: the first screen can be drawn without it. */
import * as device from './device';
import { unanswered } from '../today/sheet';
import { showOnIcon } from '../ui/app-icon';

export { lastToday } from './device';
export * as queue from './queue';
export { send } from './send';
export { Conflict } from './conflict';
export { FoodsRefused, prepare } from './send-review';
export { layOver, overlay, roll } from '../today/optimistic';

/** Keeps the first screen for the next visit, and has the icon of the app tell of it what waits. */
export function keepToday(today: device.LastToday | null) {
  void showOnIcon(today ? unanswered(today).length : 0);
  return device.keepToday(today);
}
