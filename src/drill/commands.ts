import { SCRIPT, SHA } from '../remedies/compare-and-set.ts';
import { RedisError, type Reply } from './resp.ts';
import { compareAndSet } from './script.ts';
import { type Store, typeOf } from './store.ts';
import { addToStream, lastOfStream } from './streams.ts';

/** One command's work: what comes after its name, at one moment. */
type Command = (words: readonly Buffer[], store: Store, nowMs: number) => Reply;

const key = (word: Buffer | undefined): string => (word ?? Buffer.alloc(0)).toString('latin1');
const SYNTAX = new RedisError('ERR syntax error');

/** Exactly the commands that the program sends. @returns one that answers any command as Redis does */
export function makeServer(store: Store): (words: readonly Buffer[], nowMs: number) => Reply {
  let knowsScript = false;
  const run: Command = (words, _, nowMs) => {
    const count = Number(words[1]);
    const keys = words.slice(2, 2 + count).map(key);
    return compareAndSet(store, keys, words.slice(2 + count), nowMs);
  };
  const scripted = (isKnown: (script: string) => RedisError | null): Spec => ({
    least: 2,
    most: MANY,
    run: (words, ...rest) => isKnown(String(words[0])) ?? run(words, ...rest),
  });
  const commands: Readonly<Record<string, Spec>> = {
    ...COMMANDS,
    EVAL: scripted((script) => {
      knowsScript ||= script === SCRIPT;
      return script === SCRIPT ? null : new RedisError('ERR a drill runs no other scripts');
    }),
    EVALSHA: scripted((sha) =>
      knowsScript && sha.toLowerCase() === SHA
        ? null
        : new RedisError('NOSCRIPT No matching script. Please use EVAL.'),
    ),
  };
  return ([name, ...words], nowMs) => {
    const upper = String(name).toUpperCase();
    const spec = Object.hasOwn(commands, upper) ? commands[upper] : undefined;
    if (spec === undefined) return unknown(String(name), words);
    if (words.length < spec.least || words.length > spec.most) {
      return new RedisError(`ERR wrong number of arguments for '${upper.toLowerCase()}' command`);
    }
    return spec.run(words, store, nowMs);
  };
}

const MANY = Number.POSITIVE_INFINITY;

interface Spec {
  /** How many words may follow the name. */
  readonly least: number;
  readonly most: number;
  readonly run: Command;
}

/** What a drill's server says of itself: as much as is asked of one, whichever section. */
const ABOUT = [
  '# Server',
  'redis_version:7.0.0',
  '# Persistence',
  'loading:0',
  '# Memory',
  'maxmemory:0',
  'maxmemory_policy:noeviction',
  '# Replication',
  'role:master',
  '# Cluster',
  'cluster_enabled:0',
  '',
];

const COMMANDS: Readonly<Record<string, Spec>> = {
  PING: { least: 0, most: 1, run: ([word]) => word ?? 'PONG' },
  TIME: {
    least: 0,
    most: 0,
    run: (_words, _store, nowMs) =>
      [Math.floor(nowMs / 1_000), (nowMs % 1_000) * 1_000].map((part) => Buffer.from(String(part))),
  },
  MGET: {
    least: 1,
    most: MANY,
    run: (words, store, nowMs) =>
      words.map((word) => {
        const content = store.get(key(word), nowMs)?.content;
        return Buffer.isBuffer(content) ? content : null;
      }),
  },
  EXISTS: {
    least: 1,
    most: MANY,
    run: (words, store, nowMs) => words.filter((word) => store.get(key(word), nowMs) !== null).length,
  },
  TYPE: {
    least: 1,
    most: 1,
    run: ([word], store, nowMs) => {
      const stored = store.get(key(word), nowMs);
      return stored === null ? 'none' : typeOf(stored.content);
    },
  },
  PTTL: {
    least: 1,
    most: 1,
    run: ([word], store, nowMs) => {
      const stored = store.get(key(word), nowMs);
      if (stored === null) return -2;
      return stored.expiresAtMs === null ? -1 : stored.expiresAtMs - nowMs;
    },
  },
  INFO: { least: 0, most: MANY, run: () => Buffer.from(ABOUT.join('\r\n')) },
  SCAN: { least: 1, most: MANY, run: scan },
  XADD: { least: 4, most: MANY, run: addToStream },
  XREVRANGE: { least: 3, most: 5, run: lastOfStream },
};

/** All keys at once: COUNT is no more than a hint, and a drill holds little. */
function scan([cursor, ...options]: readonly Buffer[], store: Store, nowMs: number): Reply {
  if (!/^\d+$/.test(String(cursor))) return new RedisError('ERR invalid cursor');
  let pattern = '*';
  for (let at = 0; at < options.length; at += 2) {
    const [option, value] = [String(options[at]).toUpperCase(), options[at + 1]];
    if (value === undefined || (option !== 'MATCH' && option !== 'COUNT')) return SYNTAX;
    if (option === 'MATCH') pattern = key(value);
    else if (!/^\d{1,9}$/.test(String(value)))
      return new RedisError('ERR value is not an integer or out of range');
    else if (Number(value) < 1) return SYNTAX;
  }
  const matches = matcher(pattern);
  if (matches === null) return new RedisError('ERR a drill matches no sets of characters');
  const names = String(cursor) === '0' ? store.names(nowMs).filter((name) => matches.test(name)) : [];
  return [Buffer.from('0'), names.map((name) => Buffer.from(name, 'latin1'))];
}

/** A glob of `*`, `?` and `\` as a regular expression for latin1; null: it holds a set of characters. */
function matcher(glob: string): RegExp | null {
  let source = '';
  for (const [piece] of glob.matchAll(/\\[\s\S]|[\s\S]/g)) {
    if (piece === '[') return null;
    if (piece === '*') source += '[\\s\\S]*';
    else if (piece === '?') source += '[\\s\\S]';
    else source += (piece.length > 1 ? piece.slice(1) : piece).replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
  }
  return new RegExp(`^${source}$`);
}

function unknown(name: string, words: readonly Buffer[]): RedisError {
  const shown = words.map((word) => `'${String(word).slice(0, 128)}' `).join('');
  const line = `ERR unknown command '${name.slice(0, 128)}', with args beginning with: ${shown.slice(0, 256)}`;
  return new RedisError(line.replaceAll(/[\r\n]/g, ' '));
}
