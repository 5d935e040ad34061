import type { Redis } from 'ioredis';
import type { Right, Rights, Told } from '../../doctor/facts.ts';
import type { Need } from '../../doctor/needs.ts';
import { sampleKey } from '../../runbooks/sources.ts';
import { told } from '../told.ts';
import type { Keyspace } from './keyspace.ts';

type Words = readonly [string, ...string[]];

/** A whole command for a key, as the server wants it. */
const WORDS: Readonly<Record<string, (key: string) => Words>> = {
  scan: () => ['SCAN', '0', 'COUNT', '1'],
  time: () => ['TIME'],
  info: () => ['INFO', 'server'],
  select: () => ['SELECT', '0'],
  'cluster|slots': () => ['CLUSTER', 'SLOTS'],
  asking: () => ['ASKING'],
  readonly: () => ['READONLY'],
  mget: (key) => ['MGET', key],
  get: (key) => ['GET', key],
  pttl: (key) => ['PTTL', key],
  type: (key) => ['TYPE', key],
  exists: (key) => ['EXISTS', key],
  xrevrange: (key) => ['XREVRANGE', key, '+', '-', 'COUNT', '1'],
  eval: (key) => ['EVAL', 'return 0', '1', key],
  evalsha: (key) => ['EVALSHA', '0'.repeat(40), '1', key],
  set: (key) => ['SET', key, '0', 'PX', '1'],
  del: (key) => ['DEL', key],
  xadd: (key) => ['XADD', key, 'MAXLEN', '~', '10000', '*', 'event', '{}'],
};

/**
 * What only reads and may therefore be tried. The connection answers SELECT itself, and the script commands could do
 * anything, so they are not; nor are words that change how the connection goes on.
 */
const HARMLESS = new Set([
  'scan',
  'time',
  'info',
  'cluster|slots',
  'mget',
  'pttl',
  'type',
  'exists',
  'xrevrange',
]);

/**
 * Finds out what the user may do of what is needed: the server is asked (`ACL DRYRUN`, Redis 7), or where it does not
 * answer that, what only reads is tried on keys that nobody has. Nothing is ever written.
 */
export const redisRights = (
  keyspace: Keyspace,
  needs: readonly Need[],
  configured: string | null,
): Promise<Told<Rights>> =>
  told(async () => {
    const asked = unique(needs);
    const { answers } = await keyspace.onEach(async ({ redis }): Promise<Rights> => {
      const user = (await whoAmI(redis)) ?? configured;
      const dry = user === null ? null : await dryRun(redis, user, asked);
      return dry ?? { user, how: 'tried', rights: await attempt(redis, asked), mayAnything: null };
    });
    return everywhere(answers.map(({ value }) => value));
  });

/** What may be done on all of several servers: each has users of its own. */
function everywhere(all: readonly Rights[]): Rights {
  const [first = { user: null, how: 'tried', rights: [], mayAnything: null }, ...others] = all;
  if (others.length === 0) return first;
  const rights = first.rights.map((right, at): Right => {
    const allowed = all.map((one) => one.rights[at]?.allowed ?? null);
    return { ...right, allowed: allowed.includes(false) ? false : allowed.includes(null) ? null : true };
  });
  const how = all.every((one) => one.how === 'dry-run') ? 'dry-run' : 'tried';
  return {
    ...first,
    how,
    rights,
    mayAnything: all.some(({ mayAnything }) => mayAnything) || first.mayAnything,
  };
}

async function whoAmI(redis: Redis): Promise<string | null> {
  const [[error, name] = [null, null]] = (await redis.pipeline().acl('WHOAMI').exec()) ?? [];
  return error === null && typeof name === 'string' ? name : null;
}

/** null: the server does not tell. */
async function dryRun(redis: Redis, user: string, asked: readonly Asked[]): Promise<Rights | null> {
  const pipeline = redis.pipeline();
  const ask = (words: Words) => pipeline.call('ACL', 'DRYRUN', user, ...words);
  ask(['FLUSHALL']);
  for (const { words } of asked) ask(words);
  const [everything, ...replies] = (await pipeline.exec()) ?? [];
  if (everything === undefined || everything[0] !== null) return null;
  const rights = asked.map(({ command, key }, index): Right => {
    const [error, said] = replies[index] ?? [null, null];
    return { command, key, allowed: error === null ? said === 'OK' : null };
  });
  return { user, how: 'dry-run', rights, mayAnything: everything[1] === 'OK' };
}

async function attempt(redis: Redis, asked: readonly Asked[]): Promise<Right[]> {
  const tried = asked.filter(({ command }) => HARMLESS.has(command));
  const pipeline = redis.pipeline();
  for (const { words } of tried) pipeline.call(...(words as [string, ...string[]]));
  const replies = (await pipeline.exec()) ?? [];
  const outcomes = new Map(tried.map((one, index) => [one, allowedBy(replies[index])]));
  return asked.map((one) => ({ command: one.command, key: one.key, allowed: outcomes.get(one) ?? null }));
}

/** Any other error comes after the permission was looked at; a lost connection says nothing. */
function allowedBy(reply: [Error | null, unknown] | undefined): boolean | null {
  const [error] = reply ?? [new Error('no answer')];
  if (error === null) return true;
  if (error.name !== 'ReplyError') return null;
  return !error.message.startsWith('NOPERM');
}

interface Asked {
  readonly command: string;
  readonly key: string | null;
  readonly words: Words;
}

/** Each command for each family once, whatever it is for. */
function unique(needs: readonly Need[]): Asked[] {
  const asked = new Map<string, Asked>();
  for (const { command, key } of needs) {
    const words = WORDS[command]?.(key === null ? '' : sampleKey(key));
    if (words !== undefined) asked.set(JSON.stringify([command, key]), { command, key, words });
  }
  return [...asked.values()];
}
