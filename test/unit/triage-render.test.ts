import { expect, test } from 'vitest';
import { makePaint } from '../../src/output/paint.ts';
import type { TriageDocument } from '../../src/output/triage-document.ts';
import { triageHuman } from '../../src/output/triage-human.ts';
import { absent, agents, blocks, counters, crowd, deploys, rejects, unknown } from '../support/evidence.ts';
import { documentOf } from '../support/triage.ts';

/** As printed on a monochrome terminal of 80 columns. */
const screen = (document: TriageDocument) => `\n${triageHuman(document, makePaint(false), 80)}`;

const attack = documentOf(
  {
    'auth-failures-by-ip': counters({ '203.0.113.42': 4812, ...crowd(40, 50) }),
    deploys: deploys([120, 90_000]),
    blocks: blocks({ '198.51.100.9': [80_000, 'credential_stuffing'] }),
  },
  3,
);
const cap = documentOf({
  'rejects-by-tenant': rejects({ acme: { '/execute': 8.8, '/agents': 0.1 }, globex: { '/agents': 0.2 } }),
  'agent-spend': agents({
    summarizer: [100.4, '100.00'],
    helper: [45, '50.00'],
    odd: [9, 'abc'],
    idle: [1, '50.00'],
  }),
  inflight: absent('Prometheus has no metric acp_gateway_inflight_requests'),
});
const blind = documentOf({
  'auth-failures-by-ip': unknown('unreachable', 'redis://127.0.0.1:6379: connection refused'),
  'agent-spend': unknown('unreachable', 'redis://127.0.0.1:6379: connection refused'),
  blocks: unknown('unreachable', 'redis://127.0.0.1:6379: connection refused'),
});

test('the screen of an attack', () => {
  expect(screen(attack)).toMatchInlineSnapshot(`
    "
    P2 distributed-credential-stuffing (confidence medium): coordinated attack, 40 IPs share 2,000 authentication failures in 5m; also single-ip-credential-stuffing

    Why distributed-credential-stuffing (a coordinated attack)
      + 2,000 failures remain without noise and without what stands out (threshold
        100)
      + they come from 40 IPs, as diverse as 40 equally loud ones (threshold 5)
      + the largest of them has 50 failures (more than 5)
      + deploy-auth-churn does not explain it

    What speaks against it
      ! recent-deploy: Instances started a short while ago. Machines whose tokens
        ended with it and that try again and again look much the same, so check that
        tokens survived the deploy. (1 of 2 instances started in the last 10m, the
        newest 2m ago (threshold 50%))

    Checked
      - no sign of attack-succeeding, seems-over, no-expiry, limiter-failing-open,
        client-claimed-address, proxy-aggregate, one-network, service-down,
        recent-restart, possibly-spoofed
      - counted-for-long, as-usual: no source tells

    P2 single-ip-credential-stuffing (confidence medium): 203.0.113.42 made 4,812 of
      6,812 authentication failures in 5m (71%)

    Why single-ip-credential-stuffing (credential stuffing or brute force)
      + one IP stands out: 4,812 failures, 71% of all (stands out from 20 failures
        and 10%)

    What speaks against it
      ! recent-deploy: A deploy was made in the last ten minutes. An office behind
        one address, or a machine that tries its dead token again and again, looks
        much the same. (1 of 2 instances started in the last 10m, the newest 2m ago
        (threshold 50%))

    Checked
      - no sign of client-claimed-address, plateau, attack-succeeding, seems-over,
        no-expiry, limiter-failing-open, evictable, already-blocked,
        possibly-spoofed, proxy-aggregate, recent-restart, service-down
      - counted-for-long, as-usual: no source tells
      - shared-address: no query is configured to check it

    Ruled out
      - account-password-stuffing: 0 accounts (threshold 5); 0 accounts with 10
        failures or more (threshold 5)
      - dependency-outage: no service named identity is down; 0.03 rejects/s in all
        (threshold 1); 0 tenants at once (many is 5); and 2 more
      - platform-overload: 0.03 rejects/s in all (threshold 1); 0 tenants at once
        (many is 5)
      - tenant-over-cost-cap: calls refused at a cost cap: none of kind tenant
        (threshold 0.1)
      - agent-over-cost-cap: 0.03 rejects/s in all (threshold 1); no tenant stands
        out: the largest has 0.03 rejects/s, 100% of all (stands out from 0.5
        rejects/s and 10%); no agent at 100% of its limit, the highest is at 13%;
        and 1 more
      - tenant-over-quota: 0.03 rejects/s in all (threshold 1); no tenant stands
        out: the largest has 0.03 rejects/s, 100% of all (stands out from 0.5
        rejects/s and 10%); 0 tenants at once (many is 5)
      - tenant-over-rps-cap: 0.03 rejects/s in all (threshold 1); no tenant stands
        out: the largest has 0.03 rejects/s, 100% of all (stands out from 0.5
        rejects/s and 10%); no source tells the limit_type of the 429s by tenant;
        and 2 more
      - deploy-auth-churn: the largest of them has 50 failures (more than 5)

    Authentication failures by IP: 6,812 failures from 41 IPs in 5m
      IP            failures  share  last seen
      203.0.113.42     4,812    71%    12s ago
      192.0.2.1           50   0.7%    12s ago
      192.0.2.10          50   0.7%    12s ago
      and 38 more (--top 41)

    Authentication failures, all sources: 0.01 failures/s in 5m

    429s by tenant: 0.03 rejects/s from 1 tenant in 5m
      tenant  rejects/s  share  path
      acme         0.03   100%  /execute 67%, /agents 33%

    Agents' spend against their cap: $12.50 from 1 agent

    IP blocks in force: 1 IP
      IP            time left  reason
      198.51.100.9     22h13m  credential_stuffing

    Beside that
      - requests in flight: 12 requests from 1 instance
      - age of the running processes: 2 instances, the newest started 2m ago
      - scraped services: 2 services, all up

    Next, for distributed-credential-stuffing
      1. Find out whether the attack is succeeding (successful sign-ins from these
         sources, use of revoked tokens) before you pull a bigger lever.
      2. If it is succeeding, engage the kill switch for the affected tenants
         (ratelimit kill-switch engage <tenant>). It stops everything the tenant
         does and is not a response to rate limits. See Kill Switch (runbook).
      3. Turn single sign-on on and password login off for the duration.
      4. Rotate JWT_SECRET_KEY, so that stolen tokens die. Everybody signs in again.
      5. Put the source ranges on the load balancer's deny list, as far as they are
         the addresses that really connect. See Gateway service (runbook).

    Next, for single-ip-credential-stuffing
      1. The per-IP counter (5 minutes) already throttles. This blocks the address
         in Redis for 24 hours with a reason, and a gateway that reads the list
         answers it with 403. It asks before it writes and checks whether it takes
         effect.
         ratelimit block-ip 203.0.113.42 --ttl 24h --reason credential_stuffing --context prod
      2. Where the address is what the client claims, look into the load balancer's
         access log for the address that really connects. See Gateway service
         (runbook).
      3. More durable, put the address on the load balancer's deny list. Redis's
         block ends with its TTL, that one stays until it is removed. See Gateway
         service (runbook).

    Afterwards
      * Write the incident report with source IPs, the response taken and the
        duration: ratelimit report makes it.
      * Tune the limit if the attack showed a gap in it.
      * Notify the contact of every tenant that was affected.
      * Add a regression test with the same pattern at lower volume.

    Links
      * Gateway service: runbook
      * Quota Management: Settings -> Quota Management
      * Kill Switch: runbook
      * Related code: sdk/common/ratelimit.py; services/gateway/_mw_rate_limit.py,
        _mw_auth.py, middleware.py

    P2 distributed-credential-stuffing (confidence medium)
    runbook aegis, context prod, 2026-05-29 03:12:04 UTC, window 5m, 212 ms
    "
  `);
});

test('the screen of a spent cap', () => {
  expect(screen(cap)).toMatchInlineSnapshot(`
    "
    P2 agent-over-cost-cap (confidence high): agent summarizer spent $100.40 and reached the cost cap, so /execute is refused

    Why agent-over-cost-cap (the inference spend cap is hit)
      + 9.1 rejects/s in all (threshold 1)
      + one tenant stands out: 8.9 rejects/s, 98% of all (stands out from 0.5
        rejects/s and 10%)
      + 99% of it with path /execute, so that alone (from 95%)
      + 1 agent at 100% of the limit or above, the highest at 100%
      + 429s by layer of the limiter: none execute_sw_tenant (threshold 1)

    What speaks against it
      ! cap-invalid: A cap that is zero, negative or not a number means no cap at
        all; whatever spends there is not stopped. (with a limit that cannot be
        used: odd)

    Checked
      - no sign of kill-switch-engaged, limiter-failing-open, evictable,
        quarantined, tenant-cap-binds, no-cap

    Ruled out
      - distributed-credential-stuffing: 0 IPs stand out (many is 6); 0 failures
        remain without noise and without what stands out (threshold 100); 0.01
        failures/s beside what stands out (threshold 5); and 4 more
      - single-ip-credential-stuffing: no IP stands out: the largest has 2 failures,
        67% of all (stands out from 20 failures and 10%)
      - account-password-stuffing: 0 accounts (threshold 5); 0 accounts with 10
        failures or more (threshold 5)
      - dependency-outage: no service named identity is down; 1 tenant at once (many
        is 5); the 429s by tenant are known; and 1 more
      - platform-overload: 1 tenant at once (many is 5); 97% of it with path
        /execute, so that alone (from 95%); the path of the 429s by tenant is known
      - tenant-over-cost-cap: calls refused at a cost cap: none of kind tenant
        (threshold 0.1)
      - tenant-over-rps-cap: 99% of it with path /execute, so that alone (from 95%);
        no source tells the limit_type of the 429s by tenant; 429s by layer of the
        limiter: none execute_sw_tenant (threshold 1); and 1 more
      - deploy-auth-churn: 0 of 2 instances started in the last 10m, the newest 1d
        ago (threshold 50%); 3 failures beside what stands out (threshold 20); 2 IPs
        beside what stands out (threshold 5)

    Could not be judged
      - tenant-over-quota: 429s by tenant: no source tells the limit_type; 1 tenant
        at once (many is 5)

    Authentication failures by IP: 3 failures from 2 IPs in 5m
      IP           failures  share  last seen
      203.0.113.7         2    67%    12s ago
      203.0.113.8         1    33%    12s ago

    Authentication failures, all sources: 0.01 failures/s in 5m

    429s by tenant: 9.1 rejects/s from 2 tenants in 5m
      tenant  rejects/s  share  path
      acme          8.9    98%  /execute 99%, /agents 1.1%
      globex        0.2   2.2%  /agents 100%

    Agents' spend against their cap: $155.40 from 4 agents
      agent         spent  since         limit  used  mean per hour
      summarizer  $100.40  today       $100.00  100%         $31.36
      helper       $45.00  today        $50.00   90%         $14.06
      odd           $9.00  today  no cap (abc)                $2.81

    Beside that
      - age of the running processes: 2 instances, the newest started 1d ago
      - scraped services: 2 services, all up

    Could not be seen
      ? inflight is absent: Prometheus has no metric acp_gateway_inflight_requests

    Next
      1. Inspect the agent's spend, its cap, and who last changed it.
         ratelimit caps summarizer --context prod
      2. If the spending is legitimate, raise the cap above what is already spent.
         It takes effect on the next request. Another amount is as good; it asks
         before it writes.
         ratelimit raise-cap summarizer --to 121.00 --reason cost_cap_reached --context prod
      3. To make it permanent, add --permanent --tenant <id>, which also tells the
         API (PATCH /agents/<agent>). See Quota Management (Settings -> Quota
         Management).

    Afterwards
      * Write the incident report with source IPs, the response taken and the
        duration: ratelimit report makes it.
      * Tune the limit if the attack showed a gap in it.
      * Notify the contact of every tenant that was affected.
      * Add a regression test with the same pattern at lower volume.

    Links
      * Gateway service: runbook
      * Quota Management: Settings -> Quota Management
      * Kill Switch: runbook
      * Related code: sdk/common/ratelimit.py; services/gateway/_mw_rate_limit.py,
        _mw_auth.py, middleware.py

    P2 agent-over-cost-cap (confidence high)
    runbook aegis, context prod, 2026-05-29 03:12:04 UTC, window 5m, 212 ms
    "
  `);
});

test('the screen when half of it cannot be seen', () => {
  expect(screen(blind)).toMatchInlineSnapshot(`
    "
    inconclusive (confidence low): auth-failures-by-ip, agent-spend and blocks could not be read: redis://127.0.0.1:6379: connection refused

    Ruled out
      - account-password-stuffing: 0 accounts (threshold 5); 0 accounts with 10
        failures or more (threshold 5)
      - dependency-outage: no service named identity is down; 0.03 rejects/s in all
        (threshold 1); 0 tenants at once (many is 5); and 2 more
      - platform-overload: 0.03 rejects/s in all (threshold 1); 0 tenants at once
        (many is 5)
      - tenant-over-cost-cap: calls refused at a cost cap: none of kind tenant
        (threshold 0.1)
      - tenant-over-quota: 0.03 rejects/s in all (threshold 1); no tenant stands
        out: the largest has 0.03 rejects/s, 100% of all (stands out from 0.5
        rejects/s and 10%); 0 tenants at once (many is 5)
      - tenant-over-rps-cap: 0.03 rejects/s in all (threshold 1); no tenant stands
        out: the largest has 0.03 rejects/s, 100% of all (stands out from 0.5
        rejects/s and 10%); no source tells the limit_type of the 429s by tenant;
        and 2 more
      - deploy-auth-churn: 0 of 2 instances started in the last 10m, the newest 1d
        ago (threshold 50%)

    Could not be judged
      - distributed-credential-stuffing: authentication failures by IP: could not be
        read; authentication failures, all sources: what is usual at this hour is
        not known; 0.01 failures/s beside what stands out (threshold 5); and 1 more
      - single-ip-credential-stuffing: authentication failures by IP: could not be
        read
      - agent-over-cost-cap: 0.03 rejects/s in all (threshold 1); no tenant stands
        out: the largest has 0.03 rejects/s, 100% of all (stands out from 0.5
        rejects/s and 10%); agents' spend against their cap: could not be read; and
        1 more

    Authentication failures, all sources: 0.01 failures/s in 5m

    429s by tenant: 0.03 rejects/s from 1 tenant in 5m
      tenant  rejects/s  share  path
      acme         0.03   100%  /execute 67%, /agents 33%

    Beside that
      - requests in flight: 12 requests from 1 instance
      - age of the running processes: 2 instances, the newest started 1d ago
      - scraped services: 2 services, all up

    Could not be seen
      ? redis://127.0.0.1:6379: connection refused; unknown: auth-failures-by-ip,
        agent-spend, blocks
      * what answers, what does not, and what can be done about it:
        ratelimit doctor

    inconclusive (confidence low)
    runbook aegis, context prod, 2026-05-29 03:12:04 UTC, window 5m, 212 ms
    "
  `);
});

test('of what could not be read, nothing is said of what it holds', () => {
  const refused = 'prometheus 127.0.0.1:9090: connection refused';
  const down = documentOf({ 'rejects-by-tenant': unknown('unreachable', refused) });
  expect(screen(down)).toContain('- tenant-over-quota: 429s by tenant: could not be read\n');
  // The doctor looks at systems: of what was recorded it knows no more.
  expect(screen(down)).toContain('\n    ratelimit doctor\n');
  expect(screen({ ...down, replayed: true })).not.toContain('ratelimit doctor');
});

test('sources that were late are told how to have more time, unless they were recorded', () => {
  const late = documentOf({ 'agent-spend': unknown('timeout', 'redis: no answer before the deadline') });
  const hint = '  * they have more time with --timeout, such as --timeout 30s\n';
  expect(screen(late)).toContain(hint);
  expect(screen({ ...late, replayed: true })).not.toContain(hint);
  expect(screen(blind)).not.toContain(hint);
});
