import { afterAll, describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/types.ts';
import { startSystems } from '../../src/drill/systems.ts';
import { type Adapters, collect } from '../../src/evidence/collect.ts';
import type { Evidence, Row } from '../../src/evidence/types.ts';
import type { Incident } from '../../src/incidents/schema.ts';
import { withThresholds } from '../../src/runbooks/load.ts';
import { adapters } from '../../src/signals/adapters.ts';
import type { Clock } from '../../src/signals/asked.ts';
import { judge } from '../../src/verdict/judge.ts';
import type { Verdict } from '../../src/verdict/types.ts';
import { clock, configOf, httpTarget, redisTarget } from '../support/collecting.ts';
import { aegis } from '../support/evidence.ts';
import { incidentOf, shipped } from '../support/incident.ts';
import { serversWith } from '../support/incident-servers.ts';
import { stopEverything } from '../support/processes.ts';

// What plays an incident and real servers that hold the same incident must be told apart by nobody.

afterAll(stopEverything);

interface Seen {
  readonly evidence: Evidence;
  readonly verdict: Verdict;
}

async function look(
  { thresholds }: Incident,
  reading: Adapters,
  config: Config,
  at: Clock,
  windowSeconds: number,
): Promise<Seen> {
  const runbook = withThresholds(aegis, thresholds);
  const request = { config, runbook, windowSeconds, clock: at };
  const evidence = await collect(reading, request, new AbortController().signal);
  return { evidence, verdict: judge(evidence, runbook) };
}

/** As a drill sees it in its first moment. */
async function played(incident: Incident, windowSeconds: number): Promise<Seen> {
  const start = Date.now();
  const still: Clock = { ...clock, now: () => start };
  const systems = await startSystems(incident, aegis.remedies, still);
  try {
    const config = await configOf({ redis: systems.redis });
    const reading = { redis: adapters.redis, prometheus: systems.readPrometheus };
    return await look(incident, reading, config, still, windowSeconds);
  } finally {
    systems.close();
  }
}

async function onRealServers(incident: Incident, windowSeconds: number): Promise<Seen> {
  const { redis, prometheus, stop } = await serversWith(incident);
  try {
    const targets = { redis: redisTarget(redis.port), prometheus: httpTarget(prometheus.url) };
    return await look(incident, adapters, await configOf(targets), clock, windowSeconds);
  } finally {
    await stop();
  }
}

/** What the verdict says, and what it says it of. */
const saidOf = ({ verdict: { category, confidence, findings } }: Seen) => ({
  category,
  confidence,
  findings: findings.map((finding) => ({
    category: finding.category,
    confidence: finding.confidence,
    subjects: finding.subjects.map(({ kind, id }) => `${kind} ${id}`).sort(),
    caveats: finding.caveats.map(({ code }) => code),
    responses: finding.responses,
  })),
});

/** As many rows as are read. */
const TOP = 200;
/** Real rates are extrapolated between samples, and real ages go on while the servers start. */
const SHARE = 0.05;
const SECONDS = 30;

/** One instance that two jobs scrape is two rows. */
const nameOf = ({ id, labels }: Row): string => JSON.stringify([id, labels.job]);

function expectSame(drill: Evidence, real: Evidence): void {
  for (const [id, one] of Object.entries(real.signals)) {
    const other = drill.signals[id];
    expect([id, other?.status, other?.distinct]).toEqual([id, one.status, one.distinct]);
    expectClose(`${id} in all`, other?.total ?? null, one.total);
    // Of equals at the end of a long list, whichever came first is kept.
    const isWhole = one.rows.length < TOP;
    const ids = (rows: Evidence['signals'][string]['rows']) =>
      rows.map((row) => JSON.stringify(row.id)).sort();
    if (isWhole) expect([id, ids(other?.rows ?? [])]).toEqual([id, ids(one.rows)]);
    for (const [place, { value }] of isWhole ? [] : one.rows.entries()) {
      expectClose(`${id} ${place}`, other?.rows[place]?.value ?? null, value);
    }
    for (const row of isWhole ? one.rows : []) {
      const same = other?.rows.find((candidate) => nameOf(candidate) === nameOf(row));
      expectClose(`${id} ${JSON.stringify(row.id)}`, same?.value ?? null, row.value);
      expect([same?.valid, same?.public, Object.keys(same?.labels ?? {})]).toEqual([
        row.valid,
        row.public,
        Object.keys(row.labels),
      ]);
      expectClose(`${id} limit`, same?.limit?.ratio ?? null, row.limit?.ratio ?? null);
    }
  }
}

function expectClose(what: string, drill: number | null, real: number | null): void {
  if (drill === null || real === null) {
    expect([what, drill]).toEqual([what, real]);
    return;
  }
  const slack = Math.max(Math.abs(real) * SHARE, what.startsWith('deploys') ? SECONDS : 0.001);
  expect(Math.abs(drill - real), `${what}: ${drill} and ${real}`).toBeLessThanOrEqual(slack);
}

describe('every incident that is shipped is the same on real servers', () => {
  test.each(Object.entries(shipped))('%s', async (_, incident) => {
    const [drill, real] = [await played(incident, 300), await onRealServers(incident, 300)];
    expect(saidOf(drill)).toEqual(saidOf(real));
    expectSame(drill.evidence, real.evidence);
    const { expect: truth } = incident;
    expect(truth.category).toContain(real.verdict.category);
    const [first] = real.verdict.findings;
    if (truth.confidence) expect(truth.confidence).toContain(first?.confidence);
    if (truth.subjects)
      expect(first?.subjects.map(({ id }) => id).sort()).toEqual([...truth.subjects].sort());
    const proposed = real.verdict.findings.flatMap(({ responses }) => responses.map(({ id }) => id));
    for (const id of truth['not-proposed'] ?? []) expect(proposed).not.toContain(id);
  });
});

test('and so is what no incident that is shipped has', async () => {
  const gateway = 'job: gateway, instance: "gw-1:8000"';
  const odd = incidentOf(
    [
      'keys:',
      '  - { hex: "6163703a617574685f6661696c3aff", value: 9, ttl: 290s }',
      '  - { key: "acp:auth_fail:\\u001b[2Jadmin", value: 40, ttl: 290s }',
      '  - { key: "acp:auth_fail:2001:db8::{1..9}", value: [30, 3], ttl: 100s }',
      '  - { key: "acp:auth_fail:192.0.2.1", hash: { tokens: "3" }, ttl: 290s }',
      '  - { key: "acp:auth_fail:192.0.2.2", value: many, ttl: 290s }',
      '  - { key: "acp:ip_block:203.0.113.42", value: by hand, ttl: 1h }',
      '  - { key: "acp:agent_cost_cap:{a,b,c}", value: ["0", "abc", "10.00"] }',
      '  - { key: "acp:agent_cost_today:{a,b,d}:{yyyymmdd}", value: ["1.50", "12.00"] }',
      '  - { key: "acp:agent_cost_today:c:{yyyymmdd-1}", value: "99.00" }',
      'series:',
      // Born within the window, as a target's that had the metric before.
      `  - { metric: acp_gateway_request_total, labels: { ${gateway}, tenant_id: new, path: /execute, status: "429" }, per-second: 6, since: 2m }`,
      `  - { metric: acp_gateway_request_total, labels: { ${gateway}, tenant_id: old, path: /agents, status: "429" }, per-second: 0, since: 20m, before: 9 }`,
      `  - { metric: acp_gateway_request_total, labels: { ${gateway}, tenant_id: risen, path: /agents, status: "429" }, per-second: 3, since: 4m, before: 1 }`,
      `  - { metric: acp_gateway_request_total, labels: { ${gateway}, tenant_id: all, path: /agents, status: "200" }, per-second: 4 }`,
      '  - { metric: up, labels: { job: "{gateway,identity}", instance: "a:8000" }, value: [1, 0] }',
      '  - { metric: up, labels: { job: gateway, instance: "b:8000" }, value: 0, since: 3m, before: 1 }',
      '  - { metric: process_start_time_seconds, labels: { job: "{gateway,identity}", instance: "a:8000" }, started: [3m, 10d] }',
    ].join('\n'),
  );
  const [drill, real] = [await played(odd, 300), await onRealServers(odd, 300)];
  expect(saidOf(drill)).toEqual(saidOf(real));
  expectSame(drill.evidence, real.evidence);
  expect(drill.evidence.signals['auth-failures-by-ip']?.warnings).toEqual(
    real.evidence.signals['auth-failures-by-ip']?.warnings,
  );
  for (const id of ['inflight', 'auth-failures-total']) {
    expect(drill.evidence.signals[id]?.reason).toBe(real.evidence.signals[id]?.reason);
  }
});
