// High traffic from several callers through a limiter that holds each at its own limit: a simulation of every second,
// whose counters a real Prometheus holds; the rules that are printed are played by promtool.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMetrics } from '../support/openmetrics.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startPrometheus, type TestPrometheus } from '../support/prometheus.ts';
import { checkRules, testRules } from '../support/promtool.ts';
import { documentText } from '../support/readme-region.ts';
import { TpsSimulation } from '../support/tps-simulation.ts';
import { errorDocument, expectError } from './systems.ts';

afterAll(stopEverything);

/** What each may send: two tiers, a default, and one with a limit of its own. */
const LIMITS: Readonly<Record<string, number>> = {
  crawler: 20,
  ads: 100,
  globex: 750,
  newcomer: 100,
  shop: 100,
  marketplace: 100,
};
const always = (rate: number) => () => rate;
const simulation = new TpsSimulation(
  [
    { caller: 'crawler', tier: 'free', sends: always(60) },
    { caller: 'ads', tier: 'standard', sends: always(180) },
    // Its own limit is above that of its tier.
    { caller: 'globex', tier: 'premium', sends: always(1_000) },
    // A burst that has just begun.
    { caller: 'newcomer', tier: '', sends: (at) => (at >= -240 ? 170 : 30) },
    { caller: 'shop', tier: 'standard', sends: always(45) },
    // It backs off, and is at its limit for all that.
    { caller: 'marketplace', tier: 'standard', sends: always(103) },
  ],
  (caller) => LIMITS[caller] ?? Number.NaN,
);
const OVER = ['ads', 'crawler', 'globex'];

interface Table {
  readonly id: string;
  readonly observed: readonly {
    readonly signal: string;
    readonly status: string;
    readonly reason: string | null;
    readonly rows: readonly { id: string; observed: number; limit: number; ratio: number; from: string }[];
  }[];
}
type Document = { readonly tables: readonly Table[]; readonly degraded: boolean } & Record<string, unknown>;

let prometheus: TestPrometheus;
let home = '';
beforeAll(async () => {
  const now = Math.floor(Date.now() / 1_000);
  prometheus = await startPrometheus({ series: openMetrics(simulation.series(now)) });
  home = await temporaryFolder('home');
  await mkdir(join(home, 'config', 'ratelimit'), { recursive: true });
  const own = { runbook: 'tps-limits', prometheus: prometheus.url };
  const contexts = {
    prod: { ...own, limits: { 'caller-tps': { entries: { globex: 750, initech: 'premium' } } } },
    typo: { ...own, limits: { 'caller-tsp': { default: 3 } } },
    tier: { ...own, limits: { 'caller-tps': { entries: { initech: 'premum' } } } },
  };
  await writeFile(
    join(home, 'config', 'ratelimit', 'config.yaml'),
    JSON.stringify({ 'current-context': 'prod', contexts }),
  );
});
const run = (...args: string[]) => runProgram(args, { home });

describe('several callers far above their limits', () => {
  test('each is throttled at its own, and limits shows it', async () => {
    const { code, stdout } = await run('limits', '-o', 'json');
    expect(code).toBe(0);
    const document = JSON.parse(stdout) as Document;
    const [table] = document.tables;
    const rowsOf = (signal: string) => table?.observed.find((one) => one.signal === signal)?.rows ?? [];
    const accepted = new Map(rowsOf('accepted-by-caller').map((row) => [row.id, row]));
    const requests = new Map(rowsOf('requests-by-caller').map((row) => [row.id, row]));
    for (const caller of OVER) {
      expect(accepted.get(caller)?.limit).toBe(LIMITS[caller]);
      // The bucket now and then is not empty when the arrivals are few.
      expect(accepted.get(caller)?.ratio).toBeGreaterThan(0.97);
      expect(accepted.get(caller)?.ratio).toBeLessThan(1.01);
      expect(requests.get(caller)?.ratio).toBeGreaterThan(1.2);
    }
    expect(requests.get('shop')).toMatchObject({ limit: 100, from: 'tier' });
    expect(requests.get('shop')?.observed).toBeCloseTo(45, -1);
    expect(requests.get('globex')?.from).toBe('entry');
    expect(requests.get('newcomer')?.from).toBe('default');
    expect(requests.get('initech')).toEqual({
      ...{ id: 'initech', observed: 0, limit: 500, ratio: 0, from: 'entry', tier: 'premium', freesAt: null },
    });
    const text = documentText('docs/json.md');
    for (const key of [document, table, table?.observed[0], accepted.get('ads')].flatMap((one) =>
      Object.keys(one ?? {}),
    ))
      expect(text, key).toContain(`\`${key}\``);
  });

  test('the command that leads there reads what was read, without a file that says where that is', async () => {
    const bare = { home: await temporaryFolder('bare') };
    const there = ['--runbook', 'tps-limits', '--prometheus-url', prometheus.url];
    const { stdout } = await runProgram(['triage', '-o', 'json', ...there], bare);
    const { findings } = JSON.parse(stdout) as { findings: { remedies: { command: string | null }[] }[] };
    const [command = ''] = findings.flatMap(({ remedies }) => remedies.flatMap((one) => one.command ?? []));
    expect(command).toBe(`ratelimit limits ${there.join(' ')}`);
    const pasted = await runProgram([...command.split(' ').slice(1), '-o', 'json'], bare);
    const [table] = (JSON.parse(pasted.stdout) as Document).tables;
    expect(table?.observed.map(({ status }) => status)).not.toContain('unknown');
    expect(pasted.code).toBe(0);
  });

  test('the verdict names those that go on for minutes, by their own limits, and the burst apart', async () => {
    const { code, stdout } = await run('triage', '-o', 'json');
    expect(code).toBe(0);
    const { findings } = JSON.parse(stdout) as {
      findings: {
        category: string;
        confidence: string;
        subjects: { id: string }[];
        caveats: { code: string }[];
      }[];
    };
    const told = findings.map(({ category, confidence, subjects }) => {
      return [category, confidence, subjects.map(({ id }) => id).sort()];
    });
    expect(told).toEqual([
      ['caller-consistently-over-limit', 'high', OVER],
      ['caller-at-tier-limit', 'high', ['marketplace', 'newcomer']],
    ]);
    expect(findings[1]?.caveats.map(({ code }) => code)).toContain('limit-may-be-too-low');
  });

  test('the alerts fire for them, each by its own limit, and for nobody else', async () => {
    const { code, stdout } = await run('rules');
    expect(code).toBe(0);
    const folder = await temporaryFolder('rules');
    await checkRules(folder, { 'tps.rules.yml': stdout });
    // At the moment that triage sees, and when the burst has become one that lasts.
    const firing = (callers: readonly string[]) =>
      callers.map((caller) => ({ labels: `{caller="${caller}"}`, value: 1 }));
    const firingBy = (rule: string) =>
      `count by (caller) (ALERTS{alertstate="firing",ratelimit_rule="${rule}"})`;
    const [over, at] = [firingBy('caller-over-limit'), firingBy('caller-at-limit')];
    await testRules(folder, stdout, [
      {
        name: 'several callers',
        interval: '1m',
        input_series: simulation.input(),
        promql_expr_test: [
          { expr: over, eval_time: '40m', exp_samples: firing(OVER) },
          { expr: over, eval_time: '54m', exp_samples: firing([...OVER, 'newcomer']) },
          // Consistently at its limit, and not above it.
          { expr: at, eval_time: '40m', exp_samples: firing([...OVER, 'marketplace'].sort()) },
          { expr: 'ALERTS{caller="shop"}', eval_time: '54m', exp_samples: [] },
        ],
      },
    ]);
  });
});

describe('limits', () => {
  test('shows reasons and use on a screen and as Markdown', async () => {
    const [human, markdown] = await Promise.all([
      run('limits'),
      run('limits', '-o', 'markdown', '--top', '2'),
    ]);
    expect([human.code, markdown.code]).toEqual([0, 0]);
    expect(human.stdout).toContain('globex: 750. Set by the context.');
    expect(human.stdout).toMatch(/^crawler +60(?:\.\d)? +20 +30\d% {2}tier free$/m);
    expect(human.stdout).toMatch(/^initech +0 +500 +0% {2}entry, tier premium$/m);
    expect(markdown.stdout).toMatch(/^\| `crawler` \| 60(?:\.\d)? \| 20 \| 30\d% \| tier free \|$/m);
    expect(markdown.stdout).toContain('and 5 more, less used');
  });

  test('shows the limits where nothing could be read, and that the use is not known', async () => {
    const json = await run('limits', '--prometheus-url', 'http://127.0.0.1:1', '-o', 'json');
    expect(json.code).toBe(5);
    const { tables, degraded } = JSON.parse(json.stdout) as Document;
    expect(degraded).toBe(true);
    const [first] = tables[0]?.observed ?? [];
    expect(first).toMatchObject({ status: 'unknown', reason: expect.stringContaining('127.0.0.1:1') });
    expect(first?.rows).toContainEqual({
      ...{ id: 'globex', observed: null, limit: 750, ratio: null, from: 'entry', tier: null, freesAt: null },
    });
    const human = await run('limits', '--prometheus-url', 'http://127.0.0.1:1');
    expect(human.stdout).toMatch(/utilisation unknown, it\s+could not be read/);
    expect(human.stdout).toMatch(/^globex +unknown +750 +unknown {2}entry$/m);
  });

  test('refuses limits that do not fit the runbook, and ends in 7 where a runbook has none', async () => {
    const typo = await run('limits', '--context', 'typo');
    expect(typo.code).toBe(2);
    expectError(typo);
    expect(typo.stderr).toContain('has no such table of limits; did you mean "caller-tps"?');
    const tier = await run('triage', '--context', 'tier');
    expect(tier.code).toBe(2);
    expect(tier.stderr).toContain('did you mean "premium"?');
    const none = await run('limits', '--runbook', 'aegis', '--context', 'prod', '-o', 'json');
    expect(none.code).toBe(2);
    const bare = await runProgram(['limits', '--runbook', 'aegis', '-o', 'json']);
    expect(bare.code).toBe(7);
    expect(errorDocument(bare)).toMatchObject({ code: 'no-limits' });
    const shown = await run('config', 'show');
    expect(shown.stdout).toMatch(/^limits\.caller-tps\.entries\.globex +750 +context$/m);
  });
});
