import type { Alert, AlertInhibitor, AlertSilence } from '../evidence/alert.ts';
import type { Firing, Silence } from '../signals/alertmanager.ts';
import type { Clock } from '../signals/asked.ts';
import type { SourceError } from '../signals/source-error.ts';
import { formatDuration } from '../values/duration.ts';
import { nearest } from '../values/nearest.ts';
import { quote } from '../values/text.ts';
import type { Group } from './group.ts';
import { labelOf } from './lead.ts';

/** What was asked, and of whom. */
interface Asking {
  /** The Alertmanager's URL, without credentials. */
  readonly source: string;
  readonly wanted: string | null;
}

/** What is kept of somebody else's texts. */
const MOST = { labels: 64, instances: 50, suppressors: 20, text: 1_000, url: 4_096 };

const NOTHING: Omit<Alert, 'source' | 'wanted' | 'state' | 'reason' | 'cause'> = {
  ...{
    name: null,
    fingerprint: null,
    startsAt: null,
    firingForSeconds: null,
    labels: {},
    generatorUrl: null,
  },
  ...{ silencedBy: [], inhibitedBy: [], mutedBy: [], instanceCount: 0, instances: [], warnings: [] },
  windowSeconds: null,
  pickedBy: { context: 'default', runbook: 'default' },
};

/** The alert could not be read: what is triaged is what would be without one. */
export const unreadAlert = (
  { source, wanted }: Asking,
  { cause, message }: Pick<SourceError, 'cause' | 'message'>,
  warnings: readonly string[],
): Alert => ({ ...NOTHING, ...{ source, wanted, state: 'unknown', reason: message, cause, warnings } });

/** Names that are compared with one that was mistyped. */
const COMPARED = 200;

/** No such alert fires. @param all those that do */
export function notFiring(
  { source, wanted }: Asking,
  all: readonly Firing[],
  warnings: readonly string[],
): Alert {
  const names = [...new Set(all.map(({ labels }) => labelOf(labels, 'alertname')))];
  const short = names.filter((name) => name.length <= 80).slice(0, COMPARED);
  const near = wanted === null ? '' : nearest(wanted.slice(0, 80), short);
  const what = wanted === null ? 'no alert of a runbook fires' : `${quote(wanted)} does not fire`;
  const reason = `${what} at ${source}; ${othersIn(all.length, names)}${near}`;
  return { ...NOTHING, ...{ source, wanted, state: 'not-firing', reason, cause: null, warnings } };
}

function othersIn(count: number, names: readonly string[]): string {
  if (count === 0) return 'nothing does';
  const more = names.length > 3 ? ', ...' : '';
  return `${count === 1 ? 'another does' : `${count} others do`}: ${names.slice(0, 3).map(quote).join(', ')}${more}`;
}

/** Ids of the silences that are to be read: the first few. */
export const silencesOf = ({ instances }: Group): string[] =>
  [...tally(instances.map(({ silencedBy }) => silencedBy)).keys()].slice(0, MOST.suppressors);

/**
 * What is to be said of alerts that are triaged together.
 * @param all every alert that fires: those that inhibit are among them
 * @param silences by id; one that could not be read is missing
 * @param now milliseconds since the epoch
 */
export function aboutAlert(
  { source, wanted }: Asking,
  { name, lead, instances }: Group,
  all: readonly Firing[],
  silences: ReadonlyMap<string, Silence>,
  now: number,
  clock: Clock,
): Alert {
  const [first] = instances;
  const shared = sharedLabels(instances);
  return {
    ...{ source, wanted, reason: null, cause: null },
    state: instances.some(({ state }) => state === 'active') ? 'active' : 'suppressed',
    name: cut(name),
    ...{ fingerprint: first.fingerprint, startsAt: first.startsAt },
    // Its clock may be ahead of ours.
    firingForSeconds: Math.max(0, Math.round((now - clock.ms(first.startsAt)) / 1_000)),
    labels: kept(Object.entries(shared)),
    generatorUrl: webUrl(first.generatorUrl),
    silencedBy: silencesIn(instances, silences, now, clock),
    inhibitedBy: inhibitorsIn(instances, all),
    mutedBy: [...new Set(instances.flatMap(({ mutedBy }) => mutedBy))].slice(0, MOST.suppressors).map(cut),
    instanceCount: instances.length,
    instances: instances.slice(0, MOST.instances).map(({ fingerprint, state, startsAt, labels }) => ({
      ...{ fingerprint, state, startsAt },
      labels: kept(Object.entries(labels).filter(([label]) => !Object.hasOwn(shared, label))),
    })),
    windowSeconds: windowFor(instances, now, clock),
    pickedBy: lead.by,
    warnings: [...lead.warnings, ...aheadOf(first.startsAt, now, clock)],
  };
}

/** Clocks that are apart by less are nobody's trouble, milliseconds. */
const AHEAD = 60_000;

function aheadOf(startsAt: string, now: number, clock: Clock): string[] {
  const ahead = clock.ms(startsAt) - now;
  if (ahead < AHEAD) return [];
  return [
    `it began ${formatDuration(Math.round(ahead / 1_000))} from now by this machine's clock: that one, or the one of its Prometheus, is wrong`,
  ];
}

/** How many times each stands in the lists, in the order of their first. */
function tally(lists: readonly (readonly string[])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of lists.flat()) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
}

function silencesIn(
  instances: Group['instances'],
  silences: ReadonlyMap<string, Silence>,
  now: number,
  clock: Clock,
): AlertSilence[] {
  const counts = tally(instances.map(({ silencedBy }) => silencedBy));
  return [...counts].slice(0, MOST.suppressors).map(([id, count]) => {
    const { createdBy, comment, endsAt } = silences.get(id) ?? {};
    return {
      ...{ id, instances: count, endsAt: endsAt ?? null },
      createdBy: createdBy === undefined ? null : cut(createdBy),
      comment: comment === undefined ? null : cut(comment),
      endsInSeconds: endsAt === undefined ? null : Math.round((clock.ms(endsAt) - now) / 1_000),
    };
  });
}

function inhibitorsIn(instances: Group['instances'], all: readonly Firing[]): AlertInhibitor[] {
  const counts = tally(instances.map(({ inhibitedBy }) => inhibitedBy));
  return [...counts].slice(0, MOST.suppressors).map(([fingerprint, count]) => {
    const other = all.find((one) => one.fingerprint === fingerprint);
    const name = other === undefined ? null : cut(labelOf(other.labels, 'alertname'));
    return { fingerprint, name, instances: count };
  });
}

function sharedLabels([first, ...others]: Group['instances']): Readonly<Record<string, string>> {
  const shared = Object.entries(first.labels).filter(([label, value]) =>
    others.every(({ labels }) => Object.hasOwn(labels, label) && labels[label] === value),
  );
  return Object.fromEntries(shared);
}

/** The labels that say most come first. */
const FIRST = ['severity', 'cluster', 'environment', 'env', 'region', 'tenant', 'tenant_id'];

function kept(labels: readonly (readonly [string, string])[]): Record<string, string> {
  const rank = (label: string) => (FIRST.includes(label) ? FIRST.indexOf(label) : FIRST.length);
  const sorted = labels
    .filter(([label]) => label !== 'alertname')
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return Object.fromEntries(sorted.slice(0, MOST.labels).map(([label, value]) => [cut(label), cut(value)]));
}

const cut = (text: string): string => (text.length <= MOST.text ? text : `${text.slice(0, MOST.text - 1)}…`);

/** Of the window, seconds: the usual one, and as long as a page is new. */
const WINDOW = { least: 300, most: 900 };

/** An http(s) URL without credentials; null: it is none. */
function webUrl(text: string): string | null {
  if (!/^https?:\/\//i.test(text) || text.length > MOST.url || !URL.canParse(text)) return null;
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.href;
}

/**
 * How long Prometheus is averaged over, seconds: since the latest of the alerts began to fire, so that each of them
 * fired throughout; at least the usual 5 minutes and at most 15. Averages from then on stay above what they fire at.
 * @param now milliseconds since the epoch
 */
function windowFor(instances: Group['instances'], now: number, clock: Clock): number {
  const latest = instances.reduce((last, { startsAt }) => Math.max(last, clock.ms(startsAt)), -Infinity);
  return Math.min(WINDOW.most, Math.max(WINDOW.least, Math.round((now - latest) / 1_000)));
}
