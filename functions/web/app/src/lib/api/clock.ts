/**
 * The server's clock. That of this device may be wrong by days, so only its differences are used:
 * they say how long ago an answer told the server's time. In milliseconds since 1970.
 */

export interface Heard {
  server: number;
  device: number;
}

let last: Heard | null = null;

export const heard = (): Heard | null => last;

export const hear = (moment: Heard | null) => {
  if (moment && !Number.isNaN(moment.server)) last = moment;
};

/** Takes the time from an answer. */
export const hearFrom = (response: Response) =>
  hear({ server: Date.parse(response.headers.get('Date') ?? ''), device: Date.now() });

/** Null until an answer has told it. */
export const serverNow = (): number | null =>
  last && last.server + Math.max(0, Date.now() - last.device);

/** For what is only shown, such as the time of day: this device's own clock where nothing is better. */
export const now = (): number => serverNow() ?? Date.now();
