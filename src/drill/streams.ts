import { RedisError, type Reply } from './resp.ts';
import { WRONG_TYPE } from './script.ts';
import type { Store, StreamEntry } from './store.ts';

const SYNTAX = new RedisError('ERR syntax error');

/** The entries of a stream, none when there is no such key; null: it holds something else. */
function entriesOf(store: Store, key: string, nowMs: number): StreamEntry[] | null {
  const content = store.get(key, nowMs)?.content;
  if (content === undefined) return [];
  return 'entries' in content && Array.isArray(content.entries) ? content.entries : null;
}

/** `XADD key MAXLEN ~ count * name value [name value ...]`, as the team's journal is written. */
export function addToStream(words: readonly Buffer[], store: Store, nowMs: number): Reply {
  const [name = Buffer.alloc(0), ...rest] = words;
  const [maxlen, about, count, star, ...fields] = rest.map((word, index) =>
    index < 4 ? String(word) : word,
  );
  if (String(maxlen).toUpperCase() !== 'MAXLEN' || about !== '~' || star !== '*') return SYNTAX;
  if (!/^\d{1,9}$/.test(String(count))) return new RedisError('ERR value is not an integer or out of range');
  if (fields.length === 0 || fields.length % 2 === 1) {
    return new RedisError("ERR wrong number of arguments for 'xadd' command");
  }
  const key = name.toString('latin1');
  const entries = entriesOf(store, key, nowMs);
  if (entries === null) return new RedisError(WRONG_TYPE);
  const id = nextId(entries.at(-1), nowMs);
  const all = [...entries, { id, fields: rest.slice(4) }].slice(-Number(count));
  store.set(key, { entries: all }, store.get(key, nowMs)?.expiresAtMs ?? null);
  return Buffer.from(id);
}

/** Ids never go back, whatever the clock does. */
function nextId(last: StreamEntry | undefined, nowMs: number): string {
  const [ms = 0, count = 0] = last?.id.split('-').map(Number) ?? [];
  if (last === undefined || nowMs > ms) return `${nowMs}-0`;
  return `${ms}-${count + 1}`;
}

/** `XREVRANGE key + - COUNT count`: the last entries, newest first. */
export function lastOfStream(words: readonly Buffer[], store: Store, nowMs: number): Reply {
  const [key = '', end, start, option, count] = words.map((word) => word.toString('latin1'));
  if (end !== '+' || start !== '-') {
    return new RedisError('ERR Invalid stream ID specified as stream command argument');
  }
  if (option === undefined || option.toUpperCase() !== 'COUNT' || count === undefined) return SYNTAX;
  if (!/^\d{1,9}$/.test(count)) return new RedisError('ERR value is not an integer or out of range');
  const entries = entriesOf(store, key, nowMs);
  if (entries === null) return new RedisError(WRONG_TYPE);
  if (Number(count) === 0 && entries.length > 0) return null;
  const last = entries.slice(Math.max(0, entries.length - Number(count))).reverse();
  return last.map(({ id, fields }) => [Buffer.from(id), [...fields]]);
}
