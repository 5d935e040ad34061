import type { Adapter, Adapters, Answer } from '../../src/evidence/collect.ts';
import { unknown } from '../../src/evidence/types.ts';
import type { Incident } from '../../src/incidents/schema.ts';
import type { Runbook, SourceSpec } from '../../src/runbooks/schema.ts';
import { labelOf } from '../../src/runbooks/sources.ts';
import type { Asked } from '../../src/signals/asked.ts';

// Incidents that are another one in some way which must not matter, or of which less is seen.

/** A key family or a metric, with the signals that are read from it. */
export interface Family {
  readonly name: string;
  readonly signals: ReadonlySet<string>;
  /** The incident as it is where the system does not write that; null: it has nothing of it. */
  readonly without: (incident: Incident) => Incident | null;
}

/** All that a runbook reads, each key family and metric once. */
export function familiesOf({ signals }: Runbook): Family[] {
  const readers = new Map<string, { signals: Set<string>; isMetric: boolean }>();
  for (const [id, { sources }] of Object.entries(signals)) {
    for (const source of sources) {
      for (const name of namesOf(source)) {
        const known = readers.get(name) ?? { signals: new Set(), isMetric: 'metric' in source };
        known.signals.add(id);
        readers.set(name, known);
      }
    }
  }
  return [...readers].map(([name, reader]) => ({
    name,
    signals: reader.signals,
    without: reader.isMetric ? withoutMetric(name) : withoutKeys(name),
  }));
}

function namesOf(source: SourceSpec): string[] {
  if ('metric' in source) return [source.metric];
  if (source.kind === 'redis-spend') return [source.spend];
  return 'key' in source ? [source.key] : [];
}

const withoutMetric = (name: string) => (incident: Incident) => {
  const series = incident.series.filter(({ metric }) => metric !== name);
  return series.length === incident.series.length ? null : { ...incident, series };
};

const withoutKeys = (template: string) => {
  const prefix = template.slice(0, template.indexOf('{'));
  // The date as it is written: another day's is another family.
  const [, suffix = ''] = /\{[^}]*\}(:\{yyyy[^}]*\})?$/.exec(template) ?? [];
  return (incident: Incident): Incident | null => {
    const keys = incident.keys.filter((item) => {
      const key = item.key ?? Buffer.from(item.hex ?? '', 'hex').toString('latin1');
      return !(key.startsWith(prefix) && key.endsWith(suffix));
    });
    return keys.length === incident.keys.length ? null : { ...incident, keys };
  };
};

/** Does not ask these sources, and says that they could not be read. */
export const unread =
  (is: (one: Asked) => boolean) =>
  ({ redis, prometheus }: Adapters): Adapters => {
    const half =
      (adapter: Adapter): Adapter =>
      async (asked, request) => [
        ...(await adapter(
          asked.filter((one) => !is(one)),
          request,
        )),
        ...asked.filter(is).map(unanswered),
      ];
    return { redis: half(redis), prometheus: half(prometheus) };
  };

function unanswered(one: Asked): Answer {
  const reason = 'no answer before the deadline';
  const report = { label: labelOf(one.source), status: 'unknown', reason, cause: 'timeout' } as const;
  return {
    asked: [one],
    reading: unknown('timeout', reason),
    sources: [{ ...report, latencyMs: 0, entities: null, sample: null }],
  };
}

/** Other names of the same kind, each for the same one throughout. Networks stay apart. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/203\.0\.113\.|192\.0\.2\.|198\.51\.100\./g, ''],
  [/2001:db8:/gi, '3fff:abc:'],
  [/\b10\.0\.0\./g, '10.9.8.'],
  [/\b10\.244\./g, '10.77.'],
  [/\bacme\b/g, 'Zebra_Ltd'],
  [/\bglobex\b/g, 'oméga'],
  [/\bhooli\b/g, 'h'],
  [/\btenant-/g, 'customer-no-'],
  [/\bwhale\b/g, 'minnow'],
  [/\bagent-/g, 'bot_'],
];
const RANGES: Readonly<Record<string, string>> = {
  '203.0.113.': '198.51.100.',
  '198.51.100.': '192.0.2.',
  '192.0.2.': '203.0.113.',
};
const rename = (text: string): string =>
  OTHERS.reduce((all, [from, to]) => all.replace(from, (found) => RANGES[found] ?? to), text);

const NAMING: ReadonlySet<string> = new Set(['tenant', 'tenant_id', 'key']);

/** The same incident among others: its tenants, agents and addresses have other names, in its truth too. */
export const renamed = (incident: Incident): Incident => ({
  ...incident,
  expect: { ...incident.expect, subjects: incident.expect.subjects?.map(rename) ?? null },
  keys: incident.keys.map((item) => (item.key === undefined ? item : { ...item, key: rename(item.key) })),
  series: incident.series.map((item) => ({
    ...item,
    labels: Object.fromEntries(
      Object.entries(item.labels).map(([label, text]) => [label, NAMING.has(label) ? rename(text) : text]),
    ),
  })),
});

/** The list in the order of the keys. */
export const inOrderOf =
  (order: readonly number[]) =>
  <Item>(list: readonly Item[]): Item[] =>
    list
      .map((item, index) => ({ item, key: order[index % order.length] ?? 0 }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item);
