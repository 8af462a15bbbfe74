/** The time zones that this browser knows. Old ones know less, and some hide where they are. */

/** The zone of this device; null where the browser says none, or says UTC to hide it. */
export function deviceZone(): string | null {
  try {
    const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    return !zone || isUnsaid(zone) ? null : zone;
  } catch {
    return null;
  }
}

/** Whether a zone says nothing of where somebody lives. */
export const isUnsaid = (zone: string) =>
  /^(UTC|GMT|Etc\/(UTC|GMT|UCT|Universal|Zulu|Greenwich|Unknown)|UCT|Zulu|Universal)$/i.test(zone);

/** All zones; none where the browser has no list. */
export function zoneList(): string[] {
  try {
    return Intl.supportedValuesOf('timeZone');
  } catch {
    return [];
  }
}
