import type { RedisTarget } from '../../config/types.ts';
import { estimate } from '../../evidence/sample.ts';
import {
  absent,
  type Cause,
  empty,
  measured,
  type Reading,
  rowOf,
  type Scan,
  unknown,
} from '../../evidence/types.ts';
import { redisError } from './client.ts';
import type { Family, Finished } from './family.ts';
import type { NodeFacts } from './node-facts.ts';
import type { Passed } from './pass.ts';
import type { Servers } from './servers.ts';
import type { Sorter } from './sorter.ts';

/** What a family came to: its reading, what each of its sources holds, and why they were not read to the end. */
export interface Found extends Finished {
  /** null: they were. */
  readonly gap: Gap | null;
  /** What is to be said of a source of which no key was seen. */
  readonly none: Reading;
}

/** Why some of the keyspace was not read, or not as it is now. */
export interface Gap {
  readonly cause: Cause;
  readonly reason: string;
}

interface Looked {
  readonly sorter: Sorter;
  readonly namespace: string;
  readonly target: RedisTarget;
}

/** Makes the readings of a pass that has ended, however far it came. */
export class Findings {
  readonly #servers: Servers;
  readonly #passed: Passed;
  readonly #looked: Looked;
  readonly #gap: Gap | null;

  constructor(servers: Servers, passed: Passed, looked: Looked) {
    this.#servers = servers;
    this.#passed = passed;
    this.#looked = looked;
    this.#gap = gapIn(passed, looked);
  }

  /** The pass, for the evidence. */
  get scan(): Scan {
    const { coverage, ...rest } = this.#passed;
    return { coverage, reason: this.#gap?.reason ?? null, ...rest };
  }

  async of(family: Family): Promise<Found> {
    const gap = this.#gap;
    const none = this.#none(family);
    if (this.#passed.coverage === 0) return { reading: none, sources: [], gap, none };
    let finished: Finished | null;
    try {
      finished = await family.finish(this.#servers.keys, this.#passed.coverage);
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) throw error;
      const { cause, message } = redisError(error, this.#looked.target);
      return { reading: unknown(cause, message), sources: [], gap: { cause, reason: message }, none };
    }
    return { ...(finished ?? { reading: none, sources: [] }), gap, none };
  }

  /** Redis cannot tell "never existed" from "all expired"; a living namespace says that the system writes here. */
  #none({ labels }: Family): Reading {
    const { namespace, sorter, target } = this.#looked;
    const { coverage } = this.#passed;
    const gap = this.#gap;
    if (gap !== null) {
      const { cause, reason } = gap;
      if (coverage === 0) return unknown(cause, reason);
      if (coverage >= 1) return unknown(cause, `no key ${labels.join(', ')} there: ${reason}`);
      const sample = estimate({ total: 0, squares: 0, distinct: 0 }, coverage);
      return { ...unknown(cause, `no key ${labels.join(', ')} so far, ${reason}`), coverage, sample };
    }
    if (sorter.namespaceSeen) return empty(`no key ${labels.join(', ')}`);
    return absent(`${target.display} holds no key under ${namespace === '' ? 'any name' : `${namespace}*`}`);
  }
}

/** Nodes that are named in a reason. */
const NAMED = 3;

/** Why the pass did not reach all keys. What was refused stands first, since the exit code follows it. */
function gapIn({ coverage, nodes, keys }: Passed, { target }: Looked): Gap | null {
  const open = nodes.filter(({ reason }) => reason !== null);
  if (open.length === 0) return null;
  const isAlone = nodes.length === 1;
  const named = open
    .slice(0, NAMED)
    .map(({ name, share, reason }) =>
      isAlone ? `${reason}` : `${name} (${percent(share)} of it): ${reason}`,
    );
  const why = `${named.join('; ')}${open.length > NAMED ? ` and ${open.length - NAMED} more` : ''}`;
  const cause = (open.find((one) => one.cause === 'auth') ?? open[0])?.cause ?? 'incomplete';
  // Of a replica that is behind all was read, and that is not all there is.
  if (coverage === 0 || coverage >= 1) return { cause, reason: isAlone ? why : `${target.display}: ${why}` };
  return {
    cause,
    reason: `${percent(coverage)} of the keyspace was read (${keys.toLocaleString('en-US')} keys seen): ${why}`,
  };
}

/** Never as much as 100 %, and never nothing. */
const percent = (share: number): string => {
  const inHundred = Math.max(0.1, Math.min(99.9, share * 100));
  return `${inHundred < 10 || inHundred > 99 ? inHundred.toFixed(1) : inHundred.toFixed(0)} %`;
};

/** What the servers may evict, as a reading: how many of them say so. */
export function evictionOf(facts: readonly NodeFacts[]): Found {
  const known = facts.flatMap(({ evicts, policy }) => (evicts === null ? [] : [{ evicts, policy }]));
  const none = absent('the server does not say what it evicts (INFO is not allowed)');
  if (known.length === 0) return { reading: none, sources: [], gap: null, none };
  const rows = [...new Set(known.map(({ evicts }) => evicts))].map((id) => {
    const same = known.filter(({ evicts }) => evicts === id);
    const policies = [...new Set(same.map(({ policy }) => policy ?? ''))];
    const mix = Object.fromEntries(
      policies.map((policy) => [policy, same.filter((one) => one.policy === policy).length]),
    );
    return rowOf({ id, valid: true, value: same.length, labels: { policy: mix } });
  });
  rows.sort((a, b) => b.value - a.value);
  const reading = measured({ total: known.length, distinct: rows.length, rows });
  const sample = rows[0] === undefined ? null : { id: rows[0].id, value: rows[0].value };
  return { reading, sources: [{ entities: known.length, sample }], gap: null, none };
}
