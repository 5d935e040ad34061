import type { Word } from '../completion/line.ts';
import { waitFor } from '../completion/wait.ts';
import { readFileStart } from '../config/files.ts';
import type { ConfigInput } from '../config/in-use.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { Context } from '../context.ts';
import { loadRunbook } from '../runbooks/load.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { someNames } from '../signals/redis/some-names.ts';
import { isAddress } from '../values/address.ts';
import { isPlainId } from '../values/parse.ts';
import { prefixOf } from '../values/template.ts';
import { capKeys, specOf } from './parts.ts';

/** How long Redis is asked at the most, from the first attempt to connect on. */
const LIVE_MS = 300;
/** A quarter of a million keys visited. */
const MOST_CALLS = 256;
const MOST_NAMES = 200;

/** What each kind is kept under, and which names of it may be put into a command line. */
const KINDS = {
  blocked: {
    keyOf: (runbook: Runbook) => specOf(runbook, 'block-ip').key,
    isValid: isAddress,
    about: 'blocked',
  },
  agent: {
    keyOf: (runbook: Runbook) => capKeys(runbook, specOf(runbook, 'raise-cap').signal).cap,
    isValid: isPlainId,
    about: 'has a cap',
  },
} as const;

/**
 * Blocked addresses or agents with a cap, asked of the Redis that the line would be run against; those that are found in
 * 300 ms, in order. @param typed what they begin with
 * @throws whatever keeps it from asking; a Redis that does not answer is an empty list
 */
export async function live(
  kind: keyof typeof KINDS,
  typed: string,
  input: ConfigInput,
  context: Context,
): Promise<Word[]> {
  const { keyOf, isValid, about } = KINDS[kind];
  const config = await resolveConfig({ ...input, readFile: readFileStart });
  const prefix = prefixOf(keyOf(await loadRunbook(config.runbook, context.runbooks)));
  const keyspace = await context.keyspace({ ...config, timeoutSeconds: LIVE_MS / 1_000 });
  const found = new Set<string>();
  const time = new AbortController();
  const bounds = { calls: MOST_CALLS, names: MOST_NAMES, until: time.signal };
  // What is being typed makes the answers short; the server visits as many keys.
  await waitFor(someNames(keyspace, `${prefix}${typed}`, bounds, found), LIVE_MS);
  time.abort();
  keyspace.close();
  const names = [...found].map((name) => name.slice(Buffer.byteLength(prefix)));
  return names
    .filter(isValid)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((value) => ({ value, about }));
}
