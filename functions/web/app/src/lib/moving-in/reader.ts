/** A thread that reads one file: one of 40 MB takes seconds. */
import { type Fault, type Found, type Habit, NotUnderstood, type Options } from './found';
import { read } from './read';

export interface Question {
  file: Blob;
  options: Options;
}
/** The habits come first, one by one: the page answers between them. */
export type Answer = { habit: Habit } | End;
export type End = { found: Omit<Found, 'habits'> } | { fault: Fault };

const say = (answer: Answer) => postMessage(answer);

onmessage = async ({ data }: MessageEvent<Question>) => {
  try {
    const { habits, ...found } = await read(data.file, data.options);
    for (const habit of habits) say({ habit });
    say({ found });
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    say({ fault: error.fault });
  }
};
