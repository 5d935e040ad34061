import type { Firing } from '../signals/alertmanager.ts';
import { type Known, type Lead, labelOf, leadOf } from './lead.ts';

/** Alerts of one name that lead to the same context and runbook: one incident, as far as can be told. */
export interface Group {
  readonly name: string;
  readonly lead: Lead;
  /** The one that fires longest first. */
  readonly instances: readonly [Firing, ...Firing[]];
}

/** Alerts by their name and where they lead, the group that fires longest first. */
export function groupsOf(alerts: readonly Firing[], known: Known): Group[] {
  const groups = new Map<string, Group & { readonly instances: [Firing, ...Firing[]] }>();
  for (const alert of [...alerts].sort(byAge)) {
    const name = labelOf(alert.labels, 'alertname');
    const lead = leadOf(alert.labels, known);
    const key = JSON.stringify([name, lead.target, lead.elsewhere]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { name, lead, instances: [alert] });
    else group.instances.push(alert);
  }
  return [...groups.values()];
}

const byAge = (a: Firing, b: Firing): number =>
  order(a.startsAt, b.startsAt) || order(a.fingerprint, b.fingerprint);
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Which groups were meant, and what was left out for a reason. */
export interface Meant {
  readonly groups: readonly Group[];
  readonly warnings: readonly string[];
}

const FINGERPRINT = /^[0-9a-f]{16}$/i;

/**
 * The groups that were asked for: one alert by its fingerprint, all of a name, or whatever fires and is known to a
 * rule, a label or a runbook. What somebody named is taken whatever it is.
 * @param wanted null: neither fingerprint nor name was given
 */
export function meantBy(wanted: string | null, alerts: readonly Firing[], known: Known): Meant {
  if (wanted === null) return ours(groupsOf(alerts, known));
  const exact = alerts.filter(({ fingerprint }) => fingerprint === wanted.toLowerCase());
  if (FINGERPRINT.test(wanted) && exact.length > 0) {
    const groups = groupsOf(exact, known);
    return { groups, warnings: groups.flatMap(({ lead }) => notThere(lead)) };
  }
  return here(
    groupsOf(
      alerts.filter(({ labels }) => labelOf(labels, 'alertname') === wanted),
      known,
    ),
  );
}

const notThere = ({ elsewhere }: Lead): string[] =>
  elsewhere === null
    ? []
    : [`the alert is about context ${elsewhere}, and another one was named for this run`];

/** Those that are not about another context than the one that was named; with none of them, all. */
function here(groups: readonly Group[]): Meant {
  const those = groups.filter(({ lead }) => lead.elsewhere === null);
  if (those.length === groups.length) return { groups, warnings: [] };
  if (those.length === 0)
    return { groups, warnings: groups.slice(0, 1).flatMap(({ lead }) => notThere(lead)) };
  const left = groups.filter(({ lead }) => lead.elsewhere !== null);
  return { groups: those, warnings: [`${countOf(left)} of other contexts left out`] };
}

/** Those that are ours, and of these the ones that somebody is told of, when there are any. */
function ours(all: readonly Group[]): Meant {
  const known = all.filter(({ lead }) => lead.isOurs && lead.elsewhere === null);
  const left = all.filter(({ lead }) => lead.isOurs && lead.elsewhere !== null);
  const loud = known.filter(({ instances }) => instances.some(({ state }) => state === 'active'));
  const groups = loud.length > 0 ? loud : known;
  const quiet = known.filter((group) => !groups.includes(group));
  return {
    groups,
    warnings: [
      ...(left.length > 0 ? [`${countOf(left)} of other contexts left out`] : []),
      ...(quiet.length > 0
        ? [`${countOf(quiet)} left out, silenced or inhibited: --alert takes one by its name`]
        : []),
    ],
  };
}

function countOf(groups: readonly Group[]): string {
  const count = groups.reduce((sum, { instances }) => sum + instances.length, 0);
  return `${count} ${count === 1 ? 'alert' : 'alerts'}`;
}
