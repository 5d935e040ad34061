import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { parseIncident } from '../../src/incidents/parse.ts';
import { settingProblems } from '../../src/incidents/settings.ts';
import { unreadMetrics } from '../../src/incidents/unread.ts';
import { unknownNames } from '../../src/labels/schema.ts';
import { aegis, builtIn } from '../support/evidence.ts';
import { incidentOf, incidentYaml, shipped } from '../support/incident.ts';

/** All that is wrong with an incident. */
function problemsOf(yaml: string | Uint8Array): readonly string[] {
  try {
    parseIncident(yaml, 'my.yaml');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).toContain('my.yaml is not a valid incident:');
    return error.problems;
  }
  throw new Error('the incident is valid');
}

describe('an incident that is not one', () => {
  test('all problems at once, each with its line and key', () => {
    const yaml = incidentYaml(
      [
        'keys:',
        '  - { key: "a:{1..3", value: 1, ttl: 3x }',
        '  - { key: b, valu: 1 }',
        '  - { key: c, hex: "61", value: 1, renewed: true }',
        '  - { key: d, value: "1.5", grows: 2 }',
        'seris: []',
        'series:',
        '  - { metric: "a b", per-second: -1, before: 3 }',
        '  - { metric: up, value: 1, started: 3m, until: { exist: a } }',
        'title2: x',
      ].join('\n'),
    );
    expect(problemsOf(yaml)).toEqual([
      expect.stringMatching(
        /^my\.yaml:6: keys\.0\.key: expected \{1\.\.60\}.* a brace without its other half$/,
      ),
      'my.yaml:6: keys.0.ttl: expected a duration such as 90s, 5m or 1h30m, got "3x"',
      expect.stringMatching(
        /^my\.yaml:7: keys\.1\.valu: unknown key, did you mean "value"\? Valid: key, hex,/,
      ),
      'my.yaml:7: keys.1: expected exactly one of value, hash, got none',
      'my.yaml:8: keys.2: expected exactly one of key, hex, got key and hex',
      'my.yaml:8: keys.2: `renewed` means nothing without `grows`',
      'my.yaml:8: keys.2: `renewed` means nothing without `ttl`',
      'my.yaml:9: keys.3: only a whole number grows',
      expect.stringMatching(/^my\.yaml:10: seris: unknown key, did you mean "series"\?/),
      'my.yaml:12: series.0.metric: expected a metric name alone, without labels and functions, got "a b"',
      expect.stringMatching(/^my\.yaml:12: series\.0\.per-second: .*0/),
      'my.yaml:12: series.0: `before` means nothing without `since`',
      expect.stringMatching(/^my\.yaml:13: series\.1\.until\.0\.exist: unknown key, did you mean "exists"\?/),
      'my.yaml:13: series.1.until.0: expected exactly one of exists, above, got none',
      'my.yaml:13: series.1: expected exactly one of per-second, value, started, got value and started',
      expect.stringMatching(/^my\.yaml:14: title2: unknown key, did you mean "title"\?/),
    ]);
  });

  test.each([
    ['nothing', '', /got an empty file/],
    ['not text', Buffer.from([0xff, 0xfe]), /expected UTF-8/],
    ['not YAML', 'title: [', /expected valid YAML/],
    ['of another kind', incidentYaml('').replace('incident/v1', 'runbook/v1'), /:1: schema/],
    ['without a truth', incidentYaml('').replace(/expect.*/, ''), /expect/],
    ['a truth that no verdict can be', incidentYaml('').replace('quiet', 'Quiet!'), /expect\.category/],
    ['a level that there is not', incidentYaml('').replace('quiet', 'quiet, confidence: sure'), /confidence/],
    [
      'a range backwards',
      incidentYaml('keys: [{ key: "a{3..1}", value: 1 }]'),
      /\{3\.\.1\} counts backwards/,
    ],
    ['a place that there is not', incidentYaml('keys: [{ key: "a{ip}", value: 1 }]'), /got \{ip\}/],
    [
      'a name twice',
      incidentYaml('keys: [{ key: "a{1..3}", value: 1 }, { key: a2, value: 2 }]'),
      /"a2" is there already, by keys\.0/,
    ],
    [
      'a name twice in one',
      incidentYaml('keys: [{ key: "a{x,x}", value: 1 }]'),
      /"ax" is there already, by keys\.0/,
    ],
    [
      'bytes and a text of one name',
      incidentYaml('keys: [{ key: a, value: 1 }, { hex: "61", value: 2 }]'),
      /"a" is there already/,
    ],
    [
      'a series twice',
      incidentYaml(
        'series: [{ metric: up, labels: { a: "1", b: "2" }, value: 1 }, { metric: up, labels: { b: "2", a: "1" }, value: 0 }]',
      ),
      /is there already, by series\.0/,
    ],
    ['too much', incidentYaml('keys: [{ key: "a{1..999999}", value: 1 }]'), /999999 are too many/],
    [
      'too much that grows',
      incidentYaml('keys: [{ key: "a{1..3000}", value: 1, grows: 1 }]'),
      /3000 that grow are too many/,
    ],
    [
      'an end of something else',
      incidentYaml('keys: [{ key: "a{1..2}", value: 1, grows: 1, until: { exists: "b{1..3}" } }]'),
      /keys\.0\.until: \{1\.\.3\} must stand/,
    ],
    [
      'an end without a number',
      incidentYaml('keys: [{ key: a, value: 1, grows: 1, until: { above: { key: b, value: x } } }]'),
      /keys\.0\.until\.0\.above\.value/,
    ],
    ['no whole bytes', incidentYaml('keys: [{ hex: "616", value: 1 }]'), /keys\.0\.hex: expected bytes/],
    [
      'days of history that overlap',
      incidentYaml('series: [{ metric: a_total, per-second: 1, since: 23h }]'),
      /at most 20h/,
    ],
    [
      'a counter that falls',
      incidentYaml('series: [{ metric: a_total, per-second: 1, yesterday: -1 }]'),
      /`yesterday` of a counter/,
    ],
    ['an alias', 'a: &a 1\nb: *a', /expected no aliases/],
  ])('%s', (_, yaml, message) => {
    expect(problemsOf(yaml).join('\n')).toMatch(message);
  });
});

test('the example of the documentation is one', () => {
  const page = readFileSync(new URL('../../docs/incidents.md', import.meta.url), 'utf8');
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const incident = parseIncident(yaml, 'docs/incidents.md');
  expect(unknownNames(incident.expect, aegis)).toEqual([]);
  expect([incident.keys.length, incident.series.length]).toEqual([5, 3]);
});

test('today and yesterday are two keys', () => {
  const days = 'keys: [{ key: "a:{yyyymmdd}", value: 1 }, { key: "a:{yyyymmdd-1}", value: 2 }]';
  expect(incidentOf(days).keys).toHaveLength(2);
});

test('one or many, it is a list afterwards', () => {
  expect(incidentOf('').expect).toMatchObject({ category: ['quiet'], confidence: null });
  const several = parseIncident(
    incidentYaml('').replace('quiet', '[quiet, inconclusive], confidence: [high, medium]'),
    'my.yaml',
  );
  expect(several.expect).toMatchObject({
    category: ['quiet', 'inconclusive'],
    confidence: ['high', 'medium'],
  });
});

test('limits are those of a context, and what is wrong with them is said with line and key', () => {
  const written =
    'limits: { caller-tps: { default: 150, tiers: { free: 25 }, entries: { globex: 800, acme: premium } } }';
  expect(incidentOf(written).limits).toEqual({
    'caller-tps': { default: 150, tiers: { free: 25 }, entries: { globex: 800, acme: 'premium' } },
  });
  expect(incidentOf('').limits).toEqual({});
  expect(
    problemsOf(
      incidentYaml(
        'limits:\n  caller-tps: { defaults: 3, tiers: { free: 0 } }\n  other: { entries: { a: -1, b: [] } }',
      ),
    ),
  ).toEqual([
    'my.yaml:6: limits.caller-tps.tiers.free: expected a number over 0, got 0',
    'my.yaml:6: limits.caller-tps.defaults: unknown key, did you mean "default"? Valid: default, tiers, entries',
    'my.yaml:7: limits.other.entries.a: expected a number over 0, got -1',
    'my.yaml:7: limits.other.entries.b: expected a number over 0 or the name of a tier',
  ]);
  const tps = builtIn('tps-limits');
  const settings = incidentOf('thresholds: { at-ratoi: 1 }\nlimits: { caller-tsp: { default: 3 } }');
  expect(settingProblems(tps, settings)).toEqual([
    'thresholds.at-ratoi: runbook tps-limits has no such threshold; did you mean "at-ratio"?',
    'limits.caller-tsp: runbook tps-limits has no such table of limits; did you mean "caller-tps"?',
  ]);
});

test('what it says survives JSON, as the build writes it', () => {
  for (const incident of Object.values(shipped))
    expect(JSON.parse(JSON.stringify(incident))).toEqual(incident);
});

describe('the truth must be one that the runbook can tell', () => {
  test('names that the runbook does not have', () => {
    const truth = {
      ...incidentOf('').expect,
      ...{ category: ['one-ip', 'quiet'], also: ['platform-overlod'] },
      'not-proposed': ['block-pi'],
    };
    expect(unknownNames(truth, aegis)).toEqual([
      {
        path: ['category', 0],
        message: expect.stringMatching(/^runbook aegis has no category "one-ip"/),
      },
      {
        path: ['also'],
        message: 'runbook aegis has no category "platform-overlod"; did you mean "platform-overload"?',
      },
      {
        path: ['not-proposed'],
        message: 'runbook aegis has no response "block-pi"; did you mean "block-ip"?',
      },
    ]);
  });

  test.each(Object.entries(shipped))('%s', (_, incident) => {
    expect(unknownNames(incident.expect, aegis)).toEqual([]);
    expect(incident.page).toBeDefined();
    for (const name of Object.keys(incident.thresholds)) expect(aegis.thresholds).toHaveProperty(name);
  });
});

test('each kind of incident of the runbook that an operator must know is among those that are shipped', () => {
  const told = Object.values(shipped).flatMap(({ expect: { category } }) => category);
  expect([...told].sort()).toEqual([
    'agent-over-cost-cap',
    'dependency-outage',
    'deploy-auth-churn',
    'distributed-credential-stuffing',
    'platform-overload',
    // As the runbook has it, and as the gateway in the field counts.
    'single-ip-credential-stuffing',
    'single-ip-credential-stuffing',
    'tenant-over-rps-cap',
  ]);
});

test('a metric that the runbook does not read is noted, with the nearest that it does', () => {
  const series = [
    { metric: 'acp_auth_failure_total' },
    { metric: 'acp_auth_failures_total' },
    { metric: 'up' },
  ];
  expect(unreadMetrics({ series } as unknown as Parameters<typeof unreadMetrics>[0], aegis)).toEqual([
    'no source of runbook aegis reads the metric acp_auth_failure_total; did you mean "acp_auth_failures_total"?',
  ]);
});
