import { afterEach, expect, it, vi } from 'vitest';
import { deviceZone, isUnsaid, zoneList } from './zones';

afterEach(() => vi.restoreAllMocks());

const says = (timeZone?: string) =>
  vi
    .spyOn(Intl.DateTimeFormat.prototype, 'resolvedOptions')
    .mockReturnValue({ timeZone } as Intl.ResolvedDateTimeFormatOptions);

it.each([
  ['Asia/Seoul', 'Asia/Seoul'],
  ['UTC', null],
  ['Etc/UTC', null],
  ['Etc/Unknown', null],
  [undefined, null],
])('a device that says %s is in %s', (zone, expected) => {
  says(zone);
  expect(deviceZone()).toBe(expected);
});

it('takes a zone with an offset for what it says', () => expect(isUnsaid('Etc/GMT-9')).toBe(false));

it('has no list where the browser has none', () => {
  expect(zoneList()).toContain('Asia/Seoul');
  vi.spyOn(Intl, 'supportedValuesOf').mockImplementation(() => {
    throw new TypeError('Intl.supportedValuesOf is not a function');
  });
  expect(zoneList()).toEqual([]);
});
