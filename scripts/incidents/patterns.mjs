// The named patterns that the labelled incidents are made of. Each gives what it leaves behind in Redis (`keys`) and in
// Prometheus (`series`), in the words of docs/incidents.md. `R` is the runbook's contract, `G` what the gateway in the
// field writes.

/** Puts patterns together into one incident. What several of them have is there once. */
export const together = (...parts) => ({
  keys: once(parts.flatMap(({ keys = [] }) => keys)),
  series: once(parts.flatMap(({ series = [] }) => series)),
});

const once = (items) => [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];

const GATEWAYS = 'gw-{1..4}:8000';
const on = (instance, labels) => ({ job: 'gateway', instance, ...labels });
/** As it is now, it was yesterday and a week ago at this hour. */
const steady = (metric, labels, perSecond) => ({
  ...{ metric, labels: on('gw-1:8000', labels), 'per-second': perSecond },
  ...{ yesterday: perSecond, 'last-week': perSecond },
});
/** It began twenty minutes ago or so, and there was nothing of it at this hour before. */
const burst = (metric, labels, perSecond, before = 0, since = '20m') => ({
  ...{ metric, labels: on('gw-2:8000', labels), 'per-second': perSecond, since, before },
  ...{ yesterday: before, 'last-week': before },
});

const processes = (started) => [
  { metric: 'up', labels: { job: 'gateway', instance: GATEWAYS }, value: 1 },
  { metric: 'process_start_time_seconds', labels: { job: 'gateway', instance: GATEWAYS }, started },
];
const identity = (up) => ({
  metric: 'up',
  labels: { job: 'identity', instance: 'identity:8000' },
  value: up,
});

const DAYS = '3d11h';
/** Three of the four gateways came up three minutes ago. */
export const DEPLOYED = ['3m', '2m50s', '2m40s', DAYS];
/** One gateway crashed and is back. */
export const RESTARTED = ['3m', DAYS, DAYS, DAYS];

/** The platform at rest, by the runbook's contract: up for days, tenants served, one cap. */
export const calmR = (started = DAYS) => ({
  keys: [{ key: 'acp:agent_cost_cap:agent-idle', value: '50.00' }],
  series: [
    ...processes(started),
    { metric: 'acp_gateway_inflight_requests', labels: { job: 'gateway', instance: GATEWAYS }, value: 12 },
    ...['acme', 'globex', 'initech'].map((tenant) =>
      steady(
        'acp_gateway_request_total',
        { tenant_id: tenant, method: 'POST', path: '/agents', status: '200' },
        4,
      ),
    ),
  ],
});

/** The same as the gateway in the field speaks: other metrics, and an identity service beside it. */
export const calmG = (started = DAYS, identityUp = 1, { tenants = true } = {}) => ({
  keys: [
    { key: 'acp:agent_cost_cap:agent-idle', value: '50.00' },
    { key: 'acp:quota:rps:acme', hash: { tokens: '3', last_refill: '1780000000' } },
    { key: 'acp:quota:daily:acme:{yyyy-mm-dd}', value: '48211', ttl: '20h' },
  ],
  series: [
    ...processes(started),
    identity(identityUp),
    steady('acp_auth_failures_total', { reason: 'invalid_api_key' }, 0.1),
    steady('acp_rate_limit_exceeded_total', { layer: 'tenant', tier: 'standard' }, 0.02),
    ...(tenants
      ? [steady('acp_tenant_rate_limited_total', { tenant: 'hooli', limit_type: 'rps' }, 0.02)]
      : []),
    steady('acp_inference_cost_blocked_total', { scope: 'agent', key: 'agent-old' }, 0),
    steady('acp_inference_cost_blocked_total', { scope: 'tenant', key: 'old' }, 0),
    steady('acp_rate_limiter_redis_failure_total', { site: 'rps' }, 0),
  ],
});

/** Fifty forgetful people, and tenants that brush against their limits. */
export const noiseR = {
  keys: [{ key: 'acp:auth_fail:192.0.2.{1..50}', value: [1, 2], ttl: ['110s', '170s', '230s'] }],
  series: ['umbrella', 'hooli'].map((tenant) =>
    steady(
      'acp_gateway_request_total',
      { tenant_id: tenant, method: 'GET', path: '/agents', status: '429' },
      0.02,
    ),
  ),
};
export const noiseG = {
  keys: [
    { key: 'acp:ratelimit:auth_fail:192.0.2.{1..12}', value: [1, 2], ttl: ['15s', '30s', '50s'] },
    { key: 'acp:pwfail:{a,b}{1..3}0c4f', value: [1, 3], ttl: '20h' },
    { key: 'acp:pwlock:a10c4f', value: 1, ttl: '40s' },
  ],
  series: [steady('acp_tenant_rate_limited_total', { tenant: 'umbrella', limit_type: 'rps' }, 0.01)],
};

// Authentication failures.

/** Addresses with so many failures each, by the runbook's counters; `ttl` says when the last one was. */
export const failuresR = (ip, count, ttl = '290s') => ({
  keys: [{ key: `acp:auth_fail:${ip}`, value: count, ttl }],
});

/** By the gateway's own, which live for a minute and stop at about 26; the proxy counts for everybody. */
export const failuresG = (ip, count, perSecond, { proxy = 9000, usual = 0.1, since = '20m' } = {}) => ({
  keys: [
    { key: `acp:ratelimit:auth_fail:${ip}`, value: count, ttl: '40s' },
    { key: 'acp:auth_failures:10.0.0.5', value: proxy, ttl: '299s' },
  ],
  series: [burst('acp_auth_failures_total', { reason: 'invalid_token' }, perSecond, usual, since)],
});

/** Requests that the gateway refuses without counting them. */
export const refusedByLayer = (layer, perSecond) => ({
  series: [burst('acp_rate_limit_exceeded_total', { layer, tier: 'free' }, perSecond)],
});

export const failureTotal = (perSecond, { reason = 'invalid_token', usual = 0.1 } = {}) => ({
  series: [burst('acp_auth_failures_total', { reason }, perSecond, usual)],
});

/** Accounts with failed passwords, and locked ones. Names are hashes of e-mail addresses. */
export const accounts = (first, last, failures) => ({
  keys: [
    { key: `acp:pwfail:{${first}..${last}}d7a8fbb307d7809469ca9abcb0082e4f`, value: failures, ttl: '12h' },
  ],
});
export const locked = (first, last, ttl = '250s') => ({
  keys: [{ key: `acp:pwlock:{${first}..${last}}d7a8fbb307d7809469ca9abcb0082e4f`, value: 1, ttl }],
});

// Rejections.

/** One tenant's 429s on one path, by the runbook's metric. */
export const rejectedR = (tenant, path, perSecond, usual = 0) => ({
  series: [
    burst(
      'acp_gateway_request_total',
      { tenant_id: tenant, method: 'POST', path, status: '429' },
      perSecond,
      usual,
    ),
  ],
});
/** One tenant's 429s of one type of limit, by the gateway's. */
export const rejectedG = (tenant, limitType, perSecond, usual = 0) => ({
  series: [burst('acp_tenant_rate_limited_total', { tenant, limit_type: limitType }, perSecond, usual)],
});
export const mixedPaths = (tenant, perSecond) =>
  together(
    rejectedR(tenant, '/agents', perSecond * 0.5),
    rejectedR(tenant, '/policies', perSecond * 0.3),
    rejectedR(tenant, '/execute', perSecond * 0.2),
  );

// Money.

/** What an agent has spent today and its cap, both in USD, by the runbook's contract. */
export const spendR = (agent, spent, cap, day = '{yyyymmdd}') => ({
  keys: [
    { key: `acp:agent_cost_today:${agent}:${day}`, value: spent, ttl: '20h' },
    ...(cap === null ? [] : [{ key: `acp:agent_cost_cap:${agent}`, value: cap }]),
  ],
});
/** The gateway's counter: whole cents of the month, or of the day. */
export const spendG = (kind, id, cents, cap = null, date = '{yyyy-mm}') => ({
  keys: [
    { key: `acp:inference_cost:${kind}:${id}:${date}`, value: cents },
    ...(cap === null ? [] : [{ key: `acp:agent_cost_cap:${id}`, value: cap }]),
  ],
});
/** Calls that are refused at a cost cap. */
export const costBlocked = (scope, key, perSecond) => ({
  series: [burst('acp_inference_cost_blocked_total', { scope, key }, perSecond)],
});
