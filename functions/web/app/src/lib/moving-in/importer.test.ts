import { expect, it } from 'vitest';
import { Problem, Unavailable } from '../api/http';
import { choiceOf } from './archive';
import { Importer } from './importer';
import { lastImport, rememberImport } from './last';
import { open } from './test-files';

let ids = 0;
const making = {
  today: '2026-11-27',
  now: '2026-11-27T03:00:00.000Z',
  id: () => `id-${(ids += 1)}`,
};

async function world(...errors: (Error | null)[]) {
  const { habits } = await open('Date,Sugar\n2026-11-20,x\n');
  const calls: string[] = [];
  rememberImport(null);
  const api: ConstructorParameters<typeof Importer>[0] = {
    importFile: (file) => {
      calls.push(`import ${(file as { foods: { id: string }[] }).foods[0]!.id}`);
      const error = errors.shift();
      return error ? Promise.reject(error) : Promise.resolve({} as never);
    },
    removeFoods: (foods) => Promise.resolve(void calls.push(`remove ${foods.join()}`)),
  };
  return { importer: new Importer(api), api, calls, choices: () => habits.map(choiceOf) };
}

it('sends the same again where there was no answer: it may be stored', async () => {
  const { importer, calls, choices } = await world(new Unavailable());
  const chosen = choices();
  await expect(importer.send(chosen, making)).rejects.toThrow(Unavailable);
  const { foods, records } = await importer.send(chosen, making);
  expect(calls).toEqual([`import ${foods.join()}`, `import ${foods.join()}`]);
  expect(records).toBe(1);
});

it('takes it back before something else is sent', async () => {
  const { importer, calls, choices } = await world(new Unavailable());
  await expect(importer.send(choices(), making)).rejects.toThrow(Unavailable);
  const { foods } = await importer.send(choices(), making);
  const first = calls[0]!.replace('import ', '');
  expect(calls.slice(1)).toEqual([`remove ${first}`, `import ${foods.join()}`]);
  expect(foods).not.toEqual([first]);
});

it('has nothing to take back where it was refused, or has arrived', async () => {
  const { importer, calls, choices } = await world(new Problem(409, 'too-many-foods', ''), null);
  await expect(importer.send(choices(), making)).rejects.toThrow(Problem);
  await importer.send(choices(), making);
  await importer.send(choices(), making);
  expect(calls.map((call) => call.split(' ')[0])).toEqual(['import', 'import', 'import']);
});

it('keeps what may be stored where only its second try was refused', async () => {
  const refused = new Problem(503, 'clocks-apart', '');
  const { importer, calls, choices } = await world(new Unavailable(), refused);
  const chosen = choices();
  await expect(importer.send(chosen, making)).rejects.toThrow(Unavailable);
  await expect(importer.send(chosen, making)).rejects.toThrow(Problem);
  expect(lastImport()).toMatchObject({ unanswered: true });
  await importer.send(chosen, making);
  expect(new Set(calls).size).toBe(1);
});

it('sends the same again after a reload too', async () => {
  const { importer, api, calls, choices } = await world(new Unavailable());
  await expect(importer.send(choices(), making)).rejects.toThrow(Unavailable);
  expect(lastImport()).toMatchObject({ unanswered: true, records: 1 });
  const { foods } = await new Importer(api).sendAgain();
  expect(calls).toEqual([`import ${foods.join()}`, `import ${foods.join()}`]);
  expect(lastImport()).toEqual({ account: null, foods, records: 1 });
});

it('takes it back after a reload, before something else is sent', async () => {
  const { importer, api, calls, choices } = await world(new Unavailable());
  await expect(importer.send(choices(), making)).rejects.toThrow(Unavailable);
  const lost = lastImport()!.foods;
  await new Importer(api).send(choices(), making);
  expect(calls[1]).toBe(`remove ${lost.join()}`);
});

it('can still take back what came before one that was refused', async () => {
  const { importer, choices } = await world(null, new Problem(409, 'too-many-foods', ''));
  const { foods } = await importer.send(choices(), making);
  await expect(importer.send(choices(), making)).rejects.toThrow(Problem);
  expect(lastImport()).toMatchObject({ foods });
});
