/** What keeps, sends and shows writes: the first screen can be drawn without it. */
export { keepToday, lastToday } from './device';
export * as queue from './queue';
export { send } from './send';
export { Conflict } from './conflict';
export { FoodsRefused, prepare } from './send-review';
export { layOver, overlay, roll } from '../today/optimistic';
