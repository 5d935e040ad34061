import type { Args, ServerCode } from '../doctor/types.ts';
import { formatDuration } from '../values/duration.ts';
import { joined, listOf, numberOf, plural, said, type Teller, textOf } from './doctor-document.ts';
import { formatShare } from './numbers.ts';

/** How Redis and Prometheus stand, and what of that misleads triage. */
export const SERVER_SENTENCES: Readonly<Record<ServerCode, Teller>> = {
  'namespace-empty': ({ args }) => {
    const starts = listOf(args.starts);
    const rest = starts.length === 0 ? '' : `; other keys are there, which begin with ${joined(starts)}`;
    return said(
      `Redis has no key under ${textOf(args.namespace)}${rest}`,
      starts.length === 0
        ? 'See whether it is the right Redis: a system that runs leaves keys there.'
        : 'See whether it is the right Redis. If the system uses another prefix, the keys and the namespace of the runbook file have to say so.',
    );
  },
  'other-database': ({ args }) =>
    said(
      `database ${numberOf(args.db)} of this Redis is empty, while others hold keys: ${joined(listOf(args.databases).map(databaseOf))}`,
      'Name the right one at the end of the URL, as in redis://host:6379/1.',
    ),
  'redis-version': ({ args }) =>
    said(
      `Redis ${textOf(args.version ?? 'of an unknown version')}${args.keys === null ? '' : `, ${plural(numberOf(args.keys), 'key')}`}${args.usedBytes === null ? '' : `, ${bytes(args.usedBytes)} in use`}`,
    ),
  'redis-unknown': ({ reason }) =>
    said(`what Redis says of itself (INFO) is not known: ${textOf(reason, 300)}`),
  'servers-found': ({ args }) => {
    const names = listOf(args.names);
    return args.topology === 'cluster'
      ? said(
          `${plural(names.length, 'master')} of the cluster answer${names.length === 1 ? 's' : ''}: ${joined(names)}`,
        )
      : said(`the primary that sentinels name is ${joined(names)}`);
  },
  'server-lost': ({ args, reason }) =>
    said(
      `${textOf(args.name)} does not answer, which holds ${formatShare(numberOf(args.share))} of the keyspace: ${textOf(reason, 300)}`,
      'What it holds is unknown to triage, and remedies for keys there fail. Bring it back, or let a replica take over.',
    ),
  'role-primary': () => said('it is a primary, so it takes remedies'),
  'role-replica': ({ args }) =>
    said(
      `it is a replica (role ${textOf(args.role)}): it may be behind, and it answers every remedy with READONLY`,
      'Triage may read there. For remedies give the primary, by --redis-url or in a context of its own.',
    ),
  'replica-cut': () =>
    said(
      'the replica has lost its primary: what it holds is old',
      'Read from the primary until they are connected again.',
    ),
  evictable: ({ args }) =>
    said(
      `${typeof args.of === 'string' ? textOf(args.of) : 'it'} evicts keys when its memory is full (${textOf(args.policy)}, ${shareOf(args)} of ${bytes(args.maxmemoryBytes)} in use${evicted(args)}): ${endangered(args)} can vanish before ${String(args.policy).startsWith('allkeys') ? 'their time' : 'they end'}, and counters with them`,
      'Look again after a remedy (ratelimit blocks, ratelimit caps). A Redis of its own with noeviction keeps what is written.',
    ),
  'evicts-nothing': ({ args }) =>
    said(
      `${typeof args.of === 'string' ? 'none of them evicts anything' : 'it evicts nothing'} (${textOf(args.policy)}${numberOf(args.maxmemoryBytes) === 0 ? ', no maxmemory' : `, ${shareOf(args)} of ${bytes(args.maxmemoryBytes)} in use`})`,
    ),
  'eviction-unknown': ({ reason }) =>
    said(`whether blocks and caps can be evicted is not known: ${textOf(reason, 300)}`),
  'memory-full': ({ args }) =>
    said(
      `${typeof args.of === 'string' ? `the memory of ${textOf(args.of)}` : 'its memory'} is full (${shareOf(args)} of ${bytes(args.maxmemoryBytes)}) and it evicts nothing, so it refuses to write: remedies fail, and so do the counters that triage reads`,
      'Give it more memory (maxmemory), or find what fills it.',
    ),
  'pass-quick': ({ args }) => said(`triage's pass over the keys takes ${numberOf(args.latencyMs)} ms`),
  'pass-slow': ({ args }) =>
    said(
      `triage's pass over the keys takes ${numberOf(args.latencyMs)} ms, more than half of the deadline (${formatDuration(numberOf(args.timeoutSeconds))})`,
      'Raise --timeout, or `timeout` of the context, before it is too short: a pass that is cut short is unknown.',
    ),
  'prometheus-version': ({ args }) => said(`Prometheus ${textOf(args.version)}`),
  'version-unknown': ({ reason }) => said(`its version is not told: ${textOf(reason, 300)}`),
  'window-long-enough': ({ args }) =>
    said(
      `a sample about every ${interval(args)}, so a window of ${formatDuration(numberOf(args.windowSeconds))} is long enough`,
    ),
  'window-short': ({ args }) =>
    said(
      `${textOf(args.metric)} has a sample about every ${interval(args)}, so a window of ${formatDuration(numberOf(args.windowSeconds))} holds no rate (unless scraping has only just begun)`,
      'Use a longer --window, of two scrape intervals at least, or scrape more often.',
    ),
  'scraped-twice': ({ args }) =>
    said(
      `${textOf(args.instance)} is collected ${numberOf(args.copies)} times (by the label ${textOf(args.by)}): every rate of ${joined(listOf(args.metrics))} counts that often`,
      'Scrape it by one job only, or ask a server that drops the copies (the replica label). Until then read rates as that much too high.',
    ),
  'scraped-once': () =>
    said('no instance is seen to be collected twice (under two names of the same host it could not be seen)'),
  'scraping-unknown': ({ reason }) =>
    said(`how it collects the metrics could not be looked at: ${textOf(reason, 300)}`),
  'label-missing': ({ signal, args }) =>
    said(
      `no series of ${textOf(args.metric)} has the label ${textOf(args.label)} (signal ${signal ?? ''})`,
      "Say in the runbook's source the label that it has: until then triage sees nobody there, or nothing.",
    ),
  'value-missing': ({ signal, args }) =>
    said(
      `no series of ${textOf(args.metric)} has ${textOf(args.label)}="${textOf(args.value, 80)}" (signal ${signal ?? ''}); it has ${joined(listOf(args.values))}`,
      `Say in \`match\` ${/\w\|\w/.test(textOf(args.value)) ? 'a list of the exact values, which are no patterns' : 'the exact value, which is no pattern'}: until then triage sees nothing there, and takes it for calm.`,
    ),
  'other-prometheus': ({ args }) =>
    said(
      `there are more Prometheus than are asked: this one sees ${numberOf(args.count)} of them (${joined(listOf(args.names))}), and each has its own part of the numbers`,
      'List them in the context (prometheus: [url, url]), and what they see is added up; or ask one that sees all of the gateway hosts.',
    ),
  'instances-seen': ({ args }) => {
    const names = listOf(args.names);
    const count = numberOf(args.count);
    const more = count > names.length ? ', ...' : '';
    return said(
      `it sees ${plural(count, 'instance')} of the system (${names.join(', ')}${more}); hosts that another Prometheus collects cannot be seen from here: compare with the load balancer's list`,
    );
  },
  'clock-agrees': ({ source, args }) =>
    said(
      `${source ?? ''}'s clock agrees with this machine's (within ${Number((Math.abs(numberOf(args.aheadSeconds)) + numberOf(args.plusMinusSeconds)).toFixed(2))} s)`,
    ),
  'clock-skewed': ({ source, args }) => {
    const midnight = args.midnightSeconds;
    const near =
      typeof midnight === 'number'
        ? ` It is ${formatDuration(midnight) || '0s'} from midnight UTC, so the counters of the wrong day may be meant.`
        : '';
    return said(
      `${source ?? ''}'s clock is ${offBy(args)} this machine's: "last seen", windows and what counts as today are off by that.${near}`,
      'Let both machines follow the same time (NTP).',
    );
  },
  'clock-unknown': ({ source, reason }) =>
    said(`whether ${source ?? ''}'s clock agrees with this machine's is not known: ${textOf(reason, 300)}`),
};

/** `0.2 s behind`, `4 s ahead of`. */
function offBy({ aheadSeconds }: Args): string {
  const seconds = numberOf(aheadSeconds);
  const size = Math.abs(seconds);
  const shown = size < 60 ? `${Number(size.toFixed(1))} s` : formatDuration(Math.round(size));
  return `${shown} ${seconds > 0 ? 'ahead of' : 'behind'}`;
}

const interval = ({ intervalSeconds }: Args): string =>
  formatDuration(Math.max(1, Math.round(numberOf(intervalSeconds))));

const evicted = ({ evicted: count }: Args): string =>
  numberOf(count) > 0 ? `, ${plural(numberOf(count), 'key')} evicted so far` : '';

const shareOf = ({ used }: Args): string => formatShare(numberOf(used));

/** What has an end may go before it under any policy; what has none only where every key may. */
const endangered = ({ policy }: Args): string =>
  String(policy).startsWith('allkeys') ? 'blocks and caps' : 'blocks';

function databaseOf(text: string): string {
  const [db, keys] = text.split(' ');
  return `${db} (${plural(Number(keys), 'key')})`;
}

/** `1.5 GiB`. */
function bytes(value: Args[string] | undefined): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const size = numberOf(value);
  const power = size < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(size) / 10));
  return `${Number((size / 1024 ** power).toPrecision(3))} ${units[power]}`;
}
