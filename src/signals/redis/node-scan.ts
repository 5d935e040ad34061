import { setTimeout as delay } from 'node:timers/promises';
import { SourceError } from '../source-error.ts';
import { type Layout, visitedShare } from './cursor.ts';
import { Pace, type PaceName } from './pace.ts';
import { type Patience, patiently } from './patience.ts';
import type { KeyAccess, Node } from './servers.ts';
import { type Claimed, fetchValues, type Sorter } from './sorter.ts';

/** What every server's scan goes by; it ends at the end of patience. */
export interface ScanOrder extends Patience {
  readonly sorter: Sorter;
  readonly keys: KeyAccess;
  /** SCAN's pattern. */
  readonly glob: Buffer;
  readonly pace: PaceName;
  /** How long one answer is waited for, milliseconds. */
  readonly answerMs: number;
}

/** How often the way to the server is measured before the first SCAN. */
const WAYS = 3;

interface Batch {
  readonly cursor: string;
  readonly keys: readonly Buffer[];
}

/**
 * Scans one server: SCAN by SCAN at the pace that its own answers allow, each batch's values after it. It ends with
 * the keys, or at its time; how far it came is known at any moment, whatever ends it.
 */
export class NodeScan {
  readonly node: Node;
  readonly #order: ScanOrder;
  readonly #layout: Layout;
  readonly #waiting = new Set<readonly Claimed[]>();
  #pace: Pace;
  #visited = 0;
  #owedMs = 0;
  #answeredAt: number | null = null;

  constructor(node: Node, layout: Layout, order: ScanOrder) {
    this.node = node;
    this.#order = order;
    this.#layout = layout;
    this.#pace = new Pace(order.pace, Number.POSITIVE_INFINITY);
  }

  /** Share of this server's keys whose values have arrived, 0 to 1. */
  get visited(): number {
    return this.#visited;
  }

  /** What was claimed, and its values have not arrived. */
  get unread(): Claimed[] {
    return [...this.#waiting].flat();
  }

  /**
   * @param left what another server that held these keys had named, and whose values it did not bring any more
   * @throws what ended the connection, or what the server refused
   */
  async run(left: readonly Claimed[] = []): Promise<void> {
    const { sorter } = this.#order;
    this.#pace = new Pace(this.#order.pace, await this.#wayMs());
    const { overlap } = this.#pace.limits;
    await this.#fetch(left, null);
    let scanning = this.#scan('0');
    let fetching: Promise<void> = Promise.resolve();
    for (;;) {
      const { cursor, keys } = await scanning;
      const goesOn = cursor !== '0' && !this.#isOver;
      // The server is busy with the next keys while these are looked at.
      if (goesOn && overlap) scanning = this.#scan(cursor);
      const claimed = sorter.sort(keys);
      await fetching;
      fetching = this.#fetch(claimed, cursor);
      if (!goesOn) break;
      if (overlap) continue;
      await fetching;
      scanning = this.#scan(cursor);
    }
    await fetching;
  }

  get #isOver(): boolean {
    return this.#order.clock.steady() >= this.#order.endsAt;
  }

  /** How long a command takes that does nothing; without bound where even TIME is forbidden. */
  async #wayMs(): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    try {
      for (let index = 0; index < WAYS; index++) {
        const { tookMs } = await this.#ask(() => this.node.redis.time());
        least = Math.min(least, tookMs);
      }
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOPERM')) throw error;
    }
    return least;
  }

  #scan(cursor: string): Promise<Batch> {
    return heard(this.#scanFrom(cursor));
  }

  async #scanFrom(cursor: string): Promise<Batch> {
    let count = 0;
    const { value, tookMs } = await this.#ask(() => {
      count = this.#pace.count;
      // callBuffer, because the pattern is bytes too.
      const words = ['SCAN', cursor, 'MATCH', this.#order.glob, 'COUNT', count] as const;
      return this.node.redis.callBuffer(...words) as Promise<[Buffer, Buffer[]]>;
    });
    await this.#rest(this.#pace.scanned(count, tookMs));
    const [next, keys] = value;
    return { cursor: next.toString('latin1'), keys };
  }

  /** Reads the values of a batch; once they are there, all is visited that stands before this cursor. */
  #fetch(claimed: readonly Claimed[], cursor: string | null): Promise<void> {
    this.#waiting.add(claimed);
    return heard(this.#fetchFor(claimed, cursor));
  }

  async #fetchFor(claimed: readonly Claimed[], cursor: string | null): Promise<void> {
    const fetch = () => fetchValues(this.#keys, claimed);
    await patiently(fetch, this.#order, () => this.#pace.refused());
    this.#waiting.delete(claimed);
    if (cursor !== null) this.#visited = visitedShare(cursor, this.#layout);
  }

  /** Single keys at the same pace. */
  readonly #keys: KeyAccess = {
    values: (keys) => this.#fetched(keys.length, () => this.#order.keys.values(keys)),
    types: (keys) => this.#fetched(keys.length, () => this.#order.keys.types(keys)),
    pttl: (keys) => this.#fetched(keys.length, () => this.#order.keys.pttl(keys)),
  };

  async #fetched<T>(count: number, call: () => Promise<T>): Promise<T> {
    const { value, tookMs } = await this.#ask(call);
    await this.#rest(this.#pace.fetched(count, tookMs));
    return value;
  }

  /** Asks until it is not refused for now any more. @throws what ended the connection, or what the server refused */
  #ask<T>(call: () => Promise<T>): Promise<{ value: T; tookMs: number }> {
    return patiently(
      () => this.#timed(call),
      this.#order,
      () => this.#pace.refused(),
    );
  }

  async #rest(ms: number): Promise<void> {
    const { signal, clock, endsAt } = this.#order;
    this.#owedMs += ms;
    if (this.#owedMs < LEAST_REST_MS) return;
    const restMs = Math.min(this.#owedMs, endsAt - clock.steady());
    if (restMs > 0) await delay(restMs, undefined, { signal }).catch(() => {});
  }

  /** Waits for one answer, and for that not for ever: what does not answer is hung up on. */
  async #timed<T>(call: () => Promise<T>): Promise<{ value: T; tookMs: number }> {
    const { clock, answerMs } = this.#order;
    const startedAt = clock.steady();
    // Whatever was done here since the last answer, the server rested. What it rested too long is not owed later.
    this.#owedMs = Math.max(-MOST_AHEAD_MS, this.#owedMs - (startedAt - (this.#answeredAt ?? startedAt)));
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.node.redis.disconnect();
    }, answerMs);
    try {
      const value = await call();
      return { value, tookMs: clock.steady() - startedAt };
    } catch (error) {
      throw isLate ? new SourceError('timeout', `no answer in ${answerMs} ms`) : error;
    } finally {
      clearTimeout(timer);
      this.#answeredAt = clock.steady();
    }
  }
}

/** A timer cannot rest less than that: shorter rests are saved up. */
const LEAST_REST_MS = 1;
const MOST_AHEAD_MS = 5;

/** The same promise; that it fails before anybody waits for it is no defect. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
