// The labelled incidents: each a name, what happened, the truth about it, and the patterns that it is made of.
import {
  accounts,
  calmG,
  calmR,
  costBlocked,
  DEPLOYED,
  failuresG,
  failuresR,
  failureTotal,
  locked,
  mixedPaths,
  noiseG,
  noiseR,
  RESTARTED,
  refusedByLayer,
  rejectedG,
  rejectedR,
  spendG,
  spendR,
} from './patterns.mjs';

const SINGLE = 'single-ip-credential-stuffing';
const CROWD = 'distributed-credential-stuffing';
const ACCOUNTS = 'account-password-stuffing';
const OUTAGE = 'dependency-outage';
const OVERLOAD = 'platform-overload';
const TENANT_COST = 'tenant-over-cost-cap';
const AGENT_COST = 'agent-over-cost-cap';
const QUOTA = 'tenant-over-quota';
const RPS = 'tenant-over-rps-cap';
const CHURN = 'deploy-auth-churn';

const tenants = (count, make) => Array.from({ length: count }, (_, index) => make(`tenant-${index + 1}`));

/** name -> [what happened, the truth, patterns]. Nothing is found that is not named in `category` and `also`. */
export const INCIDENTS = {
  // Nothing.
  'quiet-runbook': ['An ordinary hour.', { category: 'quiet' }, [calmR(), noiseR]],
  'quiet-gateway': [
    'An ordinary hour of the gateway in the field.',
    { category: 'quiet' },
    [calmG(), noiseG],
  ],
  'quiet-both': [
    'A gateway that speaks both contracts, in an ordinary hour.',
    { category: 'quiet' },
    [calmR(), calmG(), noiseR, noiseG],
  ],
  'quiet-stale-counters': [
    'Six addresses failed a little four minutes ago and have stopped.',
    { category: 'quiet' },
    [calmR(), failuresR('203.0.113.{1..6}', 6, '60s')],
  ],
  'quiet-old-blocks': [
    'Blocks of yesterday are still in force and nobody is at the door.',
    { category: 'quiet' },
    [
      calmR(),
      noiseR,
      { keys: [{ key: 'acp:ip_block:203.0.113.{1..9}', value: 'credential_stuffing', ttl: '9h' }] },
    ],
  ],

  // One address, or a few.
  'one-ip-runbook': [
    'One address tries a leaked list.',
    { category: SINGLE, also: [], confidence: 'high', subjects: ['203.0.113.42'] },
    [calmR(), failuresR('203.0.113.42', 4812)],
  ],
  'one-ip-runbook-noise': [
    'One address tries a leaked list while fifty people mistype.',
    { category: SINGLE, also: [], confidence: 'high', subjects: ['203.0.113.42'] },
    [calmR(), noiseR, failuresR('203.0.113.42', 4812)],
  ],
  'one-ip-runbook-at-threshold': [
    'One address with just as many failures as nobody mistypes.',
    { category: SINGLE, also: [], subjects: ['203.0.113.42'] },
    [calmR(), noiseR, failuresR('203.0.113.42', 20)],
  ],
  'one-ip-runbook-below-threshold': [
    'One address with nineteen failures: a script with an old password.',
    { category: 'quiet' },
    [calmR(), noiseR, failuresR('203.0.113.42', 19)],
  ],
  'one-ip-runbook-ipv6': [
    'One IPv6 address tries a leaked list.',
    { category: SINGLE, also: [], confidence: 'high', subjects: ['2001:db8:42::7'] },
    [calmR(), noiseR, failuresR('2001:db8:42::7', 900)],
  ],
  'five-ips-runbook': [
    'Five addresses of one hoster share a list.',
    {
      category: SINGLE,
      also: [],
      confidence: 'high',
      subjects: [1, 2, 3, 4, 5].map((n) => `203.0.113.${n}`),
    },
    [calmR(), noiseR, failuresR('203.0.113.{1..5}', [300, 280, 310])],
  ],
  'one-ip-gateway-plateau': [
    'One address knocks forty times a second; the counter stops at 26.',
    {
      category: SINGLE,
      also: [],
      subjects: ['203.0.113.42'],
      caveats: ['client-claimed-address', 'plateau'],
      confidence: ['medium', 'low'],
    },
    [calmG(), failuresG('203.0.113.42', 26, 6), refusedByLayer('auth_fail_ip', 40)],
  ],
  'one-ip-gateway-noise': [
    'The same among people who mistype.',
    { category: SINGLE, also: [], subjects: ['203.0.113.42'], caveats: ['client-claimed-address'] },
    [calmG(), noiseG, failuresG('203.0.113.42', 26, 6), refusedByLayer('auth_fail_ip', 40)],
  ],
  'one-ip-gateway-ipv6': [
    'One IPv6 address, as the client names it.',
    { category: SINGLE, also: [], subjects: ['2001:db8::bad'], caveats: ['client-claimed-address'] },
    [calmG(), noiseG, failuresG('2001:db8::bad', 26, 3), refusedByLayer('auth_fail_ip', 12)],
  ],
  'three-ips-gateway': [
    'Three addresses at the end of their counters.',
    {
      category: SINGLE,
      also: [],
      subjects: ['203.0.113.1', '203.0.113.2', '203.0.113.3'],
      caveats: ['plateau'],
    },
    [calmG(), noiseG, failuresG('203.0.113.{1..3}', 26, 2), refusedByLayer('auth_fail_ip', 9)],
  ],
  'one-ip-both-contracts': [
    'One address counted by both families: one source, not two.',
    { category: SINGLE, also: [], confidence: 'high', subjects: ['203.0.113.42'] },
    [calmR(), calmG(), noiseR, failuresR('203.0.113.42', 900), failuresG('203.0.113.42', 26, 3)],
  ],

  // Many addresses.
  'crowd-runbook': [
    'Sixty addresses share the work, none of them loud.',
    { category: CROWD, also: [], confidence: 'high' },
    [calmR(), failuresR('198.51.100.{1..60}', 15)],
  ],
  'crowd-runbook-noise': [
    'The same among people who mistype.',
    { category: CROWD, also: [], confidence: 'high' },
    [calmR(), noiseR, failuresR('198.51.100.{1..60}', [14, 17, 12])],
  ],
  'crowd-runbook-at-threshold': [
    'A hundred failures from ten addresses.',
    { category: CROWD, also: [], confidence: 'high' },
    [calmR(), noiseR, failuresR('198.51.100.{1..10}', 10)],
  ],
  'crowd-runbook-below-threshold': [
    'Ninety-nine failures from eleven addresses: a busy morning.',
    { category: 'quiet' },
    [calmR(), noiseR, failuresR('198.51.100.{1..11}', 9)],
  ],
  'six-ips-runbook': [
    'Six loud addresses: one more than can be blocked by hand.',
    {
      category: CROWD,
      also: [],
      confidence: 'high',
      subjects: [1, 2, 3, 4, 5, 6].map((n) => `203.0.113.${n}`),
    },
    [calmR(), noiseR, failuresR('203.0.113.{1..6}', [300, 280, 310])],
  ],
  'low-and-slow-runbook': [
    'Four hundred addresses, five failures each.',
    { category: CROWD, also: [], confidence: 'high' },
    [calmR(), noiseR, failuresR('2001:db8:{0..3}:{1..100}::7', 5)],
  ],
  'crowd-runbook-ipv6': [
    'A crowd from IPv6 networks.',
    { category: CROWD, also: [], confidence: 'high' },
    [calmR(), noiseR, failuresR('2001:db8:{1..40}::1', 12)],
  ],
  'crowd-as-usual': [
    'Forty addresses fail as much as they did yesterday: old passwords in scripts, most likely.',
    { category: CROWD, also: [], confidence: ['medium', 'low'], caveats: ['as-usual'] },
    [calmR(), failuresR('198.51.100.{1..40}', 12), failureTotal(1.6, { usual: 1.5 })],
  ],
  'crowd-gateway-plateau': [
    'Sixty addresses, each at the end of its counter.',
    { category: CROWD, also: [], caveats: ['client-claimed-address'] },
    [calmG(), noiseG, failuresG('198.51.100.{1..60}', 26, 30), refusedByLayer('auth_fail_ip', 200)],
  ],
  'crowd-gateway': [
    'Forty addresses, eight failures each in a minute.',
    { category: CROWD, also: [], caveats: ['client-claimed-address'] },
    [calmG(), noiseG, failuresG('198.51.100.{1..40}', 8, 5.4)],
  ],
  'crowd-gateway-slow': [
    'Sixty addresses, three failures a minute each: no counter says much, the total does.',
    { category: CROWD, also: [], confidence: ['medium', 'low'] },
    [calmG(), failuresG('198.51.100.{1..60}', [1, 2, 1], 3)],
  ],
  'spoofed-runbook': [
    'Five hundred addresses fail once or twice each while the total is at the alert: they may be made up.',
    {
      category: CROWD,
      also: [],
      confidence: ['medium', 'low'],
      caveats: ['possibly-spoofed'],
      'not-proposed': ['block-ip'],
    },
    [calmR(), failuresR('2001:db8:{0..4}:{1..100}::7', [1, 2]), failureTotal(6)],
  ],
  'spoofed-gateway': [
    'Eight hundred addresses in a minute, once each, all of them from X-Forwarded-For.',
    {
      category: CROWD,
      also: [],
      confidence: ['medium', 'low'],
      caveats: ['possibly-spoofed', 'client-claimed-address'],
      'not-proposed': ['block-ip'],
    },
    [calmG(), failuresG('2001:db8:{0..7}:{1..100}::7', 1, 14)],
  ],
  'one-loud-in-a-crowd': [
    'A botnet, and one of its addresses is much louder.',
    { category: CROWD, also: [SINGLE] },
    [calmR(), noiseR, failuresR('198.51.100.{1..60}', 15), failuresR('203.0.113.42', 900)],
  ],

  // Accounts.
  'accounts-locked': [
    'Eight accounts are locked at once.',
    { category: ACCOUNTS, also: [], confidence: 'high' },
    [calmG(), noiseG, accounts(101, 108, [12, 14, 22]), locked(101, 108)],
  ],
  'accounts-locked-at-threshold': [
    'Five accounts are locked at once.',
    { category: ACCOUNTS, also: [], confidence: 'high' },
    [calmG(), accounts(101, 105, 6), locked(101, 105, '50s')],
  ],
  'accounts-locked-below-threshold': [
    'Four people came back from their holidays.',
    { category: 'quiet' },
    [calmG(), accounts(101, 104, 6), locked(101, 104, '50s')],
  ],
  'accounts-failing-not-locked': [
    'Twelve accounts have ten and more failed passwords today, and none is locked at the moment.',
    { category: ACCOUNTS, also: [], confidence: ['medium', 'low'] },
    [calmG(), noiseG, accounts(101, 112, [10, 11, 15])],
  ],

  // A tenant over its rate.
  'tenant-rps-runbook': [
    'A customer imports its data.',
    { category: RPS, also: [], confidence: 'high', subjects: ['acme'] },
    [calmR(), mixedPaths('acme', 22)],
  ],
  'tenant-rps-runbook-noise': [
    'The same among others that brush against their limits.',
    { category: RPS, also: [], confidence: 'high', subjects: ['acme'] },
    [calmR(), noiseR, mixedPaths('acme', 22)],
  ],
  'tenant-rps-at-threshold': [
    'Just as many rejections as page.',
    { category: RPS, also: [], subjects: ['acme'] },
    [calmR(), mixedPaths('acme', 1.02)],
  ],
  'tenant-rps-below-threshold': [
    'A little less than that.',
    { category: 'quiet' },
    [calmR(), mixedPaths('acme', 0.96)],
  ],
  'four-tenants-rps': [
    'Four customers at once: few enough to be called.',
    { category: RPS, also: [], subjects: ['tenant-1', 'tenant-2', 'tenant-3', 'tenant-4'] },
    [calmR(), ...tenants(4, (tenant) => mixedPaths(tenant, 3))],
  ],
  'tenant-rps-as-usual': [
    'A customer that runs into its limit every day at this hour.',
    { category: RPS, also: [], confidence: ['medium', 'low'], subjects: ['acme'], caveats: ['as-usual'] },
    [calmR(), rejectedR('acme', '/agents', 5, 5), rejectedR('acme', '/policies', 3, 3)],
  ],
  'tenant-rps-gateway': [
    'A customer imports its data, as the gateway in the field tells it.',
    { category: RPS, also: [], confidence: 'high', subjects: ['acme'], caveats: ['no-path'] },
    [calmG(), noiseG, rejectedG('acme', 'rps', 9), refusedByLayer('tenant', 9)],
  ],
  'execute-window-gateway': [
    'A customer calls /execute more than thirty times in ten seconds, over and over.',
    { category: RPS, also: [], subjects: ['acme'] },
    [
      calmG(),
      noiseG,
      refusedByLayer('execute_sw_tenant', 4),
      { keys: [{ key: 'acp:ratelimit:execute_sw:tenant:acme', value: 44, ttl: '8s' }] },
    ],
  ],

  // A quota.
  'quota-daily': [
    'A customer has used up its requests of the day.',
    { category: QUOTA, also: [], confidence: 'high', subjects: ['acme'] },
    [calmG(), noiseG, rejectedG('acme', 'daily', 8), refusedByLayer('tenant', 8)],
  ],
  'quota-monthly': [
    'A customer has used up its requests of the month.',
    { category: QUOTA, also: [], confidence: 'high', subjects: ['acme'] },
    [calmG(), rejectedG('acme', 'monthly', 2.5), refusedByLayer('tenant', 2.5)],
  ],
  'quota-many-tenants': [
    'It is late, and seven customers on the small plan have used up their day.',
    { category: QUOTA, also: [] },
    [calmG(), ...tenants(7, (tenant) => rejectedG(tenant, 'daily', 1.5)), refusedByLayer('tenant', 10)],
  ],

  // Money.
  'agent-cap-runbook': [
    'An agent has spent its day.',
    { category: AGENT_COST, also: [], confidence: 'high', subjects: ['agent-7', 'globex'] },
    [calmR(), spendR('agent-7', '112.50', '100.00'), rejectedR('globex', '/execute', 9)],
  ],
  'agent-cap-runbook-noise': [
    'The same among others that brush against their limits.',
    { category: AGENT_COST, also: [], confidence: 'high', subjects: ['agent-7', 'globex'] },
    [
      calmR(),
      noiseR,
      spendR('agent-7', '112.50', '100.00'),
      spendR('agent-3', '31.20', '80.00'),
      rejectedR('globex', '/execute', 9),
    ],
  ],
  'agent-cap-at-threshold': [
    'An agent whose spend is exactly its cap.',
    { category: AGENT_COST, also: [], confidence: 'high' },
    [calmR(), spendR('agent-7', '100.00', '100.00'), rejectedR('globex', '/execute', 3)],
  ],
  'agent-cap-below-threshold': [
    'A cent is left, and nobody is rejected.',
    { category: 'quiet' },
    [calmR(), noiseR, spendR('agent-7', '99.99', '100.00')],
  ],
  'agent-cap-unconfirmed': [
    'All rejections are on /execute, and no agent is seen at its cap.',
    { category: AGENT_COST, also: [], confidence: 'low', subjects: ['globex'] },
    [calmR(), noiseR, spendR('agent-7', '20.00', '100.00'), rejectedR('globex', '/execute', 9)],
  ],
  'agent-cap-gateway-month': [
    'An agent has spent its month; the gateway counts in cents.',
    { category: AGENT_COST, also: [], confidence: 'high', subjects: ['agent-7'] },
    [calmG(), noiseG, spendG('agent', 'agent-7', 11250, '100.00'), costBlocked('agent', 'agent-7', 3)],
  ],
  'agent-cap-gateway-day': [
    'The same where the gateway is configured to count by day.',
    { category: AGENT_COST, also: [], confidence: 'high', subjects: ['agent-7'] },
    [
      calmG(),
      spendG('agent', 'agent-7', 10050, '100.00', '{yyyy-mm-dd}'),
      costBlocked('agent', 'agent-7', 3),
    ],
  ],
  'cents-are-no-dollars': [
    'An agent has spent 50 dollars of 100: 5000 is cents.',
    { category: 'quiet' },
    [calmG(), noiseG, spendG('agent', 'agent-7', 5000, '100.00')],
  ],
  'utc-midnight': [
    'Yesterday an agent was over its cap; the UTC day has just begun anew.',
    { category: 'quiet' },
    [calmR(), noiseR, spendR('agent-7', '130.00', '100.00', '{yyyymmdd-1}')],
  ],
  'tenant-cap-gateway': [
    'A tenant has spent its budget, which is tested before any agent.',
    { category: TENANT_COST, also: [], confidence: 'high', subjects: ['globex'] },
    [calmG(), noiseG, spendG('tenant', 'globex', 500_000), costBlocked('tenant', 'globex', 4)],
  ],
  'tenant-cap-and-agent-cap': [
    "A tenant's budget is spent, and one of its agents is over its own cap as well.",
    { category: TENANT_COST, also: [AGENT_COST], 'not-proposed': ['raise-cap'] },
    [
      calmG(),
      spendG('tenant', 'globex', 500_000),
      spendG('agent', 'agent-7', 11250, '100.00'),
      costBlocked('tenant', 'globex', 4),
    ],
  ],

  // The platform.
  'overload-runbook': [
    'Eight customers are rejected on all paths.',
    { category: OVERLOAD, also: [], confidence: 'medium' },
    [calmR(), ...tenants(8, (tenant) => mixedPaths(tenant, 2.1))],
  ],
  'overload-runbook-noise': [
    'The same among others that brush against their limits.',
    { category: OVERLOAD, also: [], confidence: 'medium' },
    [calmR(), noiseR, ...tenants(8, (tenant) => mixedPaths(tenant, 2.1))],
  ],
  'overload-at-threshold': [
    'Five customers at half of the rate that pages, each.',
    { category: OVERLOAD, also: [], confidence: ['medium', 'low'] },
    [calmR(), ...tenants(5, (tenant) => mixedPaths(tenant, 0.52))],
  ],
  'overload-gateway': [
    'Nine customers at their request rates at once.',
    { category: OVERLOAD, also: [], confidence: ['medium', 'low'], caveats: ['no-path'] },
    [
      calmG(),
      noiseG,
      ...tenants(9, (tenant) => rejectedG(tenant, 'rps', 1.4)),
      refusedByLayer('tenant', 12.6),
    ],
  ],
  'outage-runbook': [
    'The identity service is down, and every customer falls back to 60 requests a minute.',
    { category: OUTAGE, also: [], confidence: 'high' },
    [
      calmR(),
      { series: [{ metric: 'up', labels: { job: 'identity', instance: 'identity:8000' }, value: 0 }] },
      ...tenants(8, (tenant) => mixedPaths(tenant, 2.1)),
    ],
  ],
  'outage-gateway': [
    'The same, as the gateway in the field tells it.',
    { category: OUTAGE, also: [], confidence: 'high' },
    [
      calmG(undefined, 0),
      ...tenants(8, (tenant) => rejectedG(tenant, 'rps', 1.5)),
      refusedByLayer('tenant', 12),
    ],
  ],

  'outage-gateway-by-layer': [
    'The same, where the limiter tells the layer and no tenant.',
    { category: OUTAGE, also: [], confidence: ['medium', 'low'] },
    [calmG(undefined, 0, { tenants: false }), refusedByLayer('tenant', 12)],
  ],

  // Deploys.
  'deploy-runbook': [
    'Three hundred clients sign in again after a deploy.',
    { category: CHURN, also: [], 'not-proposed': ['block-ip', 'kill-switch'] },
    [calmR(DEPLOYED), failuresR('2001:db8:{7..9}:{1..100}::7', [1, 2, 3, 2], '280s')],
  ],
  'deploy-gateway': [
    'The same, as the gateway in the field counts it.',
    { category: CHURN, also: [], 'not-proposed': ['block-ip', 'kill-switch'] },
    [calmG(DEPLOYED), failuresG('2001:db8:7:{1..100}::7', [1, 2, 3], 4, { proxy: 700, since: '3m' })],
  ],
  'restart-is-no-deploy': [
    'One gateway crashed and is back; sixty addresses attack, four failures each.',
    { category: CROWD, also: [], caveats: ['recent-deploy'] },
    [calmR(RESTARTED), failuresR('198.51.100.{1..60}', 4)],
  ],
  'attack-after-a-deploy': [
    'A deploy went out, people sign in again, and one address uses the moment.',
    { category: SINGLE, also: [CHURN], subjects: ['203.0.113.42'], caveats: ['recent-deploy'] },
    [calmR(DEPLOYED), noiseR, failuresR('203.0.113.42', 900)],
  ],
  'crowd-after-a-deploy': [
    'A deploy went out, and a crowd fails far more often than clients do that sign in again.',
    { category: CROWD, also: [], caveats: ['recent-deploy'] },
    [calmR(DEPLOYED), failuresR('198.51.100.{1..60}', 15)],
  ],

  // Several at once.
  'attack-and-tenant': [
    'One address attacks while a customer imports its data.',
    { category: SINGLE, also: [RPS], confidence: 'high' },
    [calmR(), noiseR, failuresR('203.0.113.42', 4812), mixedPaths('acme', 22)],
  ],
  'crowd-and-agent-cap': [
    'A botnet, and an agent that has spent its day.',
    { category: CROWD, also: [AGENT_COST], confidence: 'high' },
    [
      calmR(),
      failuresR('198.51.100.{1..60}', 15),
      spendR('agent-7', '112.50', '100.00'),
      rejectedR('globex', '/execute', 9),
    ],
  ],
  'plateau-and-quota': [
    'One address at the end of its counter, and a customer at the end of its day.',
    { category: SINGLE, also: [QUOTA] },
    [
      calmG(),
      failuresG('203.0.113.42', 26, 6),
      refusedByLayer('auth_fail_ip', 40),
      rejectedG('acme', 'daily', 8),
    ],
  ],
};
