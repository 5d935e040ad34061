import { afterAll, describe, expect, test } from 'vitest';
import { collect } from '../../src/evidence/collect.ts';
import { propose } from '../../src/remedies/propose.ts';
import { adapters } from '../../src/signals/adapters.ts';
import { judge } from '../../src/verdict/judge.ts';
import { clock, configOf, httpTarget, redisTarget } from '../support/collecting.ts';
import { builtIn } from '../support/evidence.ts';
import { serversWith } from '../support/incident-servers.ts';
import { labelledOf } from '../support/labelled.ts';
import { play } from '../support/played.ts';
import { stopEverything } from '../support/processes.ts';

// How many sign-ups got through, estimated by a real Prometheus, and what is never counted, which is not zero.

afterAll(stopEverything);

const runbook = builtIn('get-into-teaching');
const incidentOf = (name: string) => {
  const incident = labelledOf(runbook.name).get(`${runbook.name}/${name}`);
  if (incident === undefined) throw new Error(`there is no incident ${name}`);
  return incident;
};

async function onRealServers(name: string) {
  const { redis, prometheus, stop } = await serversWith(incidentOf(name));
  try {
    const targets = { redis: redisTarget(redis.port), prometheus: httpTarget(prometheus.url) };
    const request = { config: await configOf(targets), runbook, windowSeconds: 300, clock };
    return await collect(adapters, request, new AbortController().signal);
  } finally {
    await stop();
  }
}

const tellCrm = (evidence: Awaited<ReturnType<typeof onRealServers>>) => {
  const finding = judge(evidence, runbook).findings.find(({ category }) => category === 'automated-signups');
  const category = runbook.categories.find(({ id }) => id === finding?.category);
  if (finding === undefined || category === undefined) throw new Error('nothing was found');
  return propose(finding, category, runbook, evidence).find(({ id }) => id === 'tell-crm')?.text;
};

describe('events of the last day', () => {
  test('are counted over the day, with when the first of them is a day old, as a drill counts them too', async () => {
    const [real, played] = await Promise.all([
      onRealServers('events-of-a-day'),
      play(incidentOf('events-of-a-day')),
    ]);
    for (const { signals } of [real, played.evidence]) {
      const { status, windowSeconds, warnings, rows } = signals['events-in-a-day'] ?? {};
      expect([status, windowSeconds, warnings]).toEqual(['measured', 86_400, []]);
      const [row, ...others] = rows ?? [];
      expect(others).toEqual([]);
      expect(row).toMatchObject({ id: 'Upsert', atLeast: false });
      // A hundred, in the hour from 21 hours ago on. Rejected ones are not among them.
      expect(row?.value).toBeGreaterThanOrEqual(97);
      expect(row?.value).toBeLessThanOrEqual(101);
      expect(row?.limit?.ratio).toBeCloseTo((row?.value ?? 0) / 100);
      expect(Math.abs((row?.frees?.inSeconds ?? 0) - 3 * 3_600)).toBeLessThan(900);
      expect(clock.ms(row?.frees?.at ?? '') - clock.ms(real.at)).toBeGreaterThan(2.5 * 3_600_000);
    }
  });

  test('of which little is recorded are as many at least; where there are none nobody knows', async () => {
    const evidence = await onRealServers('events-entered-by-staff');
    const { warnings, rows } = evidence.signals['events-in-a-day'] ?? {};
    expect(rows).toMatchObject([{ id: 'Upsert', atLeast: true }]);
    expect(warnings?.join()).toMatch(/only \d+h of the last 1d are recorded: there may have been more/);
    const { evidence: none } = await play(incidentOf('surge-nobody-asked'));
    expect(none.signals['events-in-a-day']).toMatchObject({ status: 'absent', total: null });
  });
});

describe('sign-ups above the usual', () => {
  test('are those of the minutes since it began, as a drill counts them too', async () => {
    const [real, played] = await Promise.all([
      onRealServers('attack-nobody-asked'),
      play(incidentOf('attack-nobody-asked')),
    ]);
    const [own, drilled] = [real, played.evidence].map(({ signals }) => signals['signups-above-usual']);
    // 1.4 a second for twenty minutes; in the first ones the rate over five minutes is still rising.
    expect(own?.total).toBeGreaterThan(1_680 * 0.8);
    expect(own?.total).toBeLessThan(1_680 * 1.05);
    // Prometheus looks at whole minutes of the clock.
    expect(Math.abs((drilled?.total ?? 0) / (own?.total ?? 0) - 1)).toBeLessThan(0.15);
    expect(own?.rows.map(({ id }) => id)).toEqual(['SignUp']);
    expect(tellCrm(real)).toMatch(/An estimate: 1,[3-7]00 false sign-ups/);
    // None of the apps has ever answered 429, as far as anybody counts.
    expect(real.signals['app-rejects']).toMatchObject({ status: 'absent', total: null });
    expect(real.signals['app-rejects']?.reason).toContain('may never be counted, which is not zero');
  });

  test('cannot be told where nothing is recorded of what is usual, and are not zero then', async () => {
    const evidence = await onRealServers('nothing-of-yesterday');
    expect(evidence.signals['signups-above-usual']).toMatchObject({ status: 'absent', total: null });
    expect(tellCrm(evidence)).toContain('How many cannot be told');
  });
});
