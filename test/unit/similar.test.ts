import fc from 'fast-check';
import { expect, test } from 'vitest';
import { likeness } from '../../src/values/similar.ts';

test.each([
  ['auth_fail', 'auth_fail2', 'same'],
  ['auth_fail', 'authfail', 'same'],
  ['ratelimit:auth_fail', 'ratelimit:auth_fail2', 'same'],
  ['auth_fail', 'auth_failures', 'same'],
  ['auth_fail', 'ratelimit:auth_fail2', 'like'],
  ['ip_block', 'blocked_ips', 'same'],
  ['ip_block', 'ip_blocks', 'same'],
  ['gateway_request_total', 'gateway_requests_total', 'same'],
  ['gateway_request_total', 'gateway_request_count', 'same'],
  ['tenant_rate_limited_total', 'tenant_rate_limit_total', 'same'],
  ['gateway_inflight_requests', 'gateway_requests_in_flight', null],
  ['fail_fails', 'fail', null],
] as const)('%s and %s: %s', (a, b, how) => {
  expect([likeness(a, b), likeness(b, a)]).toEqual([how, how]);
});

// What a gateway in the field has side by side: none of it may be taken for another by mistake.
test.each([
  ['ratelimit:execute_sw:tenant', 'ratelimit:execute_sw:token'],
  ['ratelimit:execute_sw:tenant', 'ratelimit:tenant'],
  ['ratelimit:auth_fail', 'ratelimit:agent'],
  ['quota:daily', 'quota:rps'],
  ['quota:daily', 'quota:monthly'],
  ['agent_cost_today', 'agent_cost_cap'],
  ['pwfail', 'pwlock'],
  ['ip_block', 'ip'],
  ['auth_failures_total', 'rate_limiter_redis_failure_total'],
  ['rate_limit_exceeded_total', 'rate_limit_allowed_total'],
  ['gateway_request_total', 'gateway_errors_total'],
  ['tenant_kill', 'tenant_plan'],
  ['total', 'count'],
])('%s is not %s', (a, b) => {
  expect([likeness(a, b), likeness(b, a)]).toEqual([null, null]);
});

test('any two texts are compared, in either order alike, and none is like itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(likeness(a, b)).toBe(likeness(b, a));
      expect(likeness(a, a)).toBeNull();
    }),
  );
});
