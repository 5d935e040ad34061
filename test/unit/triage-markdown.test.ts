import { expect, test } from 'vitest';
import { triageMarkdown } from '../../src/output/triage-markdown.ts';
import { absent, agents, counters, crowd, rejects } from '../support/evidence.ts';
import { documentOf } from '../support/triage.ts';

const cap = documentOf({
  'rejects-by-tenant': rejects({ acme: { '/execute': 8.8, '/agents': 0.1 }, globex: { '/agents': 0.2 } }),
  'agent-spend': agents({ summarizer: [100.4, '100.00'], helper: [45, '50.00'] }),
  inflight: absent('Prometheus has no metric acp_gateway_inflight_requests'),
});
const attack = { 'auth-failures-by-ip': counters({ '203.0.113.42': 900, ...crowd(60, 15) }) };

test('the Markdown of a spent cap', () => {
  expect(`\n${triageMarkdown(cap)}`).toMatchInlineSnapshot(`
    "
    ## P2 agent-over-cost-cap \\(confidence high\\)

    agent summarizer spent \\$100.40 and reached the cost cap, so /execute is refused

    **Why**

    - 9.1 rejects/s in all \\(threshold 1\\)
    - one tenant stands out: 8.9 rejects/s, 98% of all \\(stands out from 0.5 rejects/s and 10%\\)
    - 99% of it with path /execute, so that alone \\(from 95%\\)
    - 1 agent at 100% of the limit or above, the highest at 100%
    - 429s by layer of the limiter: none execute\\_sw\\_tenant \\(threshold 1\\)

    **Checked**

    - not kill-switch-engaged: none of them is among the tenants whose kill switch is engaged
    - not limiter-failing-open: 0 failures/s in all \\(threshold 0.01\\)
    - not evictable: what Redis removes when its memory is full: none any-key \\(threshold 1\\)
    - not quarantined: none of them is among the agents in quarantine
    - not tenant-cap-binds: calls refused at a cost cap: none of kind tenant \\(threshold 0.1\\)
    - not cap-invalid: every agent has a limit
    - not no-cap: every agent has a limit

    **Ruled out**

    - distributed-credential-stuffing: 0 IPs stand out \\(many is 6\\); 0 failures remain without noise and without what stands out \\(threshold 100\\); 0.01 failures/s beside what stands out \\(threshold 5\\); 2 IPs below 3 failures each \\(threshold 100\\); 0.01 failures/s beside what stands out \\(threshold 0.33\\); 2 IPs beside what stands out, as diverse as 1.8 equally loud ones \\(threshold 5\\); 2 IPs beside what stands out \\(threshold 20\\)
    - single-ip-credential-stuffing: no IP stands out: the largest has 2 failures, 67% of all \\(stands out from 20 failures and 10%\\)
    - account-password-stuffing: 0 accounts \\(threshold 5\\); 0 accounts with 10 failures or more \\(threshold 5\\)
    - dependency-outage: no service named identity is down; 1 tenant at once \\(many is 5\\); the 429s by tenant are known; 429s by layer of the limiter: none tenant \\(threshold 1\\)
    - platform-overload: 1 tenant at once \\(many is 5\\); 97% of it with path /execute, so that alone \\(from 95%\\); the path of the 429s by tenant is known
    - tenant-over-cost-cap: calls refused at a cost cap: none of kind tenant \\(threshold 0.1\\)
    - tenant-over-rps-cap: 99% of it with path /execute, so that alone \\(from 95%\\); no source tells the limit\\_type of the 429s by tenant; 429s by layer of the limiter: none execute\\_sw\\_tenant \\(threshold 1\\); requests to /execute by tenant \\(10 s\\): none \\(threshold 31\\)
    - deploy-auth-churn: 0 of 2 instances started in the last 10m, the newest 1d ago \\(threshold 50%\\); 3 failures beside what stands out \\(threshold 20\\); 2 IPs beside what stands out \\(threshold 5\\)

    **Could not be judged**

    - tenant-over-quota: 429s by tenant: no source tells the limit\\_type; 1 tenant at once \\(many is 5\\)

    **authentication failures by IP**: 3 failures from 2 IPs in 5m

    | IP | failures | share | last seen |
    | --- | --: | --: | --: |
    | \`203.0.113.7\` | 2 | 67% | 12s ago |
    | \`203.0.113.8\` | 1 | 33% | 12s ago |

    **authentication failures, all sources**: 0.01 failures/s in 5m

    **429s by tenant**: 9.1 rejects/s from 2 tenants in 5m

    | tenant | rejects/s | share | path |
    | --- | --: | --: | --- |
    | \`acme\` | 8.9 | 98% | /execute 99%, /agents 1.1% |
    | \`globex\` | 0.2 | 2.2% | /agents 100% |

    **agents' spend against their cap**: \\$145.40 from 2 agents

    | agent | spent | since | limit | used | mean per hour |
    | --- | --: | --- | --: | --: | --: |
    | \`summarizer\` | \\$100.40 | today | \\$100.00 | 100% | \\$31.36 |
    | \`helper\` | \\$45.00 | today | \\$50.00 | 90% | \\$14.06 |

    **age of the running processes**: 2 instances, the newest started 1d ago

    **scraped services**: 2 services, all up

    **Could not be seen**

    - inflight is absent: Prometheus has no metric acp\\_gateway\\_inflight\\_requests

    **Next, for agent-over-cost-cap**

    1. Inspect the agent's spend, its cap, and who last changed it.
    2. If the spending is legitimate, raise the cap above what is already spent. It takes effect on the next request. Another amount is as good; it asks before it writes.
    3. To make it permanent, add --permanent --tenant &lt;id&gt;, which also tells the API \\(PATCH /agents/&lt;agent&gt;\\). See Quota Management \\(Settings -&gt; Quota Management\\).

    \`\`\`sh
    ratelimit caps summarizer --context prod
    ratelimit raise-cap summarizer --to 121.00 --reason cost_cap_reached --context prod
    \`\`\`

    **Afterwards**

    - Write the incident report with source IPs, the response taken and the duration: ratelimit report makes it.
    - Tune the limit if the attack showed a gap in it.
    - Notify the contact of every tenant that was affected.
    - Add a regression test with the same pattern at lower volume.

    **Links**

    - Gateway service: runbook
    - Quota Management: Settings -&gt; Quota Management
    - Kill Switch: runbook
    - Related code: sdk/common/ratelimit.py; services/gateway/\\_mw\\_rate\\_limit.py, \\_mw\\_auth.py, middleware.py

    runbook aegis, \`2026-05-29T03:12:04Z\`, window 5m
    "
  `);
});

test('several findings have a part of their own each, commands in a block to copy', () => {
  const text = triageMarkdown(documentOf(attack));
  expect(text).toMatch(/^## P2 distributed-credential-stuffing/);
  expect(text).toMatch(/^### distributed-credential-stuffing$/m);
  expect(text).toMatch(/^### single-ip-credential-stuffing$/m);
  expect(text).toMatch(/```sh\nratelimit block-ip 203\.0\.113\.42 .* --context prod\n```/);
});
