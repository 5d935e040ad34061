import type { RedisTarget } from '../../config/types.ts';
import type { Id } from '../../evidence/types.ts';
import { wholeNumber } from '../../values/parse.ts';
import { SourceError } from '../source-error.ts';
import { READ, replyOf } from './call.ts';
import { redisError } from './client.ts';
import { globFor, toId } from './keys.ts';
import { type Link, openLink, type Primary } from './link.ts';
import type { Look } from './look.ts';
import type { Lost } from './servers.ts';

export { type Held, type Look, toHeld } from './look.ts';

const NEVER = new AbortController().signal;

/** What every server that takes writes said, and which of them said nothing. */
export interface FromEach<T> {
  readonly answers: readonly { readonly name: string; readonly value: T }[];
  readonly lost: readonly Lost[];
}

/**
 * One Redis where it is written, reached when it is first needed: one connection, or one to each node of a cluster. It
 * looks at single keys and never writes.
 */
export class Keyspace {
  readonly target: RedisTarget;
  readonly #timeoutMs: number;
  readonly #interrupt: AbortSignal;
  #link: Promise<Link> | null = null;

  /** @param interrupt ends a connection attempt and a look; not what others do over the same connection */
  constructor(target: RedisTarget, timeoutMs: number, interrupt: AbortSignal) {
    this.target = target;
    this.#timeoutMs = timeoutMs;
    this.#interrupt = interrupt;
  }

  async #connect(connecting: AbortSignal): Promise<Link> {
    const deadline = AbortSignal.timeout(this.#timeoutMs);
    const signal = AbortSignal.any([deadline, connecting]);
    try {
      return await openLink(this.target, { timeoutMs: this.#timeoutMs, signal });
    } catch (error) {
      if (deadline.aborted && !connecting.aborted) {
        throw new SourceError('timeout', `${this.target.display}: no answer in ${this.#timeoutMs} ms`);
      }
      throw error;
    }
  }

  /** Hangs up; the next look connects anew. */
  close(): void {
    this.#link?.then(
      (link) => link.close(),
      () => {},
    );
    this.#link = null;
  }

  /**
   * Runs something over the connection under the deadline. When it does not answer in time the connection is closed,
   * so that nothing that was sent and not answered comes back later.
   * @param connecting ends the attempt to connect, if one has to be made
   * @throws SourceError
   */
  async within<T>(work: (link: Link) => Promise<T>, connecting = NEVER): Promise<T> {
    // While somebody was asked the server, or something in between, may have hung up.
    if ((await this.#link?.catch(() => null))?.isEnded()) this.#link = null;
    this.#link ??= this.#connect(connecting);
    const link = await this.#link.catch((error: unknown) => {
      this.#link = null;
      throw error;
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.close();
    }, this.#timeoutMs);
    try {
      return await work(link);
    } catch (error) {
      if (late)
        throw new SourceError('timeout', `${link.server.display}: no answer in ${this.#timeoutMs} ms`);
      throw redisError(error, link.server);
    } finally {
      clearTimeout(timer);
    }
  }

  /** As `within`, for what the operator may interrupt. */
  async #interruptible<T>(work: (link: Link) => Promise<T>): Promise<T> {
    const hangUp = () => this.close();
    this.#interrupt.addEventListener('abort', hangUp, { once: true });
    try {
      this.#interrupt.throwIfAborted();
      return await this.within(work, this.#interrupt);
    } finally {
      this.#interrupt.removeEventListener('abort', hangUp);
    }
  }

  /** Values and expiries of keys: one round trip, and a second one for the expiries of those that are there. */
  look(keys: readonly Id[]): Promise<Look> {
    return this.#interruptible((link) => link.look(keys.map(toBytes)));
  }

  /** The same look, that Ctrl-C does not end: for what must be known before leaving. */
  lookAnyway(keys: readonly Id[]): Promise<Look> {
    return this.within((link) => link.look(keys.map(toBytes)));
  }

  /** Whole numbers that keys hold, by one round trip that Ctrl-C does not end; null: no such key, or no number. */
  numbers(keys: readonly string[]): Promise<{ nowMs: number; values: (number | null)[] }> {
    return this.within(async (link) => {
      const { nowMs, values } = await link.texts(keys);
      return { nowMs, values: values.map((text) => (text === null ? null : wholeNumber(text))) };
    });
  }

  /** Names of all keys that start so, as exact strings or hexadecimal, in no order, each once. Never KEYS. */
  startingWith(prefix: string): Promise<Id[]> {
    const glob = globFor([Buffer.from(prefix, 'utf8').toString('latin1')]);
    return this.#interruptible(async (link) => [...(await link.names(glob))].map(toId));
  }

  /** The last events of a stream, oldest first: the field `event` of each entry. */
  stream(name: string, count: number): Promise<string[]> {
    return this.#interruptible(async (link) => {
      const words = ['XREVRANGE', name, '+', '-', 'COUNT', String(count)] as const;
      const [answer] = await link.run([{ keys: [name], words }], READ);
      if (answer === undefined) return [];
      if (answer.error) throw redisError(answer.error, answer.server);
      const entries = replyOf<[Buffer, Buffer[]][]>(answer);
      return entries
        .reverse()
        .flatMap(([, fields]) =>
          fields.map(String).filter((_, index) => index % 2 === 1 && String(fields[index - 1]) === 'event'),
        );
    });
  }

  /**
   * Asks every server that takes writes the same, all at once.
   * @throws SourceError when none answers
   */
  onEach<T>(ask: (primary: Primary) => Promise<T>): Promise<FromEach<T>> {
    return this.within(async (link) => {
      const { nodes, lost } = await link.primaries();
      const answers: { name: string; value: T }[] = [];
      const silent: { readonly lost: Lost; readonly trouble: SourceError }[] = [];
      await Promise.all(
        nodes.map(async (node) => {
          const { name, share, server } = node;
          try {
            answers.push({ name, value: await ask(node) });
          } catch (error) {
            if (error instanceof TypeError || error instanceof RangeError) throw error;
            const trouble = redisError(error, server);
            silent.push({ lost: { name, share, cause: trouble.cause, reason: trouble.message }, trouble });
          }
        }),
      );
      const [first] = silent;
      if (answers.length === 0 && first !== undefined) throw first.trouble;
      return { answers, lost: [...lost, ...silent.map((one) => one.lost)] };
    });
  }

  /** Hosts of its servers that the configuration does not name. @throws SourceError */
  async hosts(): Promise<readonly string[]> {
    if (this.target.topology.kind === 'server') return [];
    return this.#interruptible((link) => link.hosts());
  }
}

const toBytes = (id: Id): Buffer =>
  typeof id === 'string' ? Buffer.from(id, 'utf8') : Buffer.from(id.hex, 'hex');
