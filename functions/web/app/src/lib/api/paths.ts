/** What the OpenAPI documents say of a call: the paths there are, the body one takes, what it answers. */
import type { paths as Auth } from './generated/auth';
import type { paths as Data } from './generated/data';
import type { paths as Foods } from './generated/foods';
import type { paths as Reminders } from './generated/reminders';
import type { paths as Reviews } from './generated/reviews';
import type { paths as Streaks } from './generated/streaks';

type Paths = Auth & Data & Foods & Reminders & Reviews & Streaks;

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

type WithoutQuery<Path extends string> = Path extends `${infer Before}?${string}` ? Before : Path;

/** `/api/foods/7` as ['', 'api', 'foods', '7']. */
type Segments<Path extends string> = Path extends `${infer First}/${infer Rest}`
  ? [First, ...Segments<Rest>]
  : [Path];

/** ['', 'api', 'foods', '{id}'] as ['', 'api', 'foods', string]. */
type Pattern<Parts extends string[]> = {
  [Index in keyof Parts]: Parts[Index] extends `{${string}}` ? string : Parts[Index];
};

/** The documented path that a path matches, such as `/api/foods/{id}`. A literal match wins over parameters. */
type Documented<Path extends string> = Path extends keyof Paths
  ? Path
  : {
      [Known in keyof Paths]: Segments<Path> extends Pattern<Segments<Known>> ? Known : never;
    }[keyof Paths];

type Operation<M extends Method, Path extends string> = Paths[Documented<
  WithoutQuery<Path>
>] extends infer Item
  ? Lowercase<M> extends keyof Item
    ? NonNullable<Item[Lowercase<M>]>
    : never
  : never;

/** The path, if it has this method, else `never`. A path of type `string` is not checked. */
export type Known<M extends Method, Path extends string> = string extends Path
  ? Path
  : [Operation<M, Path>] extends [never]
    ? never
    : Path;

type Json<Message> = Message extends { content: { 'application/json': infer Value } }
  ? Value
  : undefined;

export type Body<M extends Method, Path extends string> = string extends Path
  ? unknown
  : Operation<M, Path> extends { requestBody?: infer Message }
    ? Json<Message>
    : undefined;

export type Value<M extends Method, Path extends string> = string extends Path
  ? unknown
  : Operation<M, Path> extends { responses: infer Answers }
    ? Json<Answers[keyof Answers]>
    : never;
