import type { Redis } from 'ioredis';
import type { RedisTarget } from '../../config/types.ts';
import type { Cause } from '../../evidence/types.ts';
import type { Behind } from './standing.ts';

/** One server of the keyspace, scanned over a connection of its own. */
export interface Node {
  /** `host:port`, or the path of the socket, for people. */
  readonly name: string;
  /** A plain connection to that very server; READONLY is sent already where it is a replica in a cluster. */
  readonly redis: Redis;
  /** Share of the keyspace that it holds, 0 to 1: by hash slots in a cluster, else 1. */
  readonly share: number;
  /** Hash slots that it holds, as ranges of first and last; null: no cluster. */
  readonly slots: readonly SlotRange[] | null;
  /** True when it is a replica. */
  readonly replica: boolean;
  /** Of a replica: how old what it holds may be. null: it is the primary, or does not say. */
  readonly behind: Behind | null;
}

export type SlotRange = readonly [first: number, last: number];

/** A part of the keyspace that nobody answers for. */
export interface Lost {
  /** The server's `host:port`, or the slots that no server has. */
  readonly name: string;
  /** Of the keyspace, 0 to 1. */
  readonly share: number;
  readonly cause: Cause;
  readonly reason: string;
}

/** A key as the bytes that it is; plain ASCII may be a text, which is faster. */
export type Key = string | Buffer;

/**
 * Looks at single keys wherever they are: in a cluster by slot, following MOVED and ASK. Replies come in the order of the
 * keys. A key that cannot be reached is never a key that is not there.
 */
export interface KeyAccess {
  /** As text, what is not UTF-8 replaced. null: no such key, or one of another type. An error: its server does not answer. */
  values(keys: readonly Key[]): Promise<(string | null | Error)[]>;
  /** PTTL: milliseconds; -2 gone, -1 no expiry. NaN: its server does not answer. */
  pttl(keys: readonly Key[]): Promise<number[]>;
  /** TYPE in Redis's words, `none` for one that is gone. */
  types(keys: readonly Key[]): Promise<string[]>;
}

/** The servers that hold a keyspace, each connected. */
export interface Servers {
  readonly nodes: readonly Node[];
  readonly lost: readonly Lost[];
  /** What to know of what is read there: replicas that may be behind, and why others are read than was asked for. */
  readonly warnings: readonly string[];
  readonly keys: KeyAccess;
  /**
   * Where the part of the keyspace of a node that was lost is served now, after a failover: asks the topology anew.
   * null: nowhere yet.
   */
  replacementFor(node: Node): Promise<Node | null>;
  /** How many hash slots have gone to other servers since: keys that went with them may have been missed. Not a failover. */
  moved(): Promise<number>;
  close(): void;
}

export interface Opening {
  /** For every connection and question. */
  readonly timeoutMs: number;
  /** Ends the opening, and whatever goes on over the connections afterwards. */
  readonly signal: AbortSignal;
}

/**
 * Finds and connects to the servers of a target. A cluster of which some nodes answer opens; the rest is in `lost`.
 * @throws SourceError when none does
 */
export async function openServers(target: RedisTarget, opening: Opening): Promise<Servers> {
  switch (target.topology.kind) {
    case 'server':
      return (await import('./one-server.ts')).openServer(target, opening);
    case 'sentinel':
      return (await import('./sentinel.ts')).openSentinel(target, opening);
    case 'cluster':
      return (await import('./cluster.ts')).openCluster(target, opening);
  }
}
