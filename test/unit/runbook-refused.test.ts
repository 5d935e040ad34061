import { expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { notesOf } from '../../src/runbooks/notes.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { exampleRunbook } from '../../src/runbooks/template.ts';
import { AEGIS_YAML } from '../support/evidence.ts';

/** Runbooks that read well and yet could not be judged by, or whose mistake is easy to name. */
const changed = (from: string, to: string) => {
  if (!AEGIS_YAML.includes(from)) throw new Error(`the runbook has no ${from}`);
  return () => parseRunbook(AEGIS_YAML.replace(from, to), 'my.yaml');
};
const BY_IP = 'rest: { signal: auth-failures-by-ip }';

test.each([
  ['a rest of a signal without a spread', BY_IP, 'rest: { signal: agent-spend }', /my\.yaml:\d+: .*spread/],
  ['a rest of a spread without one', BY_IP, 'rest: { signal: rejects-by-tenant }', /my\.yaml:\d+: .*rest/],
  [
    'categories that exclude each other in a circle',
    'unless: { category: deploy-auth-churn }',
    'unless: { category: distributed-credential-stuffing }',
    /my\.yaml:\d+: .*unless/,
  ],
  ['a step for each of a kind that no signal has', 'each: ip', 'each: ipp', /my\.yaml:\d+: .*each.*"ip"/],
  [
    'a threshold without a value',
    'rejects-by-tenant, at-least: reject-rate',
    'rejects-by-tenant, at-least: inflight-limit',
    /my\.yaml:\d+: .*"inflight-limit"/,
  ],
  ['an anchor that is not there', 'severity: P2', 'severity: *nope', /my\.yaml is not a valid runbook/],
  ['an unknown key', 'severity: P2', 'sevrity: P2', /my\.yaml:\d+: .*"severity"/],
  ['an unknown condition', 'not-public:', 'not-publik:', /my\.yaml:\d+: .*did you mean "not-public"/],
  [
    'a contract that speaks of a key that no source reads',
    '- "acp:ratelimit:auth_fail:{ip}"\n',
    '- "acp:ratelimit:auth_fails:{ip}"\n',
    /my\.yaml:\d+: contracts\.1\.speaks\.0: .*did you mean "acp:ratelimit:auth_fail:\{ip\}"/,
  ],
  ['two contracts of one name', '- id: gateway', '- id: runbook', /my\.yaml:\d+: contracts\.1\.id: .*two/],
  [
    'a step for a caveat that is not there',
    'each: ip',
    'each: ip\n        with: shared-adress',
    /my\.yaml:\d+: .*"shared-address"/,
  ],
  ['a place that is not there', '{subjects} made', '{subjets} made', /my\.yaml:\d+: .*subjets/],
])('%s', (_, from, to, message) => {
  expect(changed(from, to)).toThrow(
    expect.objectContaining({ name: 'ConfigError', message: expect.stringMatching(message) }),
  );
});

test('aliases that multiply without end', () => {
  const lines = Array.from({ length: 12 }, (_, index) =>
    index === 0
      ? 'a0: &a0 [1, 1]'
      : `a${index}: &a${index} [${Array(9)
          .fill(`*a${index - 1}`)
          .join(', ')}]`,
  );
  expect(() => parseRunbook(lines.join('\n'), 'my.yaml')).toThrow(
    expect.objectContaining({ name: 'ConfigError' }),
  );
});

/** The example that `runbook new` writes, with one text in place of another: what is wrong with it, and what is noted. */
function told(from: string, to: string): { problems: readonly string[]; notes: readonly string[] } {
  const yaml = exampleRunbook('edge');
  if (!yaml.includes(from)) throw new Error(`the example has no ${from}`);
  try {
    const runbook = parseRunbook(
      yaml.replace(from, () => to),
      'edge.yaml',
    );
    return { problems: [], notes: notesOf(runbook) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems.map((line) => line.replace(/^edge\.yaml:\d+: /, '')), notes: [] };
  }
}

const VOLUME = 'volume: { signal: rejects-by-client, at-least: reject-rate }';

test.each([
  [
    'a share in percent',
    'value: 0.10',
    'value: 10',
    'client-share.value: expected a part of 1, as its unit is share, such as 0.1 for 10%, got 10',
  ],
  [
    'a rate per minute',
    'unit: rejects/s\n    # Who',
    'unit: rejects/min\n    # Who',
    'unit: expected a unit per second, as prometheus-rate counts, got rejects/min',
  ],
  [
    'a threshold per minute',
    'reject-rate: { value: 1, unit: rejects/s',
    'reject-rate: { value: 60, unit: rejects/min',
    'threshold "reject-rate" is in rejects/min, while signal "rejects-by-client" counts per second (rejects/s)',
  ],
  [
    'a number for a threshold',
    'volume: reject-rate',
    'volume: 5',
    'spread.volume: expected the name of a threshold (numbers stand under thresholds), got 5',
  ],
  [
    'a name that is like no other',
    'about: refused-by-address',
    'about: xyz',
    'about: there is no signal "xyz"; expected one of rejects-by-client, refused-by-address, budget',
  ],
  [
    'a label of no mix',
    'label: path',
    'label: route',
    'mix.label: no source of signal "rejects-by-client" has mix: route; expected one of path',
  ],
  [
    'an operator in a label',
    '{ zone: api }',
    '{ zone: "=~api" }',
    'match.zone: expected the exact value of the label, got "=~api", which begins with an operator',
  ],
  [
    'a number among the values of a label',
    '{ zone: api }',
    '{ zone: ["429", 503] }',
    'match.zone.1: expected the exact value of the label as text (a number in quotes), got 503',
  ],
  [
    'a number as the value of a label',
    '{ zone: api }',
    '{ zone: 429 }',
    'match.zone: expected the exact value of the label as text (a number in quotes), got 429',
  ],
  [
    'an operator among the values of a label',
    '{ zone: api }',
    '{ zone: [api, "!~web"] }',
    'match.zone.1: expected the exact value of the label, got "!~web", which begins with an operator',
  ],
  [
    'a label with none of its values',
    '{ zone: api }',
    '{ zone: [] }',
    'match.zone: expected at least 1 entry, got 0',
  ],
  [
    'a value that a list has twice',
    '{ zone: api }',
    '{ zone: [api, web, api] }',
    'match.zone.2: "api" is there twice',
  ],
  [
    'more values than a query should hold',
    '{ zone: api }',
    `{ zone: [${Array.from({ length: 21 }, (_, index) => `z${index}`)}] }`,
    'match.zone: expected at most 20 entries, got 21',
  ],
  [
    'values that are too long for a query',
    '{ zone: api }',
    `{ zone: [${'a'.repeat(200)}, "${'.'.repeat(200)}", ${'b'.repeat(200)}] }`,
    'match: expected lists of values of at most 1000 characters as a query writes them, got 1010',
  ],
  [
    'a metric with labels',
    'metric: nginx_connections_active',
    'metric: "nginx{a=1}"',
    'metric: expected a metric name alone, without labels and functions, got "nginx{a=1}"',
  ],
  [
    'a number for a duration',
    'for: 5m',
    'for: 5',
    'for: expected a duration such as 90s, 5m or 1h30m, got 5',
  ],
  [
    'two conditions at once',
    `- ${VOLUME}\n        - spread: { signal: rejects-by-client, is: many }`,
    `- ${VOLUME}\n          spread: { signal: rejects-by-client, is: many }`,
    'expected one condition, got volume and spread: put them under all: or any:, a dash before each',
  ],
  [
    'a list of conditions',
    `      all:\n        - ${VOLUME}\n        - spread: { signal: rejects-by-client, is: many }`,
    `      - ${VOLUME}\n      - spread: { signal: rejects-by-client, is: many }`,
    'when: expected one condition, got a list: put it under all: or any:',
  ],
])('%s is named in one sentence', (_, from, to, sentence) => {
  const { problems } = told(from, to);
  expect(problems.join('\n')).toContain(sentence);
  expect(new Set(problems).size).toBe(problems.length);
});

test('a key that is misspelt is told once, and so is a text in place of a list', () => {
  expect(
    told('metric: nginx_limit_req_rejected_total', 'metrics: nginx_limit_req_rejected_total').problems,
  ).toEqual([expect.stringContaining('sources.0.metrics: unknown key, did you mean "metric"?')]);
  expect(told('cause: capacity', 'cause:').problems).toEqual([
    expect.stringContaining('categories.1.cause: expected text, got nothing'),
  ]);
  expect(told('  - [refused-by-address]', '  - refused-by-address').problems).toEqual([
    'quiet-needs.1: expected a list, got "refused-by-address"',
  ]);
});

test('what is valid and may not be meant is noted, and the example has nothing of it', () => {
  expect(told('edge-overload', 'edge-overload').notes).toEqual([]);
  expect(told('{ zone: api }', '{ zone: "api.*" }').notes).toEqual([
    'signals.rejects-by-client.sources.0.match.zone: "api.*" is the exact value that is looked for, and no pattern',
  ]);
  expect(told('{ zone: api }', '{ zone: "api|web" }').notes).toEqual([
    'signals.rejects-by-client.sources.0.match.zone: "api|web" is the exact value that is looked for, and no pattern; several values are a list: ["api", "web"]',
  ]);
  expect(told('{ zone: api }', '{ zone: [api, web, "^x"] }').notes).toEqual([
    'signals.rejects-by-client.sources.0.match.zone: "^x" is the exact value that is looked for, and no pattern',
  ]);
  const day =
    '{ kind: prometheus-count, metric: m, match: { a: "x" }, none-of: { b: ["5.*"] }, by: c, over: 1h }';
  expect(told('{ kind: redis-eviction }', day).notes).toEqual([
    'signals.eviction.sources.0.none-of.b: "5.*" is the exact value that is left out, and no pattern',
  ]);
  expect(told('rank: 20', 'rank: 10').notes).toEqual([
    'categories.1.rank: edge-overload and address-flood have the same; the first in the file goes first',
  ]);
  const spare = '  spare: { value: 1, unit: s, because: Nobody uses it. }\n  login-share:';
  expect(told('  login-share:', spare).notes).toEqual(['thresholds.spare: nothing is held against it']);
  const example = exampleRunbook('edge');
  const remedies = example.slice(
    example.indexOf('\nremedies:'),
    example.indexOf('\n# The alerts that lead here'),
  );
  expect(told(remedies, '').notes).toEqual([
    'categories.0.respond.0.command: this runbook has no remedy block-ip, so that it will be refused',
  ]);
});
