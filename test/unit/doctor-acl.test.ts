import { describe, expect, test } from 'vitest';
import { aclLine, patternOf } from '../../src/doctor/acl.ts';
import { needsOf } from '../../src/doctor/needs.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { aegis } from '../support/evidence.ts';

const plain = { journalStream: null, db: 0 };

describe('the line for a Redis user', () => {
  test('for triage: reads the families of the runbook, and no more', () => {
    expect(aclLine('triage', needsOf(aegis, plain))).toMatchInlineSnapshot(
      `"ACL SETUSER triage reset on >PASSWORD ~acp:auth_fail:* ~acp:ratelimit:auth_fail:* ~acp:auth_failures:* ~acp:pwlock:* ~acp:pwfail:* ~acp:ratelimit:execute_sw:tenant:* ~acp:quota:daily:*:* ~acp:quota:monthly:*:* ~acp:agent_cost_today:*:* ~acp:agent_cost_cap:* ~acp:inference_cost:agent:*:* ~acp:inference_cost:tenant:*:* ~acp:ip_block:* ~acp:tenant_kill:* ~acp:tenant_kill_reason:* ~acp:quarantine:*:* +scan +time +mget +pttl +type +exists +info +acl|whoami +acl|dryrun"`,
    );
  });

  test('for operators: writes blocks, caps and counters, and reads the rest', () => {
    expect(
      aclLine('operator', needsOf(aegis, { journalStream: 'ratelimit:journal', db: 5 })),
    ).toMatchInlineSnapshot(
      `"ACL SETUSER operator reset on >PASSWORD ~acp:auth_fail:* ~acp:ratelimit:auth_fail:* %R~acp:auth_failures:* %R~acp:pwlock:* %R~acp:pwfail:* %R~acp:ratelimit:execute_sw:tenant:* %R~acp:quota:daily:*:* %R~acp:quota:monthly:*:* %R~acp:agent_cost_today:*:* ~acp:agent_cost_cap:* %R~acp:inference_cost:agent:*:* %R~acp:inference_cost:tenant:*:* ~acp:ip_block:* %R~acp:tenant_kill:* %R~acp:tenant_kill_reason:* %R~acp:quarantine:*:* ~ratelimit:journal +scan +time +select +mget +pttl +type +exists +xrevrange +info +eval +evalsha +get +set +del +xadd +acl|whoami +acl|dryrun"`,
    );
  });

  test('before Redis 7 a key cannot be given for reading alone', () => {
    const line = aclLine('operator', needsOf(aegis, plain), false);
    expect(line).not.toContain('%');
    expect(line).toContain(' ~acp:pwlock:* ');
  });

  test('follows the runbook: another system has other keys, without remedies nothing is written', () => {
    const first = aegis.signals['auth-failures-by-ip']?.sources[0];
    if (first?.kind !== 'redis-counter') throw new Error('not a counter');
    const signal = aegis.signals['auth-failures-by-ip'];
    if (signal === undefined) throw new Error('no signal');
    const other: Runbook = {
      ...aegis,
      signals: { one: { ...signal, sources: [{ ...first, key: 'rl:{ip}' }] } },
      remedies: { 'block-ip': null, 'raise-cap': null, 'kill-switch': null },
    };
    const line = 'reset on >PASSWORD ~rl:* +scan +time +mget +pttl +type +info +acl|whoami +acl|dryrun';
    expect(aclLine('triage', needsOf(other, plain))).toBe(`ACL SETUSER triage ${line}`);
    expect(aclLine('operator', needsOf(other, plain))).toBe(
      `ACL SETUSER operator ${line.replace('~rl', '%R~rl')}`,
    );
  });
});

test.each([
  ['acp:auth_fail:{ip}', 'acp:auth_fail:*'],
  ['acp:quarantine:{tenant}:{agent}', 'acp:quarantine:*:*'],
  ['acp:spend:{agent}:{yyyy-mm-dd}', 'acp:spend:*:*'],
  ['a*b?[c]\\^{ip}', 'a\\*b\\?\\[c\\]\\\\\\^*'],
  ['my key:{ip}', 'my?key:*'],
  ['ratelimit:journal', 'ratelimit:journal'],
])('%s is the pattern %s', (template, pattern) => {
  expect(patternOf(template)).toBe(pattern);
});
