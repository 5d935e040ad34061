import { expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { startingPoint } from '../../src/runbooks/new.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { counted } from '../../src/signals/logs/logql.ts';

/** A runbook one of whose signals is in logs. */
function withSource(source: string) {
  const signal = `signals:
  in-logs:
    title: in logs
    entity: { kind: user, one: user, many: users }
    unit: lines
    sources: [${source}]
`;
  return parseRunbook(
    startingPoint('edge').yaml.replace(/^signals:\n/m, () => signal),
    'edge.yaml',
  );
}

test.each([
  ['{ kind: logs-count }', /counts every line: expected `contains` or `lines`/],
  ['{ kind: logs-count, lines: [{}] }', /says nothing about the line/],
  ['{ kind: logs-count, contains: [x], mix: user }', /`mix` needs `by`/],
  ['{ kind: logs-count, contains: [x], by: user, both-named: true }', /`both-named` needs `by` and `mix`/],
  [
    '{ kind: logs-count, contains: [x], by: user, also-called: { ip: [address] } }',
    /ip is neither `by` nor `mix`/,
  ],
  ['{ kind: logs-count, contains: [x], by: "user) or (x" }', /expected the name of a field/],
  ['{ kind: logs-count, lines: [{ equals: { "a-b": x } }] }', /expected the name of a field/],
  ['{ kind: logs-count, contains: [x], by: a.b, format: logfmt }', /logfmt has no nested fields/],
  ['{ kind: logs-count, contains: [x], streams: { "a=b": x } }', /expected a label name/],
  ['{ kind: logs-count, contains: [x], query: y }', /unknown key/],
])('%s is refused', (source, problem) => {
  try {
    withSource(source);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.problems.join()).toMatch(problem);
    return;
  }
  expect.fail('it is valid');
});

test('LogQL is made of it, every text quoted', () => {
  const runbook = withSource(
    `{ kind: logs-count, contains: ['say "x"'], lines: [{ equals: { message: a.b }, has: { "req.key": ":ip:" } }], by: ip, also-called: { ip: [address] }, streams: { app: shop } }`,
  );
  const [source] = runbook.signals['in-logs']?.sources ?? [];
  if (source?.kind !== 'logs-count') return expect.fail();
  const question = { source, streams: { app: 'sh"op' }, windowSeconds: 300 };
  expect(counted(question, ['ratelimit_2', 'ratelimit_3'])).toBe(
    String.raw`sum by (ratelimit_2, ratelimit_3) (count_over_time({app="sh\"op"} |~ "say \"x\"" |~ ":ip:" | json ratelimit_0="message", ratelimit_1="req.key", ratelimit_2="ip", ratelimit_3="address" | __error__="" | (ratelimit_0="a.b" and ratelimit_1=~".*:ip:.*") [300s]))`,
  );
});
