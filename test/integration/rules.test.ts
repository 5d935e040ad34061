import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expand } from '../../src/incidents/expand.ts';
import type { Incident } from '../../src/incidents/schema.ts';
import { withSettingsOf } from '../../src/incidents/settings.ts';
import { rulesText } from '../../src/output/rules.ts';
import { withThresholds } from '../../src/runbooks/load.ts';
import { startingPoint } from '../../src/runbooks/new.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { alertingRules } from '../../src/runbooks/rules.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { clock } from '../support/collecting.ts';
import { aegis, builtIn } from '../support/evidence.ts';
import { incidentOf, shipped } from '../support/incident.ts';
import { labelled, labelledOf } from '../support/labelled.ts';
import { play } from '../support/played.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { checkRules, incidentGroup, testRules } from '../support/promtool.ts';

afterAll(stopEverything);

const yamlOf = (runbook: Runbook, context: string | null = null, words: readonly string[] = []): string =>
  rulesText({ runbook, rules: alertingRules(runbook), isNamed: true, context, words, warnings: [] }, 'human');

const incidents = new Map([
  ...labelled,
  ...Object.entries(shipped).map(([name, one]) => [`drill/${name}`, one] as const),
]);

/** Values of a label that would be something else in a pattern, or end the text that they stand in. */
const HOSTILE = [
  '/a',
  '.*',
  'a|b',
  '"} or vector(1) #',
  '\\',
  '\\Q',
  '{{ .Bad }}',
  '$(id) `id`',
  "it's",
  '日本',
];

let folder = '';
beforeAll(async () => {
  folder = await temporaryFolder('rules');
});

test('promtool accepts the rules of every built-in runbook and of the one to start from, in contexts of odd names', async () => {
  const sources = new URL('../../src/runbooks/', import.meta.url);
  const builtIn = (await readdir(sources)).filter((file) => file.endsWith('.yaml'));
  const runbooks = [
    ...builtIn.map((file) => parseRunbook(readFileSync(new URL(file, sources)), file)),
    parseRunbook(startingPoint('edge').yaml, 'edge.yaml'),
  ];
  const contexts = [
    null,
    'prod',
    'yes',
    '0x1f',
    'a:b',
    'eu/prod@1',
    '{{ .Bad }}',
    'a"b\\c',
    "it's $HOME",
    '\u{1f600}\u202e',
    'x\ny: z',
  ];
  const files = runbooks.flatMap((runbook) =>
    contexts.map((context, index) => {
      const words = context === null ? [] : ['--context', context];
      return [`${runbook.name}-${index}.yml`, yamlOf(runbook, context, words)] as const;
    }),
  );
  const tps = readFileSync(new URL('tps-limits.yaml', sources), 'utf8');
  const listed = tps.replaceAll(
    '        metric: tps_requests_total\n        by:',
    `        metric: tps_requests_total\n        match: { tier: [free, ''], path: ${JSON.stringify(HOSTILE)} }\n        by:`,
  );
  expect(listed).not.toBe(tps);
  const more = ['listed.yml', yamlOf(parseRunbook(listed, 'listed.yaml'))] as const;
  await checkRules(folder, Object.fromEntries([...files, more]));
  expect(files.length).toBeGreaterThan(20);
});

/** Is there something that triage calls abnormal in what an incident leaves in Prometheus alone? */
async function leavesATrace(incident: Incident): Promise<boolean> {
  const { verdict } = await play({ ...incident, keys: [] });
  return verdict.findings.length > 0 || verdict.unexplained.length > 0;
}

const WITHOUT = ['quiet', 'inconclusive'];

/** Whatever of these a verdict may be, something is the matter. */
const isTrouble = ({ expect: { category } }: Incident): boolean =>
  !category.some((id) => WITHOUT.includes(id));
const isQuiet = ({ expect: { category } }: Incident): boolean => category.every((id) => id === 'quiet');
const isOver = ({ expect: { caveats = [] } }: Incident): boolean => caveats.includes('may-be-over');

/** Do so many fail that the day before decides whether a rule fires? */
function dayDecides(incident: Incident): boolean {
  const { series } = expand(incident, { nowMs: Date.now(), clock });
  const failures = series.filter(({ metric }) => metric === 'acp_auth_failures_total');
  const total = failures.reduce((sum, { spans }) => sum + (spans.at(-1)?.level ?? 0), 0);
  const [some, much] = ['crowd-rate', 'failure-rate'].map(
    (name) => aegis.thresholds[name]?.value ?? Number.NaN,
  );
  return total >= Number(some) && total < Number(much);
}

/** A query that answers 1 where a rule fires that is about what the incident is. */
function firesAbout({ expect: { category, also } }: Incident, rules: ReturnType<typeof alertingRules>) {
  const ids = [...category, ...(also ?? [])];
  const about = rules.flatMap(({ spec }) => (spec.categories.some((id) => ids.includes(id)) ? spec.id : []));
  const expr = `count(ALERTS{alertstate="firing",ratelimit_rule=~"${about.join('|')}"}) > bool 0`;
  return { expr, exp_samples: [{ labels: '{}', value: 1 }] };
}

/** Who is over its limit is who the incident is about, and nobody else. */
function firesFor({ expect: { subjects } }: Incident) {
  const expr = 'count by (caller) (ALERTS{alertstate="firing",ratelimit_rule="caller-over-limit"})';
  return { expr, exp_samples: (subjects ?? []).map((id) => ({ labels: `{caller="${id}"}`, value: 1 })) };
}

/** The labelled incidents of a runbook by the limits that their contexts set: one file of rules is by one set of them. */
function byLimits(name: string, runbook: Runbook): [Runbook, [string, Incident][]][] {
  const groups = new Map<string, [Runbook, [string, Incident][]]>();
  for (const [id, incident] of labelledOf(name)) {
    const key = JSON.stringify(incident.limits);
    const group = groups.get(key) ?? [withSettingsOf(incident, runbook), []];
    group[1].push([id, incident]);
    groups.set(key, group);
  }
  return [...groups.values()];
}

const past = (incident: Incident) => ({ past: dayDecides(incident) ? 'day' : 'minutes' }) as const;

test('on the labelled incidents they fire where there is a trace in Prometheus, about what it is, and are silent where all is quiet', async () => {
  const rules = alertingRules(aegis);
  const firing = new Map<string, Incident>();
  const blind = new Map<string, Incident>();
  const silent = new Map<string, Incident>();
  for (const [name, incident] of incidents) {
    // A threshold that a team has set must not be one of the rules': there is one file of rules here.
    expect(alertingRules(withThresholds(aegis, incident.thresholds)), name).toEqual(rules);
    if (isQuiet(incident)) silent.set(name, incident);
    else if (isTrouble(incident)) ((await leavesATrace(incident)) ? firing : blind).set(name, incident);
  }
  expect(firing.size).toBeGreaterThan(60);
  expect(blind.size).toBeGreaterThan(20);
  expect(silent.size).toBeGreaterThan(15);

  await testRules(folder, yamlOf(aegis), [
    ...[...firing].map(([name, incident]) =>
      incidentGroup(name, incident, [firesAbout(incident, rules)], past(incident)),
    ),
    // What is counted in Redis alone: the rules say that they do not cover it.
    ...[...blind].map(([name, incident]) =>
      incidentGroup(
        name,
        incident,
        [{ expr: 'ALERTS{alertstate="firing"}', exp_samples: [] }],
        past(incident),
      ),
    ),
    // Not even pending.
    ...[...silent].map(([name, incident]) =>
      incidentGroup(name, incident, [{ expr: 'ALERTS', exp_samples: [] }], past(incident)),
    ),
  ]);
});

test('the rules of api-gateway fire on its incidents, that of retries on those alone, and are silent where all is quiet', async () => {
  const gateway = builtIn('api-gateway');
  const rules = alertingRules(gateway);
  // It grows for some minutes, and then it is as large as it gets.
  const retries = 'count(count_over_time(ALERTS{alertstate="firing",ratelimit_rule="retry-storm"}[15m]))';
  const said = (name: string, incident: Incident) => {
    const { category, also } = incident.expect;
    if (isQuiet(incident)) return incidentGroup(name, incident, [{ expr: 'ALERTS', exp_samples: [] }]);
    const isStorm = [...category, ...(also ?? [])].includes('naive-retry-storm');
    return incidentGroup(name, incident, [
      ...(isTrouble(incident) ? [firesAbout(incident, rules)] : []),
      { expr: retries, exp_samples: isStorm ? [{ labels: '{}', value: 1 }] : [] },
    ]);
  };
  let count = 0;
  for (const [runbook, incidents] of byLimits('api-gateway', gateway)) {
    count += incidents.length;
    await testRules(
      folder,
      yamlOf(runbook),
      incidents.map((one) => said(...one)),
      60,
    );
  }
  expect(count).toBeGreaterThanOrEqual(20);
});

test('those of tps-limits fire on its labelled incidents, each caller by its own limit, and are silent on the quiet ones', async () => {
  const rules = alertingRules(builtIn('tps-limits'));
  let count = 0;
  for (const [runbook, incidents] of byLimits('tps-limits', builtIn('tps-limits'))) {
    const groups = incidents.flatMap(([name, incident]) => {
      // Not even pending, and no longer so minutes after it was over.
      if (isQuiet(incident) || isOver(incident)) {
        return incidentGroup(name, incident, [{ expr: 'ALERTS', exp_samples: [] }]);
      }
      if (!isTrouble(incident)) return [];
      const hasOwn = Object.keys(incident.limits).length > 0;
      return incidentGroup(name, incident, [
        firesAbout(incident, rules),
        ...(hasOwn ? [firesFor(incident)] : []),
      ]);
    });
    count += groups.length;
    await testRules(folder, yamlOf(runbook), groups);
  }
  expect(count).toBeGreaterThan(15);
});

/** Failures at 3 a second, and how many there were at this time of other days. */
const failing = (before: string): Incident =>
  incidentOf(
    `series: [{ metric: acp_auth_failures_total, labels: { job: gateway, reason: invalid_token }, per-second: 3, since: 20m, before: 0.2, ${before} }]`,
  );

/** Rejections of tenants: one with a name that is somebody's joke, one by both contracts, one that comes without a name. */
const REJECTED = incidentOf(`series:
  - { metric: acp_gateway_request_total, labels: { job: gateway, tenant_id: 'a"b <!here>', path: /x, status: "429" }, per-second: 4 }
  - { metric: acp_gateway_request_total, labels: { job: gateway, tenant_id: acme, path: /x, status: "429" }, per-second: 0.7 }
  - { metric: acp_gateway_request_total, labels: { job: gateway, tenant_id: acme, path: /y, status: "429" }, per-second: 2.3 }
  - { metric: acp_tenant_rate_limited_total, labels: { job: gateway, tenant: acme, limit_type: rps }, per-second: 5 }
  - { metric: acp_gateway_request_total, labels: { job: gateway, path: /x, status: "429" }, per-second: 2 }
  - { metric: acp_inference_cost_blocked_total, labels: { job: gateway, scope: agent, key: agent-7 }, per-second: 3 }
  - { metric: acp_inference_cost_blocked_total, labels: { job: gateway, scope: tenant, key: globex }, per-second: 0.27 }`);

test('an alert says who, how much and which command; a week ago counts where it is known', async () => {
  const context = "it's {{ odd }}";
  const runbook = {
    ...aegis,
    rules: aegis.rules.filter(({ id }) =>
      ['tenant-rejects', 'calls-at-cost-cap', 'auth-failures'].includes(id),
    ),
  };
  const alert = (
    rule: string,
    labels: Record<string, string>,
    texts: { summary: string; description: string },
  ) => ({
    exp_labels: {
      ...{
        severity: 'warning',
        ratelimit_runbook: 'aegis',
        ratelimit_context: context,
        ratelimit_rule: rule,
      },
      ...labels,
    },
    exp_annotations: {
      ...{ ...texts, runbook_url: 'README.md#the-categories-of-the-aegis-runbook' },
      command: `ratelimit triage --alert RateLimitSpike --context "it's {{ odd }}"`,
    },
  });
  const tenant = (summary: string, labels: Record<string, string>) =>
    alert('tenant-rejects', labels, {
      summary: `${summary} rejected requests (429) a second over 5m`,
      description:
        'At least 1 rejected request a second for 5m. A 429 is not an attack: see who is rejected, on which paths and at which limit.',
    });
  const cap = (summary: string, labels: Record<string, string>) =>
    alert('calls-at-cost-cap', labels, {
      summary: `${summary} calls a second are refused at the cost cap`,
      description:
        'A cost cap lets nothing through once it binds: at least 0.1 refused calls a second for 5m. Look at spend and cap before you raise it.',
    });
  const fires = [{ expr: 'count(ALERTS{alertstate="firing"})', exp_samples: [{ labels: '{}', value: 1 }] }];
  const silent = [{ expr: 'ALERTS', exp_samples: [] }];
  await testRules(folder, yamlOf(runbook, context, ['--context', context]), [
    incidentGroup('rejected', REJECTED, [], {
      alerts: [
        {
          alertname: 'RateLimitSpike',
          exp_alerts: [
            tenant(String.raw`tenant "a\"b <!here>": 4`, { tenant: 'a"b <!here>' }),
            // By both contracts, and one alert all the same.
            tenant('tenant "acme": 3', { tenant: 'acme' }),
            tenant('no tenant: 2', {}),
            cap('agent "agent-7": 3', { agent: 'agent-7' }),
            cap('tenant "globex": 0.27', { tenant: 'globex' }),
          ],
        },
      ],
    }),
    incidentGroup('more than yesterday', failing('yesterday: 0.2'), fires, { past: 'day' }),
    incidentGroup('more than yesterday and a week ago', failing('yesterday: 0.2, last-week: 0.2'), fires, {
      past: 'week',
    }),
    incidentGroup('as a week ago', failing('yesterday: 0.2, last-week: 3'), silent, { past: 'week' }),
    incidentGroup('as yesterday', failing('yesterday: 3, last-week: 0.2'), silent, { past: 'day' }),
    incidentGroup('without a yesterday', failing('last-week: 0.2'), silent, { past: 'day' }),
  ]);
});
