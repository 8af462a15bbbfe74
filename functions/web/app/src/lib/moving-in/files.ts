/** What kind of file it is by its content, and the text in it. */
import { strFromU8, unzipSync } from 'fflate';
import { NotUnderstood } from './found';

/** More than any of the apps writes, and what the API takes. In bytes. */
export const MOST_BYTES = 64 * 1024 * 1024;
/** What a zip may grow to. */
const MOST_UNZIPPED = 256 * 1024 * 1024;

export type Kind = 'zip' | 'database' | 'text';

const startsWith = (bytes: Uint8Array, text: string) =>
  strFromU8(bytes.subarray(0, text.length), true) === text;

export function kindOf(bytes: Uint8Array): Kind {
  if (startsWith(bytes, 'PK\u0003\u0004') || startsWith(bytes, 'PK\u0005\u0006')) return 'zip';
  return startsWith(bytes, 'SQLite format 3\0') ? 'database' : 'text';
}

const tryTo = (encoding: string, bytes: Uint8Array): string | null => {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
};

/** The text of a file: a spreadsheet in Korean may save in EUC-KR, or in UTF-16. */
export function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  const text = tryTo('utf-8', bytes) ?? tryTo('euc-kr', bytes);
  if (text === null || text.includes('\0')) throw new NotUnderstood('binary');
  return text;
}

/** The texts in a zip whose paths are wanted, by path. */
export function unzip(bytes: Uint8Array, wanted: RegExp): Map<string, string> {
  let sum = 0;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (!wanted.test(name)) return false;
        sum += originalSize;
        if (sum > MOST_UNZIPPED) throw new NotUnderstood('tooBig');
        return true;
      },
    });
  } catch (error) {
    throw error instanceof NotUnderstood ? error : new NotUnderstood('brokenZip');
  }
  return new Map(Object.entries(files).map(([path, content]) => [path, decode(content)]));
}
