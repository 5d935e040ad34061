// One incident from the counters to the report, on real servers: a gateway that an agent at its cost cap keeps calling,
// Prometheus with the rules that `ratelimit rules` wrote, and Alertmanager.
import { symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAlertmanager, type TestAlertmanager } from '../support/alertmanager.ts';
import { days } from '../support/days.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { searchPath, stopEverything, temporaryFolder, until } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
let gateway: Gateway;
let alertmanager: TestAlertmanager;
let home: string;
let config: string;

/** What a person would paste into a shell, where `ratelimit` is on the PATH. */
async function paste(command: string, ...more: readonly string[]) {
  const words = [command, ...more].join(' ');
  const result = await execa('sh', ['-c', words], {
    cwd: home,
    env: {
      PATH: [join(home, 'bin'), dirname(process.execPath), searchPath].join(delimiter),
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_STATE_HOME: join(home, 'state'),
    },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
  return { code: result.exitCode, stdout: result.stdout, stderr: result.stderr };
}

beforeAll(async () => {
  home = await temporaryFolder('home');
  config = join(home, 'ratelimit.yaml');
  [redis, alertmanager] = await Promise.all([startRedis(), startAlertmanager()]);
  // So little that the raised cap is not reached as well, however long the rest takes.
  gateway = await startGateway({ redis, spendPerCall: '0.00001' });
  const bin = await temporaryFolder('bin');
  await symlink(bin, join(home, 'bin'));
  await symlink(fileURLToPath(new URL('../../bin/ratelimit.js', import.meta.url)), join(bin, 'ratelimit'));
});
afterAll(stopEverything);

test('counters move, the rule fires, triage knows the alert, the cap is raised, the alert ends, the report tells it', {
  timeout: 180_000,
}, async () => {
  // The configuration names what is there; the rules are written from it before the Prometheus that evaluates them is up.
  const contexts = (prometheus: string) =>
    JSON.stringify({
      contexts: {
        prod: { redis: redis.url, prometheus, alertmanager: alertmanager.url },
        other: {
          redis: 'redis://127.0.0.1:1',
          prometheus: 'http://127.0.0.1:1',
          alertmanager: alertmanager.url,
        },
      },
      'current-context': 'other',
    });
  await writeFile(config, contexts('http://127.0.0.1:1'));
  const written = await runProgram(['rules', '--config', config, '--context', 'prod'], { home });
  expect(written).toMatchObject({ code: 0, stderr: '' });
  // The same rules, on a faster clock: nobody waits five minutes for a test.
  const rules = written.stdout.replace(/for: \d+m/g, 'for: 1s').replaceAll('[5m]', '[10s]');
  const prometheus = await startPrometheus({
    scrape: [{ job: 'gateway', targets: [`127.0.0.1:${gateway.port}`] }],
    alerting: { rules, alertmanager: alertmanager.url },
  });
  await writeFile(config, contexts(prometheus.url));

  // An agent has spent its budget, and its client keeps calling.
  await redis.load([
    ['SET', 'acp:agent_cost_cap:agent-7', '5.00'],
    ...days().map((day) => ['SET', `acp:agent_cost_today:agent-7:${day.replaceAll('-', '')}`, '5.00']),
  ]);
  // More than the rule lets through, and for a minute less than the verdict does, which looks at five of them: on a slow
  // machine it takes that long until the cap is raised, and what was rejected by then must not outlast the test.
  const work = gateway.work('agent-7', 'acme', 5);
  const firing = async () =>
    (await alertmanager.alerts()).filter(({ labels }) => labels.alertname === 'RateLimitSpike');
  await until(async () => (await firing()).length > 0, 'RateLimitSpike reaches Alertmanager', 60_000);
  const [alert] = await firing();
  expect(alert?.labels).toMatchObject({
    tenant: 'acme',
    ratelimit_runbook: 'aegis',
    ratelimit_context: 'prod',
  });

  // The page holds the command.
  const paged = (await annotationsOf(alertmanager, alert?.fingerprint)).command ?? '';
  expect(paged).toContain('ratelimit triage --alert RateLimitSpike');
  const seen = await paste(paged, '-o json --save before.json');
  expect(seen).toMatchObject({ code: 0, stderr: '' });
  const verdict = JSON.parse(seen.stdout);
  expect(verdict).toMatchObject({
    context: 'prod',
    alert: { name: 'RateLimitSpike', state: 'active' },
    verdict: { category: 'agent-over-cost-cap' },
    findings: [{ subjects: [{ kind: 'agent', id: 'agent-7' }] }],
  });

  // The page without its command: the alert alone leads to its context, though another one is current.
  const asked = await paste('ratelimit triage --alert -o json --config', config);
  expect(JSON.parse(asked.stdout)).toMatchObject({ context: 'prod', alert: { name: 'RateLimitSpike' } });

  // The verdict proposes the remedy; the operator says why.
  const { command } = verdict.findings[0].remedies.find(({ id }: { id: string }) => id === 'raise-cap');
  const raised = await paste(command, '--reason "launch day" --operator ann --yes --verify 2s -o json');
  expect(JSON.parse(raised.stdout)).toMatchObject({
    status: 'applied',
    reason: 'launch day',
    operator: 'ann',
  });
  expect((await gateway.execute('agent-7', 'acme')).status).toBe(200);

  await until(async () => (await firing()).length === 0, 'the alert ends', 60_000);

  // Some seconds later no point of the chart looks back on the time before the remedy.
  let report = JSON.parse('null');
  await until(
    async () => {
      const reported = await paste('ratelimit report --since 4m -o json --context prod --config', config);
      expect(reported).toMatchObject({ code: 0, stderr: '' });
      report = JSON.parse(reported.stdout);
      return report.summary.state === 'over' && report.responses[0].effects[0].after !== null;
    },
    'the report says that it is over, and what the remedy did',
    60_000,
  );
  await work.stop();
  // Triage saw it then, and kept that by itself: now all is quiet.
  expect(report.looks.at(-1)).toMatchObject({ category: 'quiet', file: null });
  expect(report.keptLooks).toEqual({ read: 2, left: 0, elsewhere: 0, skipped: [] });
  expect(report.title).toBe('Incident report: An agent has spent its cap');
  expect(report.summary).toMatchObject({
    ...{ category: 'agent-over-cost-cap', severity: 'P2', operators: ['ann'], ended: { by: 'chart' } },
  });
  expect(report.timeline.map(({ text }: { text: string }) => text)).toEqual(
    expect.arrayContaining([
      'Alert RateLimitSpike (tenant=acme) fires',
      expect.stringMatching(/^Triage: P2 agent-over-cost-cap .* agent agent-7 /),
      'ann raised the cap of agent agent-7: launch day (applied, stored)',
    ]),
  );
  expect(report.affected).toContainEqual(expect.objectContaining({ kind: 'tenant', id: 'acme' }));
  const { before, after, series, chart } = report.responses[0].effects[0];
  expect({ series, chart }).toEqual({ series: 'acme', chart: 'rejects-by-tenant' });
  expect(before.value).toBeGreaterThan(1);
  expect(after.value).toBeLessThan(before.value / 2);
  expect(report.summary.text.join(' ')).toMatch(
    /429s of tenant acme (?:fell|stopped): .* rejects\/s before, /,
  );
  const kinds = report.timeline.map(({ kind }: { kind: string }) => kind);
  expect(kinds).toContain('alert');
  expect(kinds).toContain('remedy');
  expect(report.alerts.periods).toMatchObject([{ name: 'RateLimitSpike', to: expect.any(String) }]);
  expect(report.responses).toMatchObject([{ operator: 'ann', reason: 'launch day' }]);
  expect(report.affected).toContainEqual(expect.objectContaining({ kind: 'agent', id: 'agent-7' }));

  const [page, recorded] = await Promise.all([
    paste('ratelimit report --since 4m -o html --context prod --config', config),
    paste('ratelimit report --from before.json -o markdown'),
  ]);
  expect(page.stdout).toMatch(/^<!doctype html>/i);
  expect(page.stdout).toContain('acme');
  expect(recorded.stdout).toContain('agent-7');
});

/** The annotations of an alert: what a page is made of. */
async function annotationsOf({ url }: TestAlertmanager, fingerprint = ''): Promise<Record<string, string>> {
  const all = (await (await fetch(`${url}/api/v2/alerts`)).json()) as {
    fingerprint: string;
    annotations: Record<string, string>;
  }[];
  return all.find((one) => one.fingerprint === fingerprint)?.annotations ?? {};
}
