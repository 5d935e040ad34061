import type { RedisTarget } from '../config/types.ts';
import type { Api, ApiRequest } from '../signals/api.ts';
import type { Answered, Call, How, Words } from '../signals/redis/call.ts';
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

  /**
   * Writes keys, all in one pipeline for each server, and answers for each in order. Never throws what Redis or the
   * network says.
   */
  async redis(writes: readonly RedisWrite[]): Promise<Written[]> {
    if (this.#dryRun) return writes.map(() => DRY);
    const written = writes.map(() => SKIPPED);
    const batches = batchesOf(writes, this.#keyspace.target.topology.kind === 'cluster');
    const unseen = await this.#run(batches, true, written);
    // A server in between, or a node of a cluster, may be sent a script's name that has not seen the script yet.
    if (unseen.length > 0) await this.#run(unseen, false, written);
    return written;
  }

  /** @returns the batches that a server did not run, for want of the script */
  async #run(batches: readonly Batch[], bySha: boolean, written: Written[]): Promise<Batch[]> {
    const calls = batches.map(({ keys, args }): Call => {
      const rest = [String(keys.length), ...keys, ...args];
      const whole: Words = ['EVAL', SCRIPT, ...rest];
      return bySha ? { keys, words: ['EVALSHA', SHA, ...rest], first: whole } : { keys, words: whole };
    });
    let answers: readonly Answered[] = [];
    let lost: Error | null = null;
    try {
      answers = await this.#send(calls);
    } catch (error) {
      lost = redisError(error, this.#keyspace.target);
    }
    return batches.filter(({ indices }, at) => {
      const { error, value, server } = answers[at] ?? {
        ...{ error: lost, value: null, server: this.#keyspace.target },
      };
      if (error?.message.startsWith('NOSCRIPT')) return bySha;
      const replies = value as readonly unknown[];
      indices.forEach((index, place) => {
        written[index] = error
          ? this.#fromError(error, server)
          : this.#fromAnswer(readAnswer(replies[place]), server);
      });
      return false;
    });
  }

  /**
   * Sends calls that write. Where sentinels look after the primary, one that has become a replica meanwhile has done
   * nothing, so that its successor is asked in its place, once.
   * @throws SourceError when nothing was sent
   */
  async #send(calls: readonly Call[]): Promise<readonly Answered[]> {
    const keyspace = this.#keyspace;
    const answers = await keyspace.within((link) => link.run(calls, WRITE));
    const demoted = [...answers.keys()].filter((at) => isReadOnly(answers[at]));
    if (demoted.length === 0 || keyspace.target.topology.kind !== 'sentinel') return answers;
    keyspace.close();
    try {
      const again = await keyspace.within((link) =>
        link.run(
          demoted.flatMap((at) => calls[at] ?? []),
          WRITE,
        ),
      );
      return answers.map((answer, at) => again[demoted.indexOf(at)] ?? answer);
    } catch (error) {
      // That it could not be reached is not what became of the writes: the old one refused them.
      if (error instanceof SourceError) return answers;
      throw error;
    }
  }

  #fromAnswer({ isDone, held, atMs, trouble }: Answer, server: RedisTarget): Written {
    if (trouble !== null) return this.#refusedBy(new Error(trouble), server);
    return { status: isDone ? 'applied' : 'conflict', now: held, atMs, message: null, refused: false };
  }

  /** An answer of the server says that nothing was done; no answer says nothing. */
  #fromError(error: Error, server: RedisTarget): Written {
    if (error.name === 'ReplyError') return this.#refusedBy(error, server);
    const { message } = redisError(error, server);
    return { status: 'unknown', now: null, atMs: null, message, refused: false };
  }

  /** What the server itself said. */
  #refusedBy(error: Error, server: RedisTarget): Written {
    const { cause, message } = redisError(error, server);
    if (/READONLY/.test(message)) {
      const isWatched = this.#keyspace.target.topology.kind === 'sentinel';
      return { ...failed(`${message}. ${isWatched ? FAILOVER_HINT : READ_ONLY_HINT}`), refused: true };
    }
    if (/WRONGTYPE/.test(message))
      return failed(`${server.display}: the key holds something other than a text`);
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
    const calls = lines.map(
      (line): Call => ({
        keys: [stream],
        words: ['XADD', stream, 'MAXLEN', '~', String(STREAM_LENGTH), '*', 'event', line],
      }),
    );
    for (const { error, server } of await this.#send(calls)) if (error) throw redisError(error, server);
  }
}

const WRITE: How = { isRepeatable: false, isTimed: false };

/** Did a server refuse all of it because it is a replica? A script says so for each key that it was to write. */
function isReadOnly(answer: Answered | undefined): boolean {
  if (answer?.error) return /READONLY/.test(answer.error.message);
  const replies: readonly unknown[] = Array.isArray(answer?.value) ? answer.value : [];
  return replies.some((reply) => /READONLY/.test(readAnswer(reply).trouble ?? ''));
}

/** Enough for months of incidents; older events are in their operators' own journals. */
const STREAM_LENGTH = 10_000;
/** Of an answer's body, in messages. */
const MAX_SHOWN = 2_000;

const READ_ONLY_HINT = 'It is a replica: give the primary with --redis-url or in the context';
const FAILOVER_HINT =
  'Sentinels name it as the primary, and it has become a replica: a failover may be under way, try again';
const PERMISSION_HINT = 'Remedies need more rights than triage: ratelimit doctor --acl prints them';

const failed = (message: string): Written => ({
  status: 'failed',
  now: null,
  atMs: null,
  message,
  refused: false,
});
