import { setTimeout as delay } from 'node:timers/promises';
import type { RedisTarget } from '../../config/types.ts';
import { rounded } from '../../evidence/rounded.ts';
import type { Scan, ScannedNode } from '../../evidence/types.ts';
import { SourceError } from '../source-error.ts';
import { redisError } from './client.ts';
import { factsOf, type NodeFacts } from './node-facts.ts';
import { NodeScan, type ScanOrder } from './node-scan.ts';
import { patiently } from './patience.ts';
import type { Node, Servers } from './servers.ts';
import type { Claimed } from './sorter.ts';
import { isOutdated, stalenessOf } from './stale.ts';

/** After a failure it is asked so often whether somebody else has taken over; a failover takes a second or more. */
const ASK_AGAIN_MS = 100;

const APPROXIMATE = 'more keys than can be told apart: a key that SCAN returned twice may be counted twice';

/** How far the pass is while it goes on. */
export interface PassProgress {
  /** Keys that came by so far. */
  readonly keys: number;
  /** Share of the keyspace, 0 to 1. */
  readonly coverage: number;
  readonly elapsedMs: number;
}

/** How far the pass came. */
export type Passed = Omit<Scan, 'reason'>;

interface PassOrder extends ScanOrder {
  readonly target: RedisTarget;
}

/**
 * One pass over the keyspace for all families at once, over all of its servers in parallel. Never one round trip a
 * key, never KEYS. What a server did not answer for is lost, and the rest stands.
 */
export class Pass {
  readonly #servers: Servers;
  readonly #order: PassOrder;
  readonly #startedAt: number;
  /** The scan of each share of the keyspace, as far as one has begun. */
  readonly #scans = new Map<Node, NodeScan>();
  /** What earlier attempts at a share visited, the most of them: what they visited together is not known. */
  readonly #earlier = new Map<Node, number>();
  readonly #facts = new Map<Node, NodeFacts>();

  constructor(servers: Servers, order: PassOrder) {
    this.#servers = servers;
    this.#order = order;
    this.#startedAt = order.clock.steady();
  }

  get progress(): PassProgress {
    const { clock, sorter } = this.#order;
    return {
      ...{ keys: sorter.keys, coverage: this.#coverage() },
      elapsedMs: clock.steady() - this.#startedAt,
    };
  }

  /** What each server that was scanned says of itself. */
  get facts(): NodeFacts[] {
    return [...this.#facts.values()];
  }

  /** Never rejects for what a server says. */
  async run(): Promise<Passed> {
    const { clock, sorter, pace } = this.#order;
    const scanned = await Promise.all(this.#servers.nodes.map((node) => this.#share(node)));
    const moved = await this.#moved();
    const lost = this.#servers.lost.map(
      ({ name, share, cause, reason }): ScannedNode => ({
        ...{ name, share, coverage: 0, replica: false, cause, reason },
      }),
    );
    return {
      coverage: this.#coverage(),
      keys: sorter.keys,
      pace,
      tookMs: Math.round(clock.steady() - this.#startedAt),
      nodes: [...scanned, ...lost],
      warnings: [...this.#servers.warnings, ...(sorter.approximate ? [APPROXIMATE] : []), ...moved],
    };
  }

  /** What went from one server to another meanwhile may have come by at neither. */
  async #moved(): Promise<string[]> {
    const count = await this.#servers.moved().catch((error: unknown) => {
      // What cannot be asked any more is told of the server itself.
      if (error instanceof SourceError || this.#order.signal.aborted) return 0;
      throw error;
    });
    if (count === 0) return [];
    const slots = count === 1 ? '1 hash slot' : `${count} hash slots`;
    return [`${slots} moved to another server meanwhile: keys that went with them may have been missed`];
  }

  #coverage(): number {
    const shares = this.#servers.nodes.map((node) => node.share * this.#visited(node));
    // Shares are fractions of slots: their sum may miss 1 by a rounding error.
    return rounded(
      Math.min(
        1,
        shares.reduce((sum, share) => sum + share, 0),
      ),
    );
  }

  #visited(node: Node): number {
    return Math.max(this.#earlier.get(node) ?? 0, this.#scans.get(node)?.visited ?? 0);
  }

  /** Scans what a server holds; where another one takes over from it, there. */
  async #share(first: Node): Promise<ScannedNode> {
    const { endsAt, clock, signal, target } = this.#order;
    let node = first;
    let unread: Claimed[] = [];
    for (;;) {
      const error = await this.#attempt(first, node, unread);
      const scan = this.#scans.get(first);
      const coverage = this.#visited(first);
      const found = { name: node.name, share: first.share, coverage, replica: node.replica };
      if (error === null) {
        // All of what it holds, and it may not hold what there is by now.
        const [stale = null] = isOutdated(node) ? stalenessOf(node) : [];
        const reason = coverage < 1 ? 'the time was up' : stale;
        return { ...found, reason, cause: reason === null ? null : 'incomplete' };
      }
      this.#earlier.set(first, coverage);
      unread = scan?.unread ?? unread;
      const next = signal.aborted ? null : await this.#replacementFor(node);
      if (next === null) {
        const isLate = signal.aborted || clock.steady() >= endsAt;
        const { cause, message } = redisError(error, target);
        return isLate && coverage > 0
          ? { ...found, reason: 'the time was up', cause: 'incomplete' }
          : { ...found, reason: message, cause };
      }
      node = next;
    }
  }

  /** @returns why it ended before its time; null: it did not */
  async #attempt(share: Node, node: Node, unread: readonly Claimed[]): Promise<Error | null> {
    try {
      const facts = await patiently(() => factsOf(node), this.#order);
      this.#facts.set(share, facts);
      const scan = new NodeScan(node, facts.layout, this.#order);
      this.#scans.set(share, scan);
      // What was under way when another server was lost has been seen, and its values have not.
      await scan.run(unread);
      return null;
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) throw error;
      return error as Error;
    }
  }

  async #replacementFor(node: Node): Promise<Node | null> {
    const { clock, endsAt, signal, target } = this.#order;
    // A server that stands alone has nobody to take over from it.
    const mayMove = target.topology.kind !== 'server';
    while (mayMove && clock.steady() < endsAt && !signal.aborted) {
      const next = await this.#servers.replacementFor(node).catch((error: unknown) => {
        if (error instanceof SourceError) return null;
        throw error;
      });
      if (next !== null) return next;
      await delay(ASK_AGAIN_MS, undefined, { signal }).catch(() => {});
    }
    return null;
  }
}
