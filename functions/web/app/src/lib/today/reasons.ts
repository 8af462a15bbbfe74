import type { Food } from '../api/types';

/** Why somebody quits a food: one reason a line. */
export const reasonsOf = ({ motivation }: Food) =>
  (motivation ?? '')
    .split('\n')
    .map((reason) => reason.trim())
    .filter(Boolean);
