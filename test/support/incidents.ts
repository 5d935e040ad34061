import { days } from './days.ts';
import { counter, gauge, series } from './openmetrics.ts';

/** What a pattern of the runbook leaves behind in Redis and in Prometheus. */
export interface Incident {
  readonly redis: string[][];
  readonly series: ReturnType<typeof series>[];
}

const INSTANCES = ['gw-1:8000', 'gw-2:8000', 'gw-3:8000', 'gw-4:8000'];
const target = (index: number) => ({ job: 'gateway', instance: INSTANCES[index % INSTANCES.length] ?? '' });
/** Beyond now, so that rates stay true while a slow test runs. */
const SPAN = { from: -3600, to: 600, step: 15 } as const;

const failures = (ip: string, count: number, ttl = 290): string[] => [
  'SET',
  `acp:auth_fail:${ip}`,
  String(count),
  'EX',
  String(ttl),
];

function requests(now: number, tenant: string, path: string, status: string, perSecond: number, index = 0) {
  const labels = { ...target(index), tenant_id: tenant, method: 'POST', path, status };
  return series('acp_gateway_request_total', labels, counter(now, { ...SPAN, perSecond }));
}

/** A platform at rest: four instances up for days, tenants served, one key of the namespace. */
export function calm(now: number, startedAgo = [300_000, 300_000, 300_000, 300_000]): Incident {
  return {
    redis: [['SET', 'acp:agent_cost_cap:agent-idle', '50.00']],
    series: [
      ...INSTANCES.flatMap((instance, index) => [
        series('up', target(index), gauge(now, { ...SPAN, value: 1 })),
        series('acp_gateway_inflight_requests', target(index), gauge(now, { ...SPAN, value: 12 })),
        series(
          'process_start_time_seconds',
          { job: 'gateway', instance },
          gauge(now, { ...SPAN, value: now - (startedAgo[index] ?? 300_000) }),
        ),
      ]),
      ...['acme', 'globex', 'initech'].map((tenant, index) =>
        requests(now, tenant, '/agents', '200', 4, index),
      ),
    ],
  };
}

/** Background noise: forgetful people, and tenants that brush against their limits. */
export const noise = (now: number): Incident => ({
  redis: Array.from({ length: 50 }, (_, i) => failures(`192.0.2.${i + 1}`, (i % 2) + 1, 100 + i)),
  series: ['umbrella', 'hooli'].map((tenant, index) => requests(now, tenant, '/agents', '429', 0.02, index)),
});

export const singleIp = (): Incident => ({ redis: [failures('203.0.113.42', 4812)], series: [] });

export const distributed = (): Incident => ({
  redis: Array.from({ length: 60 }, (_, i) => failures(`198.51.100.${i + 1}`, 15)),
  series: [],
});

export const tenantOverRps = (now: number): Incident => ({
  redis: [],
  series: [
    requests(now, 'acme', '/agents', '429', 12),
    requests(now, 'acme', '/policies', '429', 6, 1),
    requests(now, 'acme', '/execute', '429', 4, 2),
  ],
});

export const agentOverCap = (now: number): Incident => ({
  redis: [
    ['SET', 'acp:agent_cost_cap:agent-7', '100.00'],
    ...days(now * 1_000).map((day) => [
      'SET',
      `acp:agent_cost_today:agent-7:${day.replaceAll('-', '')}`,
      '112.50',
    ]),
  ],
  series: [requests(now, 'globex', '/execute', '429', 9)],
});

const OVERLOADED = Array.from({ length: 8 }, (_, i) => `tenant-${i + 1}`);

export const platformOverload = (now: number): Incident => ({
  redis: [],
  series: OVERLOADED.flatMap((tenant, index) =>
    ['/agents', '/execute', '/policies'].map((path) => requests(now, tenant, path, '429', 0.7, index)),
  ),
});

/** Clients reconnect: a few failures each. The restarted instances come with `calm(now, RESTARTED)`. */
export const deployChurn = (): Incident => ({
  redis: Array.from({ length: 80 }, (_, i) => failures(`198.18.7.${i + 1}`, (i % 3) + 1, 280)),
  series: [],
});
export const RESTARTED = [180, 170, 160, 300_000];

export const merge = (...incidents: Incident[]): Incident => ({
  redis: incidents.flatMap((incident) => incident.redis),
  series: incidents.flatMap((incident) => incident.series),
});
