import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { rulesText } from '../../src/output/rules.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { alertingRules, promDuration } from '../../src/runbooks/rules.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { AEGIS_YAML, aegis, aegisWith } from '../support/evidence.ts';

const BEGINNING = AEGIS_YAML.indexOf('\nrules:\n');
const END = AEGIS_YAML.indexOf('\ncategories:\n', BEGINNING);

/** The runbook of Aegis with other alerting rules. */
const withRules = (yaml: string): Runbook =>
  parseRunbook(`${AEGIS_YAML.slice(0, BEGINNING)}\n${yaml}${AEGIS_YAML.slice(END)}`, 'my.yaml');

/** One rule that is well but for what is said. */
const oneRule = (rest: string) =>
  withRules(
    `rules: [{ id: x, alert: RateLimitSpike, summary: s, categories: [platform-overload], ${rest} }]`,
  );

const exprOf = (rest: string): string | undefined => alertingRules(oneRule(rest))[0]?.expr;

describe('an expression is made of', () => {
  test('each entity, under one label whatever a metric calls it', () => {
    expect(exprOf('when: { signal: rejects-by-tenant, at-least: reject-rate }')).toBe(
      [
        'sum by (tenant) (label_replace(sum by (tenant_id) (rate(acp_gateway_request_total{status="429"}[5m])), "tenant", "$1", "tenant_id", "(.*)")) >= 1',
        'or',
        'sum by (tenant) (rate(acp_tenant_rate_limited_total[5m])) >= 1',
      ].join('\n'),
    );
    // Of kind name, the metric's own label says what they are.
    expect(exprOf('when: { signal: limiter-health, at-least: reject-rate }, window: 90m')).toBe(
      'sum by (site) (rate(acp_rate_limiter_redis_failure_total[1h30m])) >= 1',
    );
  });

  test('several values of a label, each a literal, and never more than these', () => {
    const when = 'when: { signal: rejects-by-tenant, of: all, at-least: reject-rate }';
    const yaml = AEGIS_YAML.replace('match: { status: "429" }', 'match: { status: ["429", "5.3", ""] }');
    expect(yaml).not.toBe(AEGIS_YAML);
    const start = yaml.indexOf('\nrules:\n');
    const rule = `rules: [{ id: x, alert: RateLimitSpike, summary: s, categories: [platform-overload], ${when} }]`;
    const runbook = `${yaml.slice(0, start)}\n${rule}${yaml.slice(yaml.indexOf('\ncategories:\n', start))}`;
    expect(alertingRules(parseRunbook(runbook, 'my.yaml'))[0]?.expr.split('\n')[0]).toBe(
      String.raw`sum(rate(acp_gateway_request_total{status=~"429|5\\.3|"}[5m])) >= 1`,
    );
  });

  test('a level', () => {
    expect(exprOf('when: { signal: inflight, at-least: many-tenants }')).toBe(
      'sum by (instance) (acp_gateway_inflight_requests) >= 5',
    );
  });

  test('all together, without what was measured earlier', () => {
    expect(exprOf('when: { signal: auth-failures-total, of: all, at-least: failure-rate }')).toBe(
      'sum(rate(acp_auth_failures_total[5m])) >= 5',
    );
  });

  test('PromQL of one’s own, its places filled', () => {
    expect(exprOf('expr: \'sum(rate(x{a="{window}"}[{window}])) > {reject-rate} * {few-ips}\'')).toBe(
      'sum(rate(x{a="{window}"}[5m])) > 1 * 5',
    );
  });

  test('the thresholds that a context has set', () => {
    const [tenants, many] = alertingRules(aegisWith({ 'reject-rate': 2.5, 'many-tenants': 9 }));
    expect(tenants?.expr).toMatch(/ >= 2\.5$/);
    expect(many?.expr).toMatch(/^\) >= 9$/m);
  });
});

test.each([
  ['5m', '5m'],
  ['90s', '1m30s'],
  ['1.5h', '1h30m'],
  ['1w', '7d'],
  ['1m1h', '1h1m'],
  ['250ms', '250ms'],
])('%s is %s to Prometheus', (duration, written) => {
  expect(promDuration(duration)).toBe(written);
});

test.each([
  [
    'an alert that is none of the runbook’s',
    'alert: RateLimitSpikes, expr: up',
    /alert: .*not among.*did you mean "RateLimitSpike"/,
  ],
  ['neither condition nor PromQL', 'for: 5m', /exactly one of `when` and `expr`/],
  ['both', 'expr: up, when: { signal: inflight, at-least: few-ips }', /exactly one of `when` and `expr`/],
  ['a signal that is not there', 'when: { signal: inflights, at-least: few-ips }', /no signal "inflights"/],
  [
    'a threshold that is not there',
    'when: { signal: inflight, at-least: few-ipz }',
    /no threshold "few-ipz"/,
  ],
  [
    'a threshold that is not known',
    'when: { signal: inflight, at-least: inflight-limit }',
    /"inflight-limit" has no value/,
  ],
  [
    'a signal that Prometheus does not see',
    'when: { signal: agent-spend, at-least: few-ips }',
    /no source of kind prometheus-rate/,
  ],
  ['a state', 'when: { signal: service-up, at-least: few-ips }', /no source of kind prometheus-rate/],
  [
    'what was earlier',
    'when: { signal: auth-failures-earlier, of: all, at-least: few-ips }',
    /no source of kind prometheus-rate/,
  ],
  [
    'each of what has no entities',
    'when: { signal: auth-failures-total, at-least: few-ips }',
    /expected of: all/,
  ],
  [
    'a count without its bound',
    'when: { signal: inflight, of: count, at-least: few-ips }',
    /`of: count` and `each` go together/,
  ],
  [
    'what is unusual of each',
    'when: { signal: inflight, at-least: few-ips, unusual: { at-least: few-ips, times: few-ips } }',
    /`of: all`/,
  ],
  ['half a bracket', 'expr: "sum(up"', /expr: expected PromQL, got a \( that nothing closes/],
  ['a tab', 'expr: "sum(\\tup)"', /expr: expected visible characters/],
  [
    'a place of PromQL that is not there',
    'expr: "up > {few-ipz}"',
    /no place \{few-ipz\}; places: \{window\} and thresholds; did you mean "few-ips"\?/,
  ],
  [
    'a place of a text that is not there',
    'expr: up, description: "{tenant}"',
    /no place \{tenant\}.*\{entity\} \{value\}/,
  ],
  ['a template of Prometheus', 'expr: up, description: "{{value} }"', /every brace to be that of a place/],
  ['a category that is not there', 'expr: up, categories: [overload]', /no category "overload"/],
  [
    'a label that is the program’s',
    'expr: up, labels: { ratelimit_context: prod }',
    /this label is set already/,
  ],
  ['a label that is the answer’s', 'expr: up, by: [job], labels: { job: x }', /what the alert is about/],
  [
    'labels of an answer that it makes itself',
    'when: { signal: inflight, at-least: few-ips }, by: [job]',
    /are for a rule with `expr`/,
  ],
  ['no time at all', 'expr: up, for: 0.1ms', /whole milliseconds/],
])('%s is refused', (_, rest, message) => {
  // The last of two keys with one name would count: those that are given replace the usual ones.
  const usual = ['alert: RateLimitSpike', 'categories: [platform-overload]'].filter(
    (one) => !rest.includes(`${one.split(':')[0]}: `),
  );
  expect(() => withRules(`rules: [{ id: x, summary: s, ${[...usual, rest].join(', ')} }]`)).toThrow(
    expect.objectContaining({ name: 'ConfigError', message: expect.stringMatching(message) }),
  );
});

test('two rules of one id, and a category that is not there, are refused', () => {
  const rule = '{ id: x, alert: RateLimitSpike, expr: up, summary: s, categories: [platform-overload] }';
  expect(() => withRules(`rules: [${rule}, ${rule}]`)).toThrow(/rules\.1\.id: there are two rules "x"/);
  expect(() => withRules('not-alerted: [{ categories: [nope], text: t, export: e }]')).toThrow(
    /no category "nope"/,
  );
});

describe('what is printed', () => {
  const shown = (runbook: Runbook) => {
    return { runbook, rules: alertingRules(runbook), isNamed: true, context: null, words: [], warnings: [] };
  };

  test('is the same in YAML and in JSON, and exactly what the texts say', () => {
    const odd = 'a"\\b {{ .X }}: #é\u{1f600}\u202e\u0007\n- x';
    const runbook = {
      ...oneRule('expr: "up{a=\'x\'} > 0\\n\\n  or vector(1)", labels: { team: "{{ y }}" }, severity: "yes"'),
      title: 'odd \u202e title\n# x',
    };
    const reach = {
      ...shown(runbook),
      context: odd,
      words: ['--context', odd],
      warnings: ['one\ngroups: []'],
    };
    const yaml = parse(rulesText(reach, 'human')) as unknown;
    const json = JSON.parse(rulesText(reach, 'json')) as { groups: unknown };
    expect(yaml).toEqual({ groups: json.groups });
    const escaped = odd.replace('{{', '{{"{{"}}');
    expect(json.groups).toEqual([
      {
        name: 'ratelimit-aegis',
        rules: [
          {
            alert: 'RateLimitSpike',
            expr: "up{a='x'} > 0\n\n  or vector(1)",
            for: '5m',
            labels: {
              team: '{{"{{"}} y }}',
              severity: 'yes',
              ratelimit_runbook: 'aegis',
              ratelimit_context: escaped,
              ratelimit_rule: 'x',
            },
            annotations: expect.objectContaining({
              summary: 's',
              command: expect.stringContaining('ratelimit triage --alert RateLimitSpike --context '),
            }),
          },
        ],
      },
    ]);
  });

  test('says no name of a runbook that is found by its path', () => {
    expect(rulesText({ ...shown(aegis), isNamed: false }, 'human')).not.toContain('ratelimit_runbook');
  });

  test('says what is not covered: what the runbook says, and categories that no rule is about', () => {
    const runbook = oneRule('expr: up');
    const { notCovered } = JSON.parse(rulesText(shown(runbook), 'json')) as { notCovered: unknown[] };
    const ids = runbook.categories.map(({ id }) => id).filter((id) => id !== 'platform-overload');
    expect(notCovered).toEqual([
      { categories: ids, text: `No rule is about ${ids.join(', ')}.`, export: null },
    ]);
    const text = rulesText(shown(aegis), 'human').replaceAll('\n#   ', ' ');
    expect(text).toContain(
      "# - Under the runbook's contract failed authentications are counted in Redis alone (acp:auth_fail:*)",
    );
    expect(text).toContain('acp_auth_failures_total (label reason); the rule auth-failures reads it.');
    expect(text).not.toContain('No rule is about');
  });

  test('says that a section of the README is no page that a pager opens', () => {
    expect(rulesText(shown(aegis), 'human')).toContain('# - runbook_url names a section of the README');
    const elsewhere = { ...aegis, url: 'https://wiki.example/spike' };
    expect(rulesText(shown(elsewhere), 'human')).not.toContain('section of the README');
  });

  test('fits a page, whatever stands in it', () => {
    const page = rulesText({ ...shown(oneRule('expr: "up # `````"')), warnings: ['<b>'] }, 'markdown');
    expect(page).toContain('\n``````yaml\ngroups:\n');
    expect(page).toContain('- &lt;b&gt;');
    expect(page).toContain('| `RateLimitSpike` | `x` | 5m | P2 | `platform-overload` |');
  });
});
