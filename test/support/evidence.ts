import { readFileSync } from 'node:fs';
import { CAPTURE_SCHEMA } from '../../src/evidence/capture-name.ts';
import type { Capture } from '../../src/evidence/capture-schema.ts';
import {
  absent,
  type Evidence,
  empty,
  type Id,
  type Limit,
  measured,
  rowOf as plainRow,
  type Reading,
  type Row,
  type SourceReport,
} from '../../src/evidence/types.ts';
import { withThresholds } from '../../src/runbooks/load.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { labelOf, windowOf } from '../../src/runbooks/sources.ts';
import { isValidId } from '../../src/signals/entities.ts';
import { Histogram } from '../../src/signals/redis/histogram.ts';
import { TopK } from '../../src/signals/redis/top-k.ts';
import { isPublicAddress } from '../../src/values/address.ts';

export { absent, empty, unknown } from '../../src/evidence/types.ts';

const AEGIS = new URL('../../src/runbooks/aegis.yaml', import.meta.url);
export const AEGIS_YAML = readFileSync(AEGIS, 'utf8');

/** The runbook that comes with the program. */
export const aegis: Runbook = parseRunbook(AEGIS_YAML, 'aegis.yaml');

const loaded = new Map<string, Runbook>([['aegis', aegis]]);

/** A runbook that comes with the program, by its name. */
export function builtIn(name: string): Runbook {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const file = new URL(`../../src/runbooks/${name}.yaml`, import.meta.url);
  const runbook = parseRunbook(readFileSync(file, 'utf8'), `${name}.yaml`);
  loaded.set(name, runbook);
  return runbook;
}

/** Aegis with other thresholds, as a context of the configuration would set them. */
export const aegisWith = (thresholds: Record<string, number>): Runbook => withThresholds(aegis, thresholds);

const AT = '2026-05-29T03:12:04Z';
const SECONDS_TODAY = 3 * 3600 + 12 * 60 + 4;
/** As many rows as the adapters keep. */
const TOP = 200;
const TOP_STRANGERS = 20;

type Named<T> = Readonly<Record<string, T>> | readonly (readonly [Id, T])[];
const entries = <T>(named: Named<T>): (readonly [Id, T])[] =>
  Array.isArray(named) ? named : Object.entries(named as Readonly<Record<string, T>>);

/** Readings by signal; every signal of the runbook that is not given is there and shows nothing abnormal. */
export function evidence(readings: Readonly<Record<string, Reading>> = {}, runbook = aegis): Evidence {
  const windowSeconds = 300;
  const all = { ...normal(), ...readings };
  const signals = Object.entries(runbook.signals).map(([id, spec]) => {
    const reading = all[id] ?? empty();
    const { status, reason } = reading;
    const sources = spec.sources.map(
      (source): SourceReport => ({
        ...{ label: labelOf(source), status, reason, cause: reading.cause, latencyMs: 7 },
        ...{ entities: reading.distinct, sample: null },
      }),
    );
    const [first] = spec.sources;
    const window = first === undefined ? null : windowOf(first, windowSeconds);
    return [id, { ...reading, unit: spec.unit, windowSeconds: window, sources }] as const;
  });
  return {
    at: AT,
    windowSeconds,
    resets: {
      day: { at: '2026-05-30T00:00:00.000Z', inSeconds: 86_400 - SECONDS_TODAY },
      month: { at: '2026-06-01T00:00:00.000Z', inSeconds: 3 * 86_400 - SECONDS_TODAY },
    },
    reach: [],
    reads: [],
    ...{ scan: null, earlier: null },
    signals: Object.fromEntries(signals),
  };
}

/** Queries of the operator's own, which most have not. */
const unset = absent('not configured', 'not-configured');
const UNSET = { 'deploy-events': unset, 'successes-by-ip': unset, 'tenants-by-ip': unset };

/** Evidence as `--save` writes it. */
export const captureOf = (facts: Evidence, runbook: string): Capture => ({
  ...{ schema: CAPTURE_SCHEMA, version: '0.0.0', runbook, context: null },
  ...{ thresholds: {}, totalMs: 212, redacted: false, alert: null, evidence: facts },
  ...{ history: [], alertHistory: null, answers: {} },
});

const normal = (): Record<string, Reading> => ({
  'auth-failures-by-ip': counters({ '203.0.113.7': 2, '203.0.113.8': 1 }),
  'auth-failures-total': rate(0.01),
  'rejects-by-tenant': rejects({ acme: { '/execute': 0.02, '/agents': 0.01 } }),
  'agent-spend': agents({ summarizer: [12.5, '100.00'] }),
  inflight: inflight({ 'gw-1:8000': 12 }),
  deploys: deploys([86_400, 90_000]),
  'service-up': services({ 'gw-1:8000': 1, 'identity:8000': 1 }),
  blocks: empty(),
  ...UNSET,
});

/** The n-th of many different public addresses: the documentation ranges, then IPv6's, each of a network of its own. */
export const address = (n: number): string =>
  n < 508
    ? `${n < 254 ? '192.0.2' : '198.51.100'}.${(n % 254) + 1}`
    : `2001:db8:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}::1`;

/** Many addresses with as many failures each, or as many as `failures` says for each. */
export function crowd(
  size: number,
  failures: number | ((index: number) => number),
  start = 0,
): Record<string, number> {
  const of = typeof failures === 'number' ? () => failures : failures;
  return Object.fromEntries(
    Array.from({ length: size }, (_, index) => [address(start + index), of(index)] as const),
  );
}

/** Authentication failures by IP, as read from `acp:auth_fail:*`. */
export function counters(failures: Named<number>, lastSeenSeconds: number | null = 12): Reading {
  const list = entries(failures);
  if (list.length === 0) return empty();
  const total = list.reduce((sum, [, value]) => sum + value, 0);
  const top = new TopK<Row>(TOP);
  const topStrangers = new TopK<Row>(TOP_STRANGERS);
  const histogram = new Histogram();
  const strangerHistogram = new Histogram();
  const strangers = { distinct: 0, total: 0, largest: 0 };
  for (const [id, value] of list) {
    const row = { ...rowOf(id, 'ip', value), share: value / total, lastSeenSeconds };
    if (row.valid) {
      top.add(value, row);
      histogram.add(value);
    } else {
      topStrangers.add(value, row);
      strangerHistogram.add(value);
      strangers.distinct += 1;
      strangers.total += value;
      strangers.largest = Math.max(strangers.largest, value);
    }
  }
  return measured({
    total,
    distinct: list.length,
    rows: [...top.sorted(), ...topStrangers.sorted()].sort(
      (a, b) => b.value - a.value || (bytesOf(a.id) < bytesOf(b.id) ? -1 : 1),
    ),
    distribution: histogram.bins(),
    strangers: { ...strangers, bins: strangerHistogram.bins() },
  });
}

const bytesOf = (id: Id): string =>
  (typeof id === 'string' ? Buffer.from(id) : Buffer.from(id.hex, 'hex')).toString('latin1');

/** 429s per second by tenant and path. */
export function rejects(tenants: Named<Readonly<Record<string, number>>>): Reading {
  const list = entries(tenants).map(([id, paths]) => {
    const value = Object.values(paths).reduce((sum, part) => sum + part, 0);
    const path: Record<string, number> = Object.assign(Object.create(null), paths);
    return { ...rowOf(id, 'tenant', value), labels: { path } };
  });
  const total = list.reduce((sum, row) => sum + row.value, 0);
  if (total === 0) return empty('acp_gateway_request_total is there, and no series of it is {status="429"}');
  const rows = list
    .filter((row) => row.value > 0)
    .sort((a, b) => b.value - a.value)
    .map((row) => ({ ...row, share: row.value / total }));
  const strange = rows.filter((row) => !row.valid);
  return measured({
    total,
    distinct: rows.length,
    rows: rows.slice(0, TOP),
    strangers: {
      distinct: strange.length,
      total: strange.reduce((sum, row) => sum + row.value, 0),
      largest: strange[0]?.value ?? 0,
      bins: [],
    },
  });
}

/** What each agent has spent today, USD, and its cap as stored; null without a cap. */
export function agents(spends: Named<readonly [spent: number, cap: string | null]>): Reading {
  const list = entries(spends);
  if (list.length === 0) return empty();
  const total = list.reduce((sum, [, [spent]]) => sum + spent, 0);
  const top = new TopK<Row>(TOP);
  for (const [id, [spent, cap]] of list) {
    const limit = limitOf(spent, cap);
    const rank = limit.ratio ?? (limit.problem === 'invalid' ? 0 : -1 / (1 + spent));
    const share = total > 0 ? spent / total : null;
    top.add(rank, { ...rowOf(id, 'agent', spent), share, limit, period: 'day' });
  }
  return measured({ total, distinct: list.length, rows: top.sorted() });
}

function limitOf(spent: number, cap: string | null): Limit {
  const perHour = spent / (SECONDS_TODAY / 3600);
  if (cap === null)
    return { value: null, ratio: null, problem: 'none', stored: null, endsInSeconds: null, perHour };
  const value = /^\d+(\.\d+)?$/.test(cap) ? Number(cap) : 0;
  if (value <= 0)
    return {
      value: null,
      ratio: null,
      problem: 'invalid',
      stored: cap.slice(0, 40),
      endsInSeconds: null,
      perHour,
    };
  return { value, ratio: spent / value, problem: null, stored: null, endsInSeconds: null, perHour };
}

/** Ages of the running processes, seconds. */
export function deploys(ages: readonly number[]): Reading {
  const rows = ages
    .map((age, index) => rowOf(`gw-${index}:8000`, 'instance', age))
    .sort((a, b) => a.value - b.value);
  return measured({ total: null, distinct: rows.length, rows });
}

/** Requests in flight by instance, against a limit when the context sets one. */
export function inflight(requests: Named<number>, limit: number | null = null): Reading {
  const of = (value: number): Limit | null =>
    limit === null
      ? null
      : {
          value: limit,
          ratio: value / limit,
          problem: null,
          stored: null,
          endsInSeconds: null,
          perHour: null,
        };
  const rows = entries(requests)
    .map(([id, value]) => ({ ...rowOf(id, 'instance', value), limit: of(value) }))
    .sort((a, b) => b.value - a.value);
  return measured({ total: rows.reduce((sum, row) => sum + row.value, 0), distinct: rows.length, rows });
}

/** Scraped services: 1 is up, 0 is down. */
export function services(up: Named<0 | 1>): Reading {
  const rows = entries(up)
    .map(([id, value]) => rowOf(id, 'instance', value))
    .sort((a, b) => a.value - b.value);
  return measured({ total: rows.reduce((sum, row) => sum + row.value, 0), distinct: rows.length, rows });
}

/** IP blocks in force: seconds left and the stored reason. */
export function blocks(entriesOf: Named<readonly [secondsLeft: number, reason: string]>): Reading {
  const rows = entries(entriesOf)
    .map(([id, [left, why]]) => ({
      ...rowOf(id, 'ip', left),
      public: null,
      labels: { reason: { [why]: 1 } },
    }))
    .sort((a, b) => b.value - a.value);
  return measured({ total: rows.length, distinct: rows.length, rows });
}

/** A total without entities, per second. */
export const rate = (perSecond: number): Reading => measured({ total: perSecond, distinct: null, rows: [] });

function rowOf(id: Id, kind: string, value: number): Row {
  const valid = typeof id === 'string' && isValidId(kind, id);
  const isPublic = valid && kind === 'ip' && typeof id === 'string' ? isPublicAddress(id) : null;
  return plainRow({ id, valid, public: isPublic, value });
}
