import { isRecord } from '../values/parse.ts';
/** Answers the value as a T, without what does not belong to it, or throws a Malformed. */
export type Check<T> = (value: unknown, where: string) => T;

/** A sentence about what is wrong: `changes[3].after.ttlSeconds: expected a number of seconds or null`. */
export class Malformed extends Error {}

/** What `test` accepts; `expected` says what that is. */
export function expecting<T>(expected: string, test: (value: unknown) => value is T): Check<T> {
  return (value, where) => {
    if (test(value)) return value;
    throw new Malformed(`${where === '' ? '' : `${where}: `}expected ${expected}`);
  };
}

export const flag = expecting('true or false', (value) => typeof value === 'boolean');
export const text = expecting('text', (value) => typeof value === 'string');

export const matching = (expected: string, pattern: RegExp): Check<string> =>
  expecting(expected, (value): value is string => typeof value === 'string' && pattern.test(value));

export const oneOf = <const T extends string>(...words: readonly T[]): Check<T> =>
  expecting(words.length === 1 ? `${words[0]}` : `one of ${words.join(', ')}`, (value): value is T =>
    words.some((word) => word === value),
  );

export const nullable =
  <T>(check: Check<T>): Check<T | null> =>
  (value, where) =>
    value === null ? null : check(value, where);

const list = expecting('a list', (value): value is unknown[] => Array.isArray(value));

export const listOf =
  <T>(check: Check<T>): Check<readonly T[]> =>
  (value, where) =>
    list(value, where).map((item, index) => check(item, `${where}[${index}]`));

export type Shape = Readonly<Record<string, Check<unknown>>>;
export type Shaped<S extends Shape> = { readonly [K in keyof S]: ReturnType<S[K]> };

const record = expecting('an object', isRecord);

/** Every key of `shape` must be there, those of `maybe` need not; others are left out: a newer version may have more. */
export function object<const S extends Shape, const M extends Shape = Record<never, never>>(
  shape: S,
  maybe?: M,
): Check<Shaped<S> & Partial<Shaped<M>>> {
  const keys = Object.entries(shape);
  const further = Object.entries(maybe ?? {});
  return (value, where) => {
    const found = record(value, where);
    const present = further.filter(([key]) => found[key] !== undefined);
    const checked = [...keys, ...present].map(([key, check]) => [
      key,
      check(found[key], where === '' ? key : `${where}.${key}`),
    ]);
    return Object.fromEntries(checked);
  };
}
