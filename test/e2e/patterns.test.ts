import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  agentOverCap,
  calm,
  deployChurn,
  distributed,
  type Incident,
  merge,
  noise,
  platformOverload,
  RESTARTED,
  singleIp,
  tenantOverRps,
} from '../support/incidents.ts';
import { openMetrics } from '../support/openmetrics.ts';
import { stopEverything } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

interface Pattern {
  readonly make: (now: number) => Incident;
  readonly category: string;
  readonly subjects: string[];
  readonly restarted?: boolean;
  /** What is suggested, but for the reason and what reaches the system. */
  readonly commands?: string[];
}

const PATTERNS: Record<string, Pattern> = {
  'one IP': {
    make: singleIp,
    category: 'single-ip-credential-stuffing',
    subjects: ['203.0.113.42'],
    commands: ['ratelimit block-ip 203.0.113.42 --ttl 24h'],
  },
  'many IPs': { make: distributed, category: 'distributed-credential-stuffing', subjects: [] },
  'one tenant, mix of paths': { make: tenantOverRps, category: 'tenant-over-rps-cap', subjects: ['acme'] },
  'one tenant, all /execute': {
    make: agentOverCap,
    category: 'agent-over-cost-cap',
    subjects: ['agent-7', 'globex'],
    commands: ['ratelimit caps agent-7', 'ratelimit raise-cap agent-7 --to 135.00'],
  },
  'many tenants': { make: platformOverload, category: 'platform-overload', subjects: [] },
  'after a deploy': { make: deployChurn, category: 'deploy-auth-churn', subjects: [], restarted: true },
};

/** What a second sign would make sure, which these patterns do not have: inflight near its limit, more failures than usual. */
const UNCONFIRMED = ['platform-overload', 'deploy-auth-churn'];

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(stopEverything);

interface Finding {
  category: string;
  confidence: string;
  subjects: { kind: string; id: string }[];
  caveats: { code: string }[];
  remedies: { command: string | null }[];
}

async function triage(patterns: Pattern[], withNoise: boolean) {
  const now = Math.floor(Date.now() / 1000);
  const restarted = patterns.some((pattern) => pattern.restarted);
  const incident = merge(
    calm(now, restarted ? RESTARTED : undefined),
    ...(withNoise ? [noise(now)] : []),
    ...patterns.map((pattern) => pattern.make(now)),
  );
  await redis.flush();
  await redis.load(incident.redis);
  const prometheus = await startPrometheus({ series: openMetrics(incident.series) });
  const systems = ['--redis-url', redis.url, '--prometheus-url', prometheus.url];
  const args = ['triage', '-o', 'json', '--timeout', '60s', ...systems];
  const { code, stdout, stderr } = await runProgram(args);
  await prometheus.stop();
  expect(stderr).toBe('');
  const document = JSON.parse(stdout) as {
    verdict: { category: string; confidence: string };
    findings: Finding[];
  };
  return { code, ...document };
}

function commandsOf(findings: readonly Finding[]): string[] {
  const commands = findings.flatMap(({ remedies }) => remedies.flatMap(({ command }) => command ?? []));
  return commands.map((command) => {
    expect(command.endsWith(` --redis-url ${redis.url}`)).toBe(true);
    return command.replace(/(?: --reason [a-z_]+)? --redis-url .*$/, '');
  });
}

describe.each([false, true])('with background noise: %s', (withNoise) => {
  test('a platform at rest is quiet', async () => {
    const { verdict, findings, code } = await triage([], withNoise);
    expect(verdict.category).toBe('quiet');
    expect(findings).toEqual([]);
    expect(code).toBe(0);
  });

  test.each(Object.entries(PATTERNS))('%s', async (_name, pattern) => {
    const { verdict, findings, code } = await triage([pattern], withNoise);
    expect(findings.map((finding) => finding.category)).toEqual([pattern.category]);
    expect(verdict.category).toBe(pattern.category);
    expect(findings[0]?.subjects.map((subject) => subject.id)).toEqual(pattern.subjects);
    expect(commandsOf(findings)).toEqual(pattern.commands ?? []);
    expect(verdict.confidence).toBe(UNCONFIRMED.includes(pattern.category) ? 'medium' : 'high');
    expect(code).toBe(0);
  });
});

const names = Object.keys(PATTERNS);
const pairs = names.flatMap((a, i) => names.slice(i + 1).map((b): [string, string] => [a, b]));

describe('two at once, with noise', () => {
  test.each(pairs)('%s and %s', async (a, b) => {
    const both = [a, b].flatMap((name) => PATTERNS[name] ?? []);
    const { findings } = await triage(both, true);
    // Sources with many failures each are an attack, deploy or not: what else fails then is part of that crowd.
    const hidden = a === 'many IPs' && b === 'after a deploy' ? ['deploy-auth-churn'] : [];
    const expected = both.map((pattern) => pattern.category).filter((category) => !hidden.includes(category));
    expect(findings.map((finding) => finding.category).sort()).toEqual(expected.sort());
    for (const pattern of both) {
      const finding = findings.find((candidate) => candidate.category === pattern.category);
      if (!hidden.includes(pattern.category)) {
        expect(finding?.subjects.map((subject) => subject.id)).toEqual(pattern.subjects);
      }
    }
    if (hidden.length > 0)
      expect(findings[0]?.caveats.map((caveat) => caveat.code)).toContain('recent-deploy');
  });
});
