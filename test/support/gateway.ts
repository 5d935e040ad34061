import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type Fault, status } from './faulty-http.ts';
import { type Api, type ApiRequest, makeApi } from './gateway-api.ts';
import { type Answer, type Traffic, traffic } from './gateway-traffic.ts';
import { onStop } from './processes.ts';
import type { TestRedis } from './redis.ts';

interface GatewayOptions extends Partial<Traffic>, Partial<Api> {
  /** The Redis of this test, or the URL of one, which may hold a user and a database. */
  redis: TestRedis | string;
}

interface Attack {
  /** Ends it when its last request is answered; throws if it could not go on. */
  stop(): Promise<void>;
  /** Requests sent so far. */
  sent(): number;
  /** The answers so far; it grows while the attack goes on. */
  readonly statuses: readonly number[];
}

/** A small gateway that honours the contract of the Aegis runbook, on a real Redis. */
export interface Gateway {
  readonly url: string;
  /** The base of the API: `{url}/api`. */
  readonly apiUrl: string;
  readonly port: number;
  /** What the API was asked so far, whatever it answered. */
  readonly requests: readonly ApiRequest[];
  /** Sends failing logins as this client, one after another; returns the statuses. */
  fail(ip: string, times?: number): Promise<number[]>;
  /** Sends failing logins as this client, at most so many a second, until it or the gateway is stopped. */
  attack(ip: string, perSecond: number): Attack;
  /** Calls `/execute` as this agent of this tenant in the same way. */
  work(agent: string, tenant: string, perSecond: number): Attack;
  /** A call of `/execute` by this agent, of this tenant if one is given. */
  execute(agent: string, tenant?: string): Promise<{ status: number; body: unknown }>;
  stop(): Promise<void>;
}

/** Starts the gateway on a free loopback port; throws when Redis cannot be reached. */
export async function startGateway({ redis: where, ...options }: GatewayOptions): Promise<Gateway> {
  const redis = await connect(where);
  const requests: ApiRequest[] = [];
  const rules: Traffic = {
    enforcesBlocks: true,
    authFailureKey: 'runbook',
    spendPerCall: '1.00',
    ...options,
  };
  const api = makeApi(redis, {
    ...{ token: 'test-token', role: 'ADMIN', patch: 'ok', killSwitch: 'ok' },
    ...options,
  });
  const counted = makeCounter();
  const answer = async (request: IncomingMessage): Promise<Answer | Fault> => {
    if (request.url?.startsWith('/api/')) return api(await record(request, requests));
    request.resume();
    if (request.url === '/metrics') return { status: 200, body: counted.text(), headers: EXPOSITION };
    const given = (await traffic(redis, rules, request)) ?? { status: 404, body: { error: 'Not Found' } };
    counted.add(request, given.status);
    return given;
  };
  const server = createServer((request, response) => {
    answer(request)
      .catch((error: Error): Answer => ({ status: 503, body: { error: error.message } }))
      .then((what) => send(response, what));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  const stopping = new AbortController();
  const attacks = new Set<Attack>();
  const post = (path: string, headers: Record<string, string>) =>
    fetch(url + path, { method: 'POST', headers });
  const fail = async (ip: string) => {
    const response = await post('/login', { 'X-Forwarded-For': ip, Authorization: 'Bearer bad' });
    await response.arrayBuffer();
    return response.status;
  };

  const execute = async (agent: string, tenant?: string) => {
    const of: Record<string, string> = tenant === undefined ? {} : { 'X-Tenant-ID': tenant };
    const response = await post('/execute', { 'X-Agent-ID': agent, ...of });
    return { status: response.status, body: await response.json() };
  };
  const keepOn = (send: () => Promise<number>, perSecond: number) => {
    const attack = startAttack(send, 1000 / perSecond, stopping.signal);
    attacks.add(attack);
    return attack;
  };

  return {
    ...{ url, port, requests, execute, apiUrl: `${url}/api` },
    async fail(ip, times = 1) {
      const statuses: number[] = [];
      while (statuses.length < times) statuses.push(await fail(ip));
      return statuses;
    },
    attack: (ip, perSecond) => keepOn(() => fail(ip), perSecond),
    work: (agent, tenant, perSecond) => keepOn(async () => (await execute(agent, tenant)).status, perSecond),
    stop: onStop(async () => {
      stopping.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.allSettled([closed, ...[...attacks].map((attack) => attack.stop())]);
      redis.disconnect();
    }),
  };
}

const EXPOSITION = { 'Content-Type': 'text/plain; version=0.0.4' };

/** `acp_gateway_request_total` as the runbook has it, in Prometheus's text format. */
function makeCounter() {
  const series = new Map<string, number>();
  return {
    add({ method = '', url: path = '', headers }: IncomingMessage, status: number): void {
      const labels = {
        tenant_id: String(headers['x-tenant-id'] ?? ''),
        method,
        path,
        status: String(status),
      };
      const name = Object.entries(labels)
        .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
        .join(',');
      series.set(name, (series.get(name) ?? 0) + 1);
    },
    text: (): string =>
      [
        '# TYPE acp_gateway_request_total counter',
        ...[...series].map(([name, count]) => `acp_gateway_request_total{${name}} ${count}`),
        '',
      ].join('\n'),
  };
}

/** Nothing waits for a Redis that is away: what needs it is answered 503. */
async function connect(where: TestRedis | string): Promise<Redis> {
  const { url, tls } = typeof where === 'string' ? { url: where, tls: undefined } : where;
  const redis = new Redis(url, {
    ...{ lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 0 },
    ...{ autoResendUnfulfilledCommands: false, protocol: 2, replyMapping: 'legacy', disconnectTimeout: 0 },
    ...(tls && {
      tls: {
        ca: readFileSync(tls.ca),
        cert: readFileSync(tls.client.cert),
        key: readFileSync(tls.client.key),
      },
    }),
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  return redis;
}

async function record(request: IncomingMessage, requests: ApiRequest[]): Promise<ApiRequest> {
  const { method = '', url: path = '', headers } = request;
  const recorded: ApiRequest = { method, path, headers, text: '', body: undefined };
  requests.push(recorded);
  recorded.text = await text(request);
  try {
    recorded.body = JSON.parse(recorded.text);
  } catch {
    // It stays undefined: what is not JSON can be seen as text.
  }
  return recorded;
}

function send(response: ServerResponse, what: Answer | Fault): void {
  const json = { 'Content-Type': 'application/json' };
  const fault =
    typeof what === 'function' ? what : status(what.status, written(what), { ...json, ...what.headers });
  fault(response);
}

const written = ({ body = '' }: Answer): string => (typeof body === 'string' ? body : JSON.stringify(body));

function startAttack(request: () => Promise<number>, intervalMs: number, stopping: AbortSignal): Attack {
  const ending = new AbortController();
  const statuses: number[] = [];
  let sent = 0;
  const run = async () => {
    let next = performance.now();
    while (!ending.signal.aborted) {
      sent += 1;
      statuses.push(await request());
      // Who is late does not catch up: a burst would be another attack.
      next = Math.max(next + intervalMs, performance.now());
      await sleep(next - performance.now(), undefined, { signal: ending.signal }).catch(() => {});
    }
  };
  const running = run().catch((error) => {
    if (!stopping.aborted) throw error;
  });
  running.catch(() => {}); // told by stop()
  return {
    statuses,
    sent: () => sent,
    async stop() {
      ending.abort();
      await running;
    },
  };
}
