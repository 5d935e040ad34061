import { expect, test } from 'vitest';
import { parseRunbook } from '../../src/runbooks/parse.ts';
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
