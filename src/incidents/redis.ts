import type { Situation } from './types.ts';

/** The commands that put a situation's keys into an empty Redis; words are bytes, since names need not be UTF-8. */
export function redisCommands({ keys }: Pick<Situation, 'keys'>): Buffer[][] {
  return keys.flatMap(({ name, value, ttlSeconds }) => {
    const ms = ttlSeconds === null ? null : String(Math.round(ttlSeconds * 1_000));
    if (typeof value === 'string') {
      const ends = ms === null ? [] : ['PX', ms];
      return [words('SET', name, value, ...ends)];
    }
    const fields = Object.entries(value).flat();
    return [words('HSET', name, ...fields), ...(ms === null ? [] : [words('PEXPIRE', name, ms)])];
  });
}

const words = (...all: readonly (string | Buffer)[]): Buffer[] =>
  all.map((word) => (typeof word === 'string' ? Buffer.from(word) : word));
