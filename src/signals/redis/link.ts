import type { Redis } from 'ioredis';
import type { RedisTarget } from '../../config/types.ts';
import type { Answered, Call, How } from './call.ts';
import type { Look } from './look.ts';
import type { Lost, Opening } from './servers.ts';

/** A server that takes writes. */
export interface Primary {
  /** `host:port`, or the path of the socket. */
  readonly name: string;
  readonly redis: Redis;
  readonly server: RedisTarget;
  /** Of the keyspace, 0 to 1. */
  readonly share: number;
}

export interface Primaries {
  readonly nodes: readonly Primary[];
  readonly lost: readonly Lost[];
}

/** What a keyspace is reached over where it is written: one connection, or one to each node of a cluster. */
export interface Link {
  /** How messages name it. */
  readonly server: RedisTarget;
  /** True when it was hung up, by whomever. */
  isEnded(): boolean;
  /** Answers in the order of the calls; what one server says is an answer, a connection that is gone too. */
  run(calls: readonly Call[], how: How): Promise<Answered[]>;
  /** Values, expiries and what is no text. */
  look(keys: readonly Buffer[]): Promise<Look>;
  /** Texts that keys hold, at one moment of one server's clock; null: no such key, or no text. */
  texts(keys: readonly string[]): Promise<{ readonly nowMs: number; readonly values: (string | null)[] }>;
  /** All names that a pattern covers, latin1, each once. @throws SourceError when they are not all */
  names(glob: Buffer): Promise<ReadonlySet<string>>;
  /** Every server that takes writes, each connected. @throws SourceError when none is reached */
  primaries(): Promise<Primaries>;
  /** Where it is known that its servers are, besides what is configured: hosts. */
  hosts(): Promise<readonly string[]>;
  close(): void;
}

/**
 * @param opening its signal ends the attempt alone
 * @throws SourceError
 */
export async function openLink(target: RedisTarget, opening: Opening): Promise<Link> {
  switch (target.topology.kind) {
    case 'server': {
      const [{ connectRedis }, { soleLink }] = await Promise.all([
        import('./client.ts'),
        import('./sole-link.ts'),
      ]);
      return soleLink(target, await connectRedis(target, opening.timeoutMs, opening.signal));
    }
    case 'sentinel':
      return (await import('./sentinel-link.ts')).openSentinelLink(target, opening);
    case 'cluster':
      return (await import('./cluster-link.ts')).openClusterLink(target, opening);
  }
}
