/** The ranges of days off, with the writes laid over them that wait on this device; the latest first. */
import type { Item } from '../outbox/item';
import type { Skip } from '../api/types';

export function overlaySkips(skips: Skip[], items: Item[]): Skip[] {
  const laid = new Map(skips.map((skip) => [skip.id, skip]));
  for (const { method, path, body } of items) {
    const [, , , kind, id] = path.split('/');
    if (kind !== 'skips' || !id) continue;
    if (method === 'PUT') laid.set(id, { ...laid.get(id), ...(body as Skip), id });
    else laid.delete(id);
  }
  return [...laid.values()].sort((one, other) => (one.from < other.from ? 1 : -1));
}
