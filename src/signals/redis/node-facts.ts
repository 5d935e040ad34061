import { SourceError } from '../source-error.ts';
import type { Layout } from './cursor.ts';
import { parseInfo } from './health.ts';
import type { Node } from './servers.ts';

/** What a server says of itself that decides how it is scanned and what its keys are worth. */
export interface NodeFacts {
  /** `any-key` may be evicted, or only `keys-with-ttl`, or `nothing`; null: not told. */
  readonly evicts: 'any-key' | 'keys-with-ttl' | 'nothing' | null;
  /** The server's word for it. */
  readonly policy: string | null;
  readonly layout: Layout;
}

/**
 * Asks a server once, before anything else is read.
 * @throws SourceError when it is loading its data: what it would show is not what it will hold
 */
export async function factsOf({ redis, name, slots }: Node): Promise<NodeFacts> {
  let text: string;
  try {
    // A proxy may answer whatever it likes.
    text = String(await redis.info());
  } catch (error) {
    // Not every user may ask, and not every proxy knows the question.
    if (!(error instanceof Error) || error.name !== 'ReplyError' || error.message.startsWith('LOADING')) {
      throw error;
    }
    return { evicts: null, policy: null, layout: slots === null ? 'table' : 'unknown' };
  }
  const { isLoading, policy, maxmemoryBytes, version, valkey } = parseInfo(text);
  if (isLoading) throw new SourceError('refused', `${name}: the server is still loading its data`);
  return {
    policy,
    evicts: evictionBy(policy, maxmemoryBytes),
    layout: layoutFor({ slots, version, valkey }),
  };
}

function evictionBy(policy: string | null, maxmemoryBytes: number | null): NodeFacts['evicts'] {
  if (policy === null) return null;
  // Without a limit nothing is evicted, whatever the policy.
  if (maxmemoryBytes === 0 || policy === 'noeviction') return 'nothing';
  return policy.startsWith('volatile-') ? 'keys-with-ttl' : 'any-key';
}

function layoutFor({
  slots,
  version,
  valkey,
}: Pick<Node, 'slots'> & { readonly version: string | null; readonly valkey: string | null }): Layout {
  if (slots === null) return 'table';
  const [major = 0, minor = 0] = (valkey ?? version ?? '').split('.').map(Number);
  if (valkey !== null) return major >= 8 ? { slots } : 'table';
  if (version === null) return 'unknown';
  return major > 7 || (major === 7 && minor >= 4) ? { slots } : 'table';
}
