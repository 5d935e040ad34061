import type { Api, ApiRequest } from '../signals/api.ts';
import { redisError } from '../signals/redis/client.ts';
import type { Held, Keyspace } from '../signals/redis/keyspace.ts';
import { SourceError } from '../signals/source-error.ts';
import {
  type Answer,
  type Batch,
  batchesOf,
  type RedisWrite,
  readAnswer,
  SCRIPT,
  SHA,
} from './compare-and-set.ts';

/** One call of the API. It has no compare-and-set: the door looks once more just before. */
export interface ApiWrite {
  readonly system: 'api';
  readonly request: ApiRequest;
  /** Says what is wrong with an answer of 200 to 299; null: nothing. */
  readonly problemWith: (body: string) => string | null;
}

export type Write = RedisWrite | ApiWrite;

/** What became of one write. */
export interface Written {
  readonly status: 'applied' | 'dry-run' | 'conflict' | 'failed' | 'unknown' | 'skipped';
  /** What the key holds now, as far as it was told. */
  readonly now: Held | null;
  /** When it was done, by the server's clock in milliseconds; null: not told. */
  readonly atMs: number | null;
  readonly message: string | null;
  /** True when a system refused the credentials or a permission. */
  readonly refused: boolean;
}

const DRY: Written = { status: 'dry-run', now: null, atMs: null, message: null, refused: false };
export const SKIPPED: Written = { status: 'skipped', now: null, atMs: null, message: null, refused: false };

/** The only code that writes to a system. A dry run ends here: everything before it was real. */
export class Writer {
  readonly #keyspace: Keyspace;
  readonly #api: () => Promise<Api>;
  readonly #dryRun: boolean;

  constructor(keyspace: Keyspace, api: () => Promise<Api>, dryRun: boolean) {
    this.#keyspace = keyspace;
    this.#api = api;
    this.#dryRun = dryRun;
  }

  /** Writes keys, all in one pipeline, and answers for each in order. Never throws what Redis or the network says. */
  async redis(writes: readonly RedisWrite[]): Promise<Written[]> {
    if (this.#dryRun) return writes.map(() => DRY);
    const written = writes.map(() => SKIPPED);
    const unseen = await this.#run(batchesOf(writes), true, written);
    // A proxy may send parts of a pipeline to servers that have not seen the script yet.
    if (unseen.length > 0) await this.#run(unseen, false, written);
    return written;
  }

  /** @returns the batches that the server did not run, for want of the script */
  async #run(batches: readonly Batch[], bySha: boolean, written: Written[]): Promise<Batch[]> {
    let replies: [Error | null, unknown][] = [];
    let lost: Error | null = null;
    try {
      replies = await this.#keyspace.within(async (redis) => {
        const pipeline = redis.pipeline();
        batches.forEach(({ keys, args }, index) => {
          const script = bySha && index > 0 ? ['EVALSHA', SHA] : ['EVAL', SCRIPT];
          pipeline.callBuffer(...(script as [string, string]), String(keys.length), ...keys, ...args);
        });
        return (await pipeline.exec()) ?? [];
      });
    } catch (error) {
      lost = redisError(error, this.#keyspace.target);
    }
    return batches.filter(({ indices }, at) => {
      const [error, reply] = replies[at] ?? [lost, null];
      if (error?.message.startsWith('NOSCRIPT')) return bySha;
      const answers = reply as readonly unknown[];
      indices.forEach((index, place) => {
        written[index] = error ? this.#fromError(error) : this.#fromAnswer(readAnswer(answers[place]));
      });
      return false;
    });
  }

  #fromAnswer({ isDone, held, atMs, trouble }: Answer): Written {
    if (trouble !== null) return this.#refusedBy(new Error(trouble));
    return { status: isDone ? 'applied' : 'conflict', now: held, atMs, message: null, refused: false };
  }

  /** An answer of the server says that nothing was done; no answer says nothing. */
  #fromError(error: Error): Written {
    if (error.name === 'ReplyError') return this.#refusedBy(error);
    const { message } = redisError(error, this.#keyspace.target);
    return { status: 'unknown', now: null, atMs: null, message, refused: false };
  }

  /** What the server itself said. */
  #refusedBy(error: Error): Written {
    const { target } = this.#keyspace;
    const { cause, message } = redisError(error, target);
    if (/READONLY/.test(message)) return { ...failed(`${message}. ${READ_ONLY_HINT}`), refused: true };
    if (/WRONGTYPE/.test(message))
      return failed(`${target.display}: the key holds something other than a text`);
    return cause === 'auth'
      ? { ...failed(`${message}. ${PERMISSION_HINT}`), refused: true }
      : failed(message);
  }

  /** Calls the API once. Every answer reaches the operator as it came; only a clean 2xx counts as done. */
  async api({ request, problemWith }: ApiWrite): Promise<Written> {
    if (this.#dryRun) return DRY;
    try {
      const answer = await (await this.#api()).send(request);
      const said = `HTTP ${answer.status}${answer.retryAfter === null ? '' : `, Retry-After: ${answer.retryAfter}`}`;
      const body = answer.shown === '' ? '' : `: ${answer.shown.slice(0, MAX_SHOWN)}`;
      const problem = answer.status >= 200 && answer.status < 300 ? problemWith(answer.body) : '';
      if (problem === null)
        return { status: 'applied', now: null, atMs: null, message: null, refused: false };
      const refused = answer.status === 401 || answer.status === 403;
      return { ...failed(`${said}${problem === '' ? '' : ` (${problem})`}${body}`), refused };
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      const status = error.cause === 'incomplete' ? 'unknown' : 'failed';
      return { status, now: null, atMs: null, message: error.message, refused: false };
    }
  }

  /**
   * Adds events to a stream, so that the whole team sees them.
   * @throws SourceError
   */
  async publish(stream: string, lines: readonly string[]): Promise<void> {
    if (this.#dryRun) return;
    await this.#keyspace.within(async (redis) => {
      const pipeline = redis.pipeline();
      for (const line of lines) pipeline.xadd(stream, 'MAXLEN', '~', STREAM_LENGTH, '*', 'event', line);
      for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
    });
  }
}

/** Enough for months of incidents; older events are in their operators' own journals. */
const STREAM_LENGTH = 10_000;
/** Of an answer's body, in messages. */
const MAX_SHOWN = 2_000;

const READ_ONLY_HINT = 'It is a replica: give the primary with --redis-url or in the context';
const PERMISSION_HINT = 'Remedies need more rights than triage: ratelimit doctor --acl prints them';

const failed = (message: string): Written => ({
  status: 'failed',
  now: null,
  atMs: null,
  message,
  refused: false,
});
