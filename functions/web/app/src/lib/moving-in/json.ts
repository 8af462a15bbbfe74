/** What a JSON file holds, of which nothing is known. */
export type Fields = Record<string, unknown>;

export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

export const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? `${value}` : '';

/** `#rrggbb` of a colour that is a number, with or without its alpha before it. */
export const colorOf = (value: unknown): string | null =>
  typeof value === 'number' ? `#${(value & 0xffffff).toString(16).padStart(6, '0')}` : null;
