/** The second half of the catalogue, which comes with the first page that needs it. */
import { en } from './more.en';
import { ko } from './more.ko';
import { words } from './index.svelte';

const catalogues = { ko, en };

export const more = {
  get t(): typeof ko {
    return catalogues[words.locale];
  },
};
