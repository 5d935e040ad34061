import type { Runbook } from '../runbooks/schema.ts';
import { namesOf } from '../runbooks/sources.ts';

// What this program sends to Redis, by what it is for. The exact users of `doctor --acl` and of the documents are made from
// this; a test runs the commands under them: nothing may be refused, and nothing may be left out without harm.

/** What a right is needed for. */
export type Use =
  | 'triage'
  | 'blocks'
  | 'caps'
  | 'kill-switch'
  | 'journal'
  | 'doctor'
  | 'block-ip'
  | 'unblock-ip'
  | 'raise-cap';

export interface Need {
  readonly use: Use;
  /** Lower case. */
  readonly command: string;
  /** A key template of the runbook, or the name of the team's stream; null: the command has no key. */
  readonly key: string | null;
  /** True when it changes what the key holds. */
  readonly writes: boolean;
}

/** What of the configuration decides which rights are needed. */
export interface Aim {
  /** The team's stream; null: none. */
  readonly journalStream: string | null;
  /** The number of the database. */
  readonly db: number;
  /** True for a cluster, whose nodes are asked who serves what (false). */
  readonly isCluster?: boolean;
}

/** The map of a cluster, a key on its way to another node, and a replica that stands in. */
const CLUSTER = ['cluster|slots', 'asking', 'readonly'];
/** What a signal reads of a key. */
const READ = ['mget', 'pttl', 'type'];
/** What a look at single keys reads of each. */
const LOOK = [...READ, 'exists'];
/** The compare-and-set, and what its script reads. */
const COMPARE = ['eval', 'evalsha', 'get', 'pttl'];

/** Every command that is sent, with every family of keys that it is sent for. */
export function needsOf(runbook: Runbook, { journalStream, db, isCluster = false }: Aim): Need[] {
  const read = (use: Use, commands: readonly string[], keys: readonly (string | null)[] = [null]) =>
    product(use, commands, keys, false);
  const write = (use: Use, commands: readonly string[], keys: readonly string[]) =>
    product(use, commands, keys, true);
  const { 'block-ip': block, 'raise-cap': raise, 'kill-switch': halt } = runbook.remedies;
  const families = Object.values(runbook.signals).flatMap(({ sources }) =>
    sources.flatMap((source) => (source.kind.startsWith('redis-') ? namesOf(source) : [])),
  );
  const counters = block?.counters.map(({ key }) => key) ?? [];
  const blocks = block === null ? [] : [block.key];
  const spends = (raise === null ? [] : (runbook.signals[raise.signal]?.sources ?? [])).flatMap((source) =>
    source.kind === 'redis-spend' && source.cap !== null ? [{ spend: source.spend, cap: source.cap }] : [],
  );
  const caps = spends.slice(0, 1).map(({ cap }) => cap);
  const switches = halt === null ? [] : [...(halt.key === null ? [] : [halt.key]), ...halt.reasons];
  const stream = journalStream === null ? [] : [journalStream];
  return [
    ...read('triage', ['scan', 'time', ...(db === 0 ? [] : ['select']), ...(isCluster ? CLUSTER : [])]),
    ...read('triage', READ, families),
    ...read('blocks', LOOK, blocks),
    ...read('caps', LOOK, [...caps, ...spends.map(({ spend }) => spend)]),
    ...read('kill-switch', LOOK, switches),
    ...read('journal', ['xrevrange'], stream),
    ...read('doctor', ['info']),
    ...read('block-ip', LOOK, [...blocks, ...counters, ...(block?.peers ?? [])]),
    ...write('block-ip', [...COMPARE, 'set'], blocks),
    ...write('unblock-ip', [...COMPARE, 'del'], [...blocks, ...counters]),
    // To undo a raise may mean to take away a cap that was not there before.
    ...write('raise-cap', [...COMPARE, 'set', 'del'], caps),
    ...write('journal', ['xadd'], stream),
  ];
}

const product = (
  use: Use,
  commands: readonly string[],
  keys: readonly (string | null)[],
  writes: boolean,
): Need[] =>
  [...new Set(keys)].flatMap((key) => commands.map((command): Need => ({ use, command, key, writes })));
