import type { Alert, AlertInstance, PickedBy } from '../evidence/alert.ts';
import { LEADING_LABELS } from '../values/alert-labels.ts';
import { formatDuration } from '../values/duration.ts';
import { escapeText } from './escape.ts';
import { someOf } from './lines.ts';
import { formatNumber } from './numbers.ts';
import { showSeconds } from './times.ts';

/** What is said of the alert before the verdict; everything is escaped. */
export interface AlertText {
  /** That it fires, and since when; or that it does not. */
  readonly title: string;
  /** Its labels, and where it leads. */
  readonly facts: readonly string[];
  /** What suppresses it, and what is to be known to believe the rest. */
  readonly remarks: readonly string[];
}

const NAME = 100;
const SHOWN = { labels: 8, values: 3, value: 60, comment: 200, suppressors: 5, warning: 500, url: 500 };
/** The usual window, seconds. */
const USUAL = 300;

/** What the run made of it. */
interface Run {
  /** It was recorded earlier. */
  readonly replayed: boolean;
  /** What is triaged. */
  readonly context: string | null;
  readonly runbook: string;
}

/** @param run null: nothing is triaged so far */
export function alertText(alert: Alert, run: Run | null = null): AlertText {
  const replayed = run?.replayed ?? false;
  const warnings = alert.warnings.map((warning) => escapeText(warning, SHOWN.warning));
  const led = run === null ? [] : ledTo(alert, run);
  const query =
    alert.generatorUrl === null ? [] : [`its query: ${escapeText(alert.generatorUrl, SHOWN.url)}`];
  return {
    title: titleOf(alert, replayed),
    facts: [...labelsOf(alert), ...led, ...query],
    remarks: [...suppressedBy(alert, replayed), ...warnings],
  };
}

function titleOf(alert: Alert, replayed: boolean): string {
  const reason = escapeText(alert.reason ?? '', SHOWN.warning);
  if (alert.state === 'unknown') return `Alert not known: ${reason}; judged without it`;
  if (alert.state === 'not-firing') return `Alert: ${reason}`;
  const count = alert.instanceCount > 1 ? `, ${formatNumber(alert.instanceCount)} instances` : '';
  const silent = alert.state === 'suppressed' ? ', and nobody is told' : '';
  const verb = replayed ? 'had fired' : 'fires';
  return `Alert ${escapeText(alert.name ?? '', NAME)} ${verb} since ${sinceOf(alert, replayed)}${count}${silent}`;
}

/** `2026-05-29 03:00:04 UTC (12m ago)`; of one that was recorded, how long that had been. */
const sinceOf = ({ startsAt, firingForSeconds }: Alert, replayed: boolean): string =>
  `${moment(startsAt ?? '')} (${showSeconds(firingForSeconds ?? 0)}${replayed ? '' : ' ago'})`;

/** Made by our own clock, so it is one. */
const moment = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;

/** What they lead to is said in words. */
const LEADING: ReadonlySet<string> = new Set(Object.values(LEADING_LABELS));

function labelsOf(alert: Alert): string[] {
  const shared = Object.entries(alert.labels).filter(([label]) => !LEADING.has(label));
  const lines = shared.length === 0 ? [] : [someOf(shared.map(showLabel), SHOWN.labels)];
  return [...lines, ...differences(alert)];
}

/** `tenant: acme, globex and 3 more`: by label, what the instances differ in, as far as they are kept. */
function differences({ instances, instanceCount }: Alert): string[] {
  const labels = [...new Set(instances.flatMap((one) => Object.keys(one.labels)))];
  const kept = instanceCount > instances.length ? ` (of the ${instances.length} that fire longest)` : '';
  return labels.slice(0, SHOWN.labels).map((label) => {
    const values = [...new Set(instances.map((one) => labelIn(one, label)))];
    return `${escapeText(label, NAME)}: ${someOf(values.map(showValue), SHOWN.values)}${kept}`;
  });
}

const labelIn = ({ labels }: AlertInstance, label: string): string =>
  Object.hasOwn(labels, label) ? (labels[label] ?? '') : '';

export const showLabel = ([label, value]: readonly [string, string]): string =>
  `${escapeText(label, NAME)}=${showValue(value)}`;

/** A value as it is, in quotes where it might be taken for more than that. An empty one is none: so Prometheus has it. */
const showValue = (value: string): string =>
  value === ''
    ? '(none)'
    : /^[\w.:/@%+-]{1,60}$/.test(value)
      ? value
      : `"${escapeText(value, SHOWN.value).replaceAll('"', '\\"')}"`;

/** Why it is this context and this runbook; '' where the alert has no part in it. */
const BECAUSE: Readonly<Record<PickedBy, string>> = {
  given: '',
  rule: 'by a rule of the configuration',
  label: 'by a label of the alert',
  list: 'which lists this alert',
  default: '',
};

/** What the alert decides. */
function ledTo({ pickedBy, windowSeconds }: Alert, { context, runbook }: Run): string[] {
  const because = (what: string, name: string, by: PickedBy) =>
    BECAUSE[by] === '' ? [] : [`${what} ${escapeText(name, NAME)}, ${BECAUSE[by]}`];
  const window =
    windowSeconds !== null && windowSeconds > USUAL
      ? [`window ${formatDuration(windowSeconds)}, since it fires for that long`]
      : [];
  const all = [
    ...because('context', context ?? '', pickedBy.context),
    ...because('runbook', runbook, pickedBy.runbook),
    ...window,
  ];
  return all.length === 0 ? [] : [all.join('; ')];
}

function suppressedBy(
  { silencedBy, inhibitedBy, mutedBy, instanceCount }: Alert,
  replayed: boolean,
): string[] {
  const of = (instances: number) =>
    instances === instanceCount ? '' : ` (${instances} of ${formatNumber(instanceCount)} instances)`;
  const silences = silencedBy.map(({ id, createdBy, comment, endsAt, endsInSeconds, instances }) => {
    const by = createdBy === null ? '' : ` by ${escapeText(createdBy, NAME)}`;
    const end =
      endsAt === null ? '' : ` until ${moment(endsAt)}${replayed ? '' : ` (${ending(endsInSeconds ?? 0)})`}`;
    const why = comment === null ? '' : `: ${escapeText(comment, SHOWN.comment)}`;
    return `silenced${by}${end}${of(instances)}${why} [silence ${escapeText(id, NAME)}]`;
  });
  const inhibitors = inhibitedBy.map(({ fingerprint, name, instances }) => {
    const who =
      name === null
        ? `alert ${escapeText(fingerprint, NAME)}`
        : `${escapeText(name, NAME)} (${escapeText(fingerprint, NAME)})`;
    return `inhibited by ${who}${of(instances)}`;
  });
  const muted = mutedBy.map((name) => `muted by the time interval ${escapeText(name, NAME)}`);
  const all = [...silences, ...inhibitors, ...muted];
  const more = all.length - SHOWN.suppressors;
  return more > 0 ? [...all.slice(0, SHOWN.suppressors), `and ${more} more that suppress it`] : all;
}

const ending = (seconds: number): string =>
  seconds >= 0 ? `in ${showSeconds(seconds)}` : `${showSeconds(-seconds)} ago`;

/** The alert as the documents show it: exact texts, never escaped for display. */
export const alertJson = (alert: Alert) => ({
  ...{ fingerprint: alert.fingerprint, name: alert.name, state: alert.state, reason: alert.reason },
  ...{ startsAt: alert.startsAt, firingForSeconds: alert.firingForSeconds, labels: alert.labels },
  silencedBy: alert.silencedBy,
  inhibitedBy: alert.inhibitedBy,
  mutedBy: alert.mutedBy,
  instanceCount: alert.instanceCount,
  instances: alert.instances,
  generatorUrl: alert.generatorUrl,
  ...{ source: alert.source, wanted: alert.wanted },
  ...{ windowSeconds: alert.windowSeconds, pickedBy: alert.pickedBy },
});
