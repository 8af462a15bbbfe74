/** A thread that reads one file: one of 40 MB takes seconds. */
import { type Fault, type Found, NotUnderstood, type Options } from './found';
import { read } from './read';

export interface Question {
  file: Blob;
  options: Options;
}
export type Answer = { found: Found } | { fault: Fault };

onmessage = async ({ data }: MessageEvent<Question>) => {
  let answer: Answer;
  try {
    answer = { found: await read(data.file, data.options) };
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    answer = { fault: error.fault };
  }
  postMessage(answer);
};
