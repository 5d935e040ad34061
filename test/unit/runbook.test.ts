import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { AEGIS_YAML } from '../support/evidence.ts';

/** Line of a text in a file, counted from one. */
const lineOf = (yaml: string, text: string) => yaml.slice(0, yaml.indexOf(text)).split('\n').length;

/** The problems of the shipped runbook with one text in place of another; the text must be in it. */
function problemsOf(from: string, to: string) {
  if (!AEGIS_YAML.includes(from)) throw new Error(`the runbook has no ${JSON.stringify(from)}`);
  const yaml = AEGIS_YAML.replace(from, () => to);
  try {
    parseRunbook(yaml, 'my.yaml');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).toContain('my.yaml is not a valid runbook');
    return { yaml, problems: error.problems };
  }
  throw new Error('the runbook is valid');
}

describe('a name that refers to nothing', () => {
  test.each([
    [
      'threshold of a spread',
      'loud-at: heavy-ip-failures',
      'loud-at: heavy-ip-failure',
      'signals.auth-failures-by-ip.spread.loud-at',
      'heavy-ip-failures',
    ],
    [
      'threshold of a rest',
      'sources: crowd-sources }',
      'sources: crowd-source }',
      'signals.auth-failures-by-ip.spread.rest.sources',
      'crowd-sources',
    ],
    [
      'threshold of a limit',
      'limit: inflight-limit',
      'limit: inflight-limt',
      'signals.inflight.sources.0.limit',
      'inflight-limit',
    ],
    [
      'threshold near a limit',
      'near-limit: near-cap-ratio',
      'near-limit: near-cap-rato',
      'signals.agent-spend.near-limit',
      'near-cap-ratio',
    ],
    [
      'threshold of a condition',
      'at-least: failure-rate }',
      'at-least: failure-rat }',
      'abnormal.2.volume.at-least',
      'failure-rate',
    ],
    [
      'threshold of a mix',
      'not-only: /execute, share: only-path-share',
      'not-only: /execute, share: only-path-shar',
      'categories.4.when.all.2.any.0.mix.share',
      'only-path-share',
    ],
    [
      'signal of a condition',
      'not-public: { signal: auth-failures-by-ip }',
      'not-public: { signal: auth-failures-by-id }',
      'categories.1.caveats.3.when.not-public.signal',
      'auth-failures-by-ip',
    ],
    [
      'signal before a deploy',
      'before: auth-failures-by-ip',
      'before: auth-failures-by-pi',
      '.when.all.0.any.0.started.before',
      'auth-failures-by-ip',
    ],
    ['signal of a category', 'about: agent-spend', 'about: agent-spent', 'categories.6.about', 'agent-spend'],
    [
      'signal that quiet needs',
      '- [rejects-by-tenant,',
      '- [reject-by-tenant,',
      'quiet-needs.1.0',
      'rejects-by-tenant',
    ],
    [
      'category',
      'category: deploy-auth-churn',
      'category: deploy-auth-chrn',
      '.unless.category',
      'deploy-auth-churn',
    ],
    [
      'outcome in a headline',
      'if: [mix-only=daily]',
      'if: [mix-onyl=daily]',
      'categories.7.headline.1.if.0',
      'mix-only',
    ],
    ['link', 'link: kill-switch', 'link: kill-swich', 'categories.0.respond.1.link', 'kill-switch'],
    [
      'withheld step',
      'withholds: [block-ip]',
      'withholds: [blok-ip]',
      'categories.1.caveats.0.withholds',
      'block-ip',
    ],
    [
      'signal of spend and caps',
      'signal: agent-spend\n    permanent',
      'signal: agent-spent\n    permanent',
      'remedies.raise-cap.signal',
      'agent-spend',
    ],
    [
      'signal of shared addresses',
      'shared: tenants-by-ip',
      'shared: tenant-by-ip',
      'remedies.block-ip.shared',
      'tenants-by-ip',
    ],
  ])('%s: file, line, key and the nearest name', (_, from, to, key, nearest) => {
    const { yaml, problems } = problemsOf(from, to);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^my\\.yaml:${lineOf(yaml, to)}: `));
    expect(problems[0]).toContain(`${key}: `);
    expect(problems[0]).toContain(`; did you mean "${nearest}"?`);
  });
});

describe('a text that is not as it must be', () => {
  test.each([
    [
      'duration',
      'window: 5m',
      'window: 5 minutes',
      'signals.auth-failures-by-ip.sources.0.window',
      /expected a duration such as 90s/,
    ],
    [
      'place in a headline',
      '{subjects} made {value} of {total} authentication failures in {window} ({share})',
      '{victims} made it',
      'categories.1.headline.1.say',
      /\{victims\}.*\{subjects\}/,
    ],
    [
      'identifier',
      '- id: single-ip-credential-stuffing',
      '- id: Single IP',
      'categories.1.id',
      /expected lower-case words/,
    ],
    [
      'key template',
      'key: "acp:ip_block:{ip}"',
      'key: "acp:ip_block:*"',
      'signals.blocks.sources.0.key',
      /expected a key such as/,
    ],
    [
      'metric',
      'metric: acp_auth_failures_total',
      'metric: "sum(acp)"',
      'signals.auth-failures-total.sources.0.metric',
      /expected a metric name/,
    ],
    [
      'kind of source',
      'kind: redis-entry',
      'kind: redis-entri',
      'signals.account-lockouts.sources.0',
      /expected one of redis-counter, .*got "redis-entri"; did you mean "redis-entry"\?/,
    ],
    ['number', 'value: 0.10', 'value: a tenth', 'thresholds.heavy-ip-share.value', /number/],
    ['negative number', 'value: 0.10', 'value: -1', 'thresholds.heavy-ip-share.value', /over 0, got -1/],
    [
      'empty reason',
      'because: See few-tenants.',
      'because: ""',
      'thresholds.many-tenants.because',
      /expected text, got an empty one/,
    ],
    [
      'condition',
      'not-public: { signal',
      'not-publik: { signal',
      'categories.0.caveats.2.when',
      /expected one condition of: spread, .*did you mean "not-public"/,
    ],
    ['lifetime of a block', 'ttl: 24h', 'ttl: a day', 'remedies.block-ip.ttl', /expected a duration/],
    [
      'limit of a counter',
      'stops-at: 25',
      'stops-at: 0',
      'signals.auth-failures-by-ip.sources.1.stops-at',
      /expected a number over 0, got 0/,
    ],
    [
      'headroom that lowers a cap',
      'signal: agent-spend\n    permanent',
      'signal: agent-spend\n    headroom: 0.9\n    permanent',
      'remedies.raise-cap.headroom',
      /expected a number of at least 1, got 0.9/,
    ],
    [
      'path of an agent',
      'path: "/agents/{agent}"',
      'path: "/agents/{agent}/{agent}"',
      'remedies.raise-cap.permanent.path',
      /expected a path with one place, such as \/things\/\{agent\}/,
    ],
    [
      'path of a tenant',
      'path: "/decision/kill-switch/{tenant}"',
      'path: "https://elsewhere.example/{tenant}"',
      'remedies.kill-switch.path',
      /expected a path with one place, such as \/things\/\{tenant\}/,
    ],
    [
      'method',
      'permanent: { method: PATCH',
      'permanent: { method: DELETE',
      'remedies.raise-cap.permanent.method',
      /expected one of PATCH, PUT, POST, got "DELETE"/,
    ],
    [
      'confidence',
      'otherwise: low',
      'otherwise: high',
      'categories.6.otherwise',
      /expected one of medium, low, got "high"/,
    ],
    [
      'text that YAML reads as a number',
      'severity: P2',
      'severity: 2',
      'severity',
      /text \(in quotes\), got 2/,
    ],
    [
      'number that YAML reads as text',
      'rank: 10',
      'rank: first',
      'categories.0.rank',
      /expected a number, got "first"/,
    ],
    [
      'list',
      'alerts: [RateLimitSpike, AuthFailureSpike]',
      'alerts: {}',
      'alerts',
      /expected a list, got a mapping/,
    ],
    [
      'word of a condition',
      'by-ip, is: many }',
      'by-ip, is: mny }',
      'categories.0.when.any.0.spread.is',
      /expected one of one-or-few, many, got "mny"; did you mean "many"\?/,
    ],
    [
      'mix',
      'label: path, not-only: /execute',
      'label: path',
      'categories.4.when.all.2.any.0.mix',
      /only: expected text, got nothing/,
    ],
    ['name', '  noise-floor:\n', '  Noise Floor:\n', 'thresholds."Noise Floor"', /expected lower-case words/],
    ['long text', 'severity: P2', 'severity: as bad as it gets', 'severity', /at most 10 characters, got 17/],
    [
      'what a terminal would obey',
      'title: Rate Limit Spike',
      'title: "Rate \\u001b[2J"',
      'title',
      /expected one line of visible characters/,
    ],
    [
      'empty list',
      '- [rejects-by-tenant, rejects-by-layer]',
      '- []',
      'quiet-needs.1',
      /expected at least 1 entry, got 0/,
    ],
  ])('%s', (_, from, to, key, message) => {
    const { problems } = problemsOf(from, to);
    const problem = problems.find((line) => line.includes(`: ${key}`));
    expect(problem).toMatch(/^my\.yaml:\d+: /);
    expect(problem).toMatch(message);
  });

  test('an unknown key is named, with its own line and the nearest that is known', () => {
    const { yaml, problems } = problemsOf('    rank: 20\n', '    rank: 20\n    rnk: 20\n');
    expect(problems).toEqual([expect.stringMatching(/^my\.yaml:\d+: categories\.1\.rnk: .*"rank"/)]);
    expect(problems[0]).toContain(`my.yaml:${lineOf(yaml, 'rnk: 20')}:`);
  });

  test.each([
    [
      'a remedy',
      '  raise-cap:\n    signal:',
      '  raise-caps:\n    signal:',
      'remedies.raise-caps',
      'raise-cap',
    ],
    ['a key of a remedy', '    peers: ["acp', '    peer: ["acp', 'remedies.block-ip.peer', 'peers'],
  ])('%s that is not known is named, with the nearest', (_, from, to, key, nearest) => {
    const { yaml, problems } = problemsOf(from, to);
    expect(problems).toEqual([
      expect.stringMatching(`^my\\.yaml:${lineOf(yaml, to)}: ${key}: unknown key, .*"${nearest}"`),
    ]);
  });

  test('a remedy for spend whose signal is about something else', () => {
    const { yaml, problems } = problemsOf(
      'signal: agent-spend\n    permanent',
      'signal: rejects-by-tenant\n    permanent',
    );
    const line = lineOf(yaml, 'signal: rejects-by-tenant\n    permanent');
    expect(problems).toEqual([
      `my.yaml:${line}: remedies.raise-cap.signal: signal "rejects-by-tenant" has no source of kind redis-spend`,
    ]);
  });

  test('a key that is missing is named', () => {
    const { problems } = problemsOf('    cause: capacity\n', '');
    expect(problems).toEqual([expect.stringMatching(/^my\.yaml:\d+: categories\.4\.cause: /)]);
  });

  test('two categories of one id', () => {
    const { yaml, problems } = problemsOf('- id: tenant-over-rps-cap', '- id: platform-overload');
    const second = yaml.slice(0, yaml.lastIndexOf('- id: platform-overload')).split('\n').length;
    // The rules that are about the one that is gone say so as well.
    expect(problems).toContain(
      `my.yaml:${second}: categories.8.id: there are two categories "platform-overload"`,
    );
  });

  test('a last headline with a condition', () => {
    const { problems } = problemsOf(
      '      - say: "possibly',
      '      - if: [one-shot]\n        say: "possibly',
    );
    expect(problems).toEqual([
      expect.stringMatching(/^my\.yaml:\d+: categories\.0\.headline: the last headline/),
    ]);
  });

  test('each of several problems is told at once', () => {
    const { problems } = problemsOf('severity: P2\nalerts', 'severity: 2\nalrts');
    expect(problems.join('\n')).toMatch(/severity.*\n.*alrts/);
  });

  test.each([
    ['an open quote', 'title: Rate Limit Spike', 'title: "Rate Limit Spike', /^my\.yaml:5: .*quote/],
    ['a key twice', 'severity: P2\n', 'severity: P2\nseverity: P1\n', /^my\.yaml:7: .*(?:unique|duplicate)/],
    ['a tab', 'thresholds:\n', 'thresholds:\n\tx: 1\n', /^my\.yaml:\d+: .*[Tt]ab/],
    ['two documents', 'quiet-needs:', '---\nquiet-needs:', /^my\.yaml:\d+: .*document/],
  ])('YAML with %s', (_, from, to, message) => {
    expect(problemsOf(from, to).problems[0]).toMatch(message);
  });

  test.each(['', 'hello', '[]', '42'])('%j is no runbook', (yaml) => {
    expect(() => parseRunbook(yaml, 'my.yaml')).toThrow(ConfigError);
  });
});

describe('remedies', () => {
  const section = AEGIS_YAML.slice(
    AEGIS_YAML.indexOf('\nremedies:\n'),
    AEGIS_YAML.indexOf('\ncategories:\n'),
  );
  const parseWith = (remedies: string) =>
    parseRunbook(
      AEGIS_YAML.replace(section, () => remedies),
      'my.yaml',
    );
  const NONE = { 'block-ip': null, 'raise-cap': null, 'kill-switch': null };

  test('are none unless the runbook has some', () => {
    expect(section).toContain('kill-switch:');
    expect(parseWith('').remedies).toEqual(NONE);
    expect(parseWith('\nremedies: {}\n').remedies).toEqual(NONE);
  });

  test('are each there without the others, and need no more than what cannot be guessed', () => {
    const block = `
remedies:
  block-ip: { key: "deny:{ip}", ttl: 1h, when-ignored: Use the firewall. }
`;
    expect(parseWith(block).remedies).toEqual({
      ...NONE,
      'block-ip': {
        ...{ key: 'deny:{ip}', ttl: '1h', 'when-ignored': 'Use the firewall.' },
        ...{ counters: [], peers: [], shared: null },
      },
    });
    expect(parseWith('\nremedies:\n  raise-cap: { signal: agent-spend }\n').remedies).toEqual({
      ...NONE,
      'raise-cap': { signal: 'agent-spend', headroom: 1.2, permanent: null },
    });
  });
});
