import { beforeAll, describe, expect, it } from 'vitest';
import { halfBody } from '../support/faulty-http.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { deadPort, until } from '../support/processes.ts';
import { startRedis } from '../support/redis.ts';

const IP = '203.0.113.42';
const BLOCK = ['SET', `acp:ip_block:${IP}`, 'abuse', 'EX', '86400'] as const;

const redis = freshRedis();

const ttl = async (key: string) => Number(await redis.cli('TTL', key));
const login = (gateway: Gateway, headers: Record<string, string>) =>
  fetch(`${gateway.url}/login`, { method: 'POST', headers });

describe('failed authentications as the runbook has them', () => {
  const key = `acp:auth_fail:${IP}`;

  it('are 401s, counted per client for five minutes from the last one', async () => {
    const gateway = await startGateway({ redis });
    expect(await gateway.fail(IP, 3)).toEqual([401, 401, 401]);
    expect(await redis.cli('GET', key)).toBe('3');
    await redis.cli('EXPIRE', key, '10');
    await gateway.fail(IP);
    expect(await ttl(key)).toBeGreaterThan(290);
    expect(await redis.cli('DBSIZE')).toBe('1');
  });

  it('are never refused for their number, and a good login counts nothing', async () => {
    const gateway = await startGateway({ redis });
    expect(new Set(await gateway.fail(IP, 60))).toEqual(new Set([401]));
    expect((await login(gateway, { 'X-Forwarded-For': IP, Authorization: 'Bearer good' })).status).toBe(200);
    expect(await redis.cli('GET', key)).toBe('60');
  });

  it("belong to the first X-Forwarded-For entry as it stands, or to the connection's peer", async () => {
    const gateway = await startGateway({ redis });
    await login(gateway, { 'X-Forwarded-For': '2001:db8::1 , 10.0.0.1' });
    await login(gateway, { 'X-Forwarded-For': 'not:an address' });
    await login(gateway, {});
    const keys = (await redis.cli('KEYS', '*')).split('\n').sort();
    expect(keys).toEqual(['127.0.0.1', '2001:db8::1', 'not:an address'].map((ip) => `acp:auth_fail:${ip}`));
  });
});

describe('failed authentications as the published gateway has them', () => {
  const key = `acp:ratelimit:auth_fail:${IP}`;
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ redis, authFailureKey: 'gateway' });
  });

  it('stop at 26: what comes after is a 429 that counts nothing', async () => {
    const statuses = await gateway.fail(IP, 40);
    expect(statuses).toEqual([...Array(26).fill(401), ...Array(14).fill(429)]);
    expect(await redis.cli('MGET', key, 'acp:auth_failures:127.0.0.1')).toBe('26\n26');
    expect(await redis.cli('EXISTS', `acp:auth_fail:${IP}`)).toBe('0');
  });

  it('live for a minute from the first one, and their total for five from the last', async () => {
    await gateway.fail(IP);
    expect(await ttl(key)).toBeGreaterThan(50);
    await redis.load([
      ['EXPIRE', key, '20'],
      ['EXPIRE', 'acp:auth_failures:127.0.0.1', '20'],
    ]);
    await gateway.fail(IP);
    expect(await ttl(key)).toBeLessThanOrEqual(20);
    expect(await ttl('acp:auth_failures:127.0.0.1')).toBeGreaterThan(290);
  });

  it('are forgotten by a success', async () => {
    await gateway.fail(IP, 5);
    await login(gateway, { 'X-Forwarded-For': IP, Authorization: 'Bearer good' });
    expect(await redis.cli('EXISTS', key)).toBe('0');
  });
});

describe('a block', () => {
  it('is a plain 403 that counts nothing, for that client only and until it is gone', async () => {
    const gateway = await startGateway({ redis });
    await gateway.fail(IP, 2);
    await redis.cli(...BLOCK);
    const response = await login(gateway, { 'X-Forwarded-For': IP });
    expect([response.status, await response.json()]).toEqual([403, { error: 'Forbidden' }]);
    expect((await login(gateway, { 'X-Forwarded-For': IP, Authorization: 'Bearer good' })).status).toBe(403);
    expect(await gateway.fail('203.0.113.43')).toEqual([401]);
    expect(await redis.cli('GET', `acp:auth_fail:${IP}`)).toBe('2');
    await redis.cli('DEL', `acp:ip_block:${IP}`);
    expect(await gateway.fail(IP)).toEqual([401]);
  });

  it('does nothing at the gateway that ignores it: still 401, still counted', async () => {
    const gateway = await startGateway({ redis, enforcesBlocks: false });
    await redis.cli(...BLOCK);
    expect(await gateway.fail(IP, 3)).toEqual([401, 401, 401]);
    expect(await redis.cli('GET', `acp:auth_fail:${IP}`)).toBe('3');
  });

  it('meets an attack under way', async () => {
    const gateway = await startGateway({ redis });
    const attack = gateway.attack(IP, 200);
    await until(async () => attack.statuses.length >= 5, 'the attack is under way');
    expect(new Set(attack.statuses)).toEqual(new Set([401]));
    await redis.cli(...BLOCK);
    await until(async () => attack.statuses.at(-1) === 403, 'the attack is blocked');
    const counted = await redis.cli('GET', `acp:auth_fail:${IP}`);
    await gateway.fail(IP, 3);
    await attack.stop();
    expect(await redis.cli('GET', `acp:auth_fail:${IP}`)).toBe(counted);
    expect(attack.statuses.indexOf(403)).toBe(attack.statuses.lastIndexOf(401) + 1);
    expect(attack.statuses.filter((status) => status === 401)).toHaveLength(Number(counted));
    expect(attack.sent()).toBe(attack.statuses.length);
  });
});

describe('an attack', () => {
  it('is no faster than asked', async () => {
    const gateway = await startGateway({ redis });
    const started = performance.now();
    const attack = gateway.attack(IP, 50);
    await until(async () => attack.sent() >= 10, 'ten were sent');
    expect(performance.now() - started).toBeGreaterThanOrEqual(9 * 20 - 10);
    await attack.stop();
    const sent = attack.sent();
    expect(await redis.cli('GET', `acp:auth_fail:${IP}`)).toBe(String(sent));
  });

  it('ends with its gateway', async () => {
    const gateway = await startGateway({ redis });
    const attack = gateway.attack(IP, 100);
    await until(async () => attack.statuses.length > 0, 'the attack is under way');
    await gateway.stop();
    const sent = attack.sent();
    await attack.stop();
    expect(attack.sent()).toBe(sent);
    await expect(fetch(gateway.url)).rejects.toThrow();
  });
});

describe("an agent's calls", () => {
  const CAP = 'acp:agent_cost_cap:agent-7';
  const refused = { status: 429, body: { error: expect.any(String), limit_type: 'agent_cost' } };

  it('spend until the cap, and a raised cap takes effect with the next one', async () => {
    const gateway = await startGateway({ redis, spendPerCall: '0.10' });
    await redis.cli('SET', CAP, '0.30');
    for (const spent of ['0.1', '0.2', '0.3']) {
      expect(await gateway.execute('agent-7')).toMatchObject({
        status: 200,
        body: { spent_today_usd: spent },
      });
    }
    expect(await gateway.execute('agent-7')).toEqual(refused);
    expect(await gateway.execute('agent-8')).toMatchObject({ status: 200 });
    await redis.cli('SET', CAP, '0.40');
    expect(await gateway.execute('agent-7')).toMatchObject({ status: 200 });
    expect(await gateway.execute('agent-7')).toEqual(refused);
  });

  it("are counted on Redis's day in UTC, a dollar each", async () => {
    const gateway = await startGateway({ redis });
    const day = async () => {
      const seconds = Number((await redis.cli('TIME')).split('\n')[0]);
      return new Date(seconds * 1000).toISOString().slice(0, 10).replaceAll('-', '');
    };
    const before = await day();
    await gateway.execute('agent-7');
    await gateway.execute('agent-7');
    const keys = (await redis.cli('KEYS', '*')).split('\n');
    const spent = await Promise.all(keys.map((key) => redis.cli('GET', key)));
    expect(spent.reduce((sum, value) => sum + Number(value), 0)).toBe(2);
    const days = [before, await day()].map((one) => `acp:agent_cost_today:agent-7:${one}`);
    expect(days).toEqual(expect.arrayContaining(keys));
  });

  it.each(['0', '0.00', '-5', 'abc', 'nan', '', null])('are not capped by %j', async (cap) => {
    const gateway = await startGateway({ redis, spendPerCall: '1000' });
    if (cap !== null) await redis.cli('SET', CAP, cap);
    expect(await gateway.execute('agent-7')).toMatchObject({ status: 200 });
    expect(await gateway.execute('agent-7')).toMatchObject({ status: 200 });
  });

  it('need a name', async () => {
    const gateway = await startGateway({ redis });
    expect((await fetch(`${gateway.url}/execute`, { method: 'POST' })).status).toBe(422);
  });
});

const credentials = { Authorization: 'Bearer test-token', 'X-Tenant-ID': 'acme' };
const BODY = '{"metadata":{"daily_cost_cap_usd":100.00}}';

function patch(
  gateway: Gateway,
  headers: Record<string, string> = credentials,
  body = BODY,
): Promise<Response> {
  const signal = AbortSignal.timeout(5000);
  const url = `${gateway.apiUrl}/agents/agent-7`;
  return fetch(url, { method: 'PATCH', headers, body, redirect: 'manual', signal });
}

describe('PATCH /agents/{id}', () => {
  it('answers with an envelope and is recorded as it was sent', async () => {
    const gateway = await startGateway({ redis });
    const response = await patch(gateway);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      ...{ success: true, error: null, meta: {} },
      data: { id: 'agent-7', metadata: { daily_cost_cap_usd: 100 } },
    });
    expect(gateway.requests).toEqual([
      {
        ...{ method: 'PATCH', path: '/api/agents/agent-7', text: BODY, body: JSON.parse(BODY) },
        headers: expect.objectContaining({ authorization: 'Bearer test-token', 'x-tenant-id': 'acme' }),
      },
    ]);
  });

  it('needs the token, the tenant and a cap', async () => {
    const gateway = await startGateway({ redis, token: 'other' });
    const other = { ...credentials, Authorization: 'Bearer other' };
    expect((await patch(gateway, { 'X-Tenant-ID': 'acme' })).status).toBe(401);
    expect((await patch(gateway, credentials)).status).toBe(401);
    expect((await patch(gateway, { Authorization: 'Bearer other' })).status).toBe(422);
    expect((await patch(gateway, other, '{"metadata":{}}')).status).toBe(422);
    expect((await patch(gateway, other, 'not JSON')).status).toBe(422);
    expect((await patch(gateway, other)).status).toBe(200);
    expect(gateway.requests.map(({ text }) => text)).toEqual([
      BODY,
      BODY,
      BODY,
      '{"metadata":{}}',
      'not JSON',
      BODY,
    ]);
    expect(gateway.requests[4]?.body).toBeUndefined();
  });

  it('plays what is scripted in turn, its last answer forever', async () => {
    const gateway = await startGateway({
      redis,
      patch: [
        { status: 429, body: { error: 'slow down' }, headers: { 'Retry-After': '2' } },
        { status: 302, headers: { Location: 'http://127.0.0.1:1/elsewhere' } },
        { status: 200, body: '{"success": fal' },
        'ok',
        { status: 503, body: 'upstream', headers: { 'Content-Type': 'text/plain' } },
      ],
    });
    const answers: unknown[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      const response = await patch(gateway);
      answers.push([response.status, (await response.text()).slice(0, 20)]);
      if (turn === 0) expect(response.headers.get('Retry-After')).toBe('2');
      if (turn === 2) expect(response.headers.get('Content-Type')).toBe('application/json');
      if (turn === 4) expect(response.headers.get('Content-Type')).toBe('text/plain');
    }
    expect(answers).toEqual([
      [429, '{"error":"slow down"'],
      [302, ''],
      [200, '{"success": fal'],
      [200, '{"success":true,"dat'],
      [503, 'upstream'],
      [503, 'upstream'],
    ]);
    expect(gateway.requests).toHaveLength(6);
  });

  it('can cut the connection or never answer', async () => {
    const gateway = await startGateway({ redis, patch: ['cut', halfBody('{"success":true}'), 'hang'] });
    await expect(patch(gateway)).rejects.toThrow('fetch failed');
    const half = await patch(gateway);
    await expect(half.text()).rejects.toThrow();
    const hanging = patch(gateway);
    const outcome = hanging.then(
      () => 'answered',
      () => 'cut',
    );
    await until(async () => gateway.requests.length === 3, 'the third request has arrived');
    expect(gateway.requests[2]?.text).toBe(BODY);
    await gateway.stop();
    expect(await outcome).toBe('cut');
  });
});

describe('the kill switch', () => {
  const KEY = 'acp:tenant_kill:acme';
  const call = async (gateway: Gateway, method: string, action?: string) => {
    const body = action === undefined ? {} : { body: JSON.stringify({ action }) };
    const url = `${gateway.apiUrl}/decision/kill-switch/acme`;
    const response = await fetch(url, { method, headers: credentials, ...body });
    return { status: response.status, body: await response.json() };
  };
  const says = (status: string) => ({
    status: 200,
    body: { success: true, data: { status, tenant_id: 'acme' } },
  });

  it('is engaged for a week, is felt by that tenant, and is released', async () => {
    const gateway = await startGateway({ redis });
    expect(await call(gateway, 'GET')).toMatchObject(says('disengaged'));
    expect((await gateway.execute('agent-7', 'acme')).status).toBe(200);
    expect(await call(gateway, 'POST', 'engage')).toEqual({
      status: 200,
      body: { success: true, data: { status: 'engaged', tenant_id: 'acme' }, error: null, meta: {} },
    });
    expect(await redis.cli('GET', KEY)).toBe('manual_admin_lockdown');
    expect(await ttl(KEY)).toBeGreaterThan(604_700);
    expect(await call(gateway, 'GET')).toMatchObject(says('engaged'));
    expect((await gateway.execute('agent-7', 'acme')).status).toBe(403);
    expect((await gateway.execute('agent-7', 'other')).status).toBe(200);
    expect(await call(gateway, 'DELETE')).toMatchObject(says('disengaged'));
    expect(await redis.cli('EXISTS', KEY)).toBe('0');
    expect(gateway.requests.map(({ method, body }) => [method, body])).toEqual([
      ['GET', undefined],
      ['POST', { action: 'engage' }],
      ['GET', undefined],
      ['DELETE', undefined],
    ]);
  });

  it('is denied to other roles, and to other tokens', async () => {
    const viewer = await startGateway({ redis, role: 'VIEWER' });
    const denied = { error: 'Forbidden', detail: 'Kill switch requires ADMIN or SECURITY role' };
    for (const method of ['GET', 'POST', 'DELETE']) {
      const action = method === 'POST' ? 'engage' : undefined;
      expect(await call(viewer, method, action)).toEqual({ status: 403, body: denied });
    }
    const stranger = await startGateway({ redis, token: 'other' });
    expect(await call(stranger, 'POST', 'engage')).toMatchObject({ status: 401, body: { success: false } });
    expect(await redis.cli('DBSIZE')).toBe('0');
  });

  it('refuses what it does not know', async () => {
    const gateway = await startGateway({ redis });
    expect((await call(gateway, 'POST', 'explode')).status).toBe(422);
    expect((await call(gateway, 'PUT', 'engage')).status).toBe(404);
    expect(await redis.cli('DBSIZE')).toBe('0');
  });

  it('can lose its answer after it was engaged, while other methods go on', async () => {
    const gateway = await startGateway({ redis, killSwitch: { POST: ['lost', { status: 500 }] } });
    await expect(call(gateway, 'POST', 'engage')).rejects.toThrow('fetch failed');
    expect(await call(gateway, 'GET')).toMatchObject(says('engaged'));
  });

  it('plays one script for all its methods', async () => {
    const error = { error: 'Service Unavailable' };
    const gateway = await startGateway({ redis, killSwitch: ['ok', { status: 503, body: error }] });
    expect(await call(gateway, 'GET')).toMatchObject(says('disengaged'));
    expect(await call(gateway, 'POST', 'engage')).toEqual({ status: 503, body: error });
    expect(await call(gateway, 'DELETE')).toEqual({ status: 503, body: error });
    expect(await redis.cli('EXISTS', KEY)).toBe('0');
  });
});

describe('the gateway', () => {
  it('does not start without Redis, and says 503 when Redis is gone', async () => {
    await expect(startGateway({ redis: `redis://127.0.0.1:${await deadPort()}` })).rejects.toThrow();
    const short = await startRedis({ password: 'hunter 2' });
    const gateway = await startGateway({ redis: short });
    expect(await gateway.fail(IP)).toEqual([401]);
    await short.stop();
    expect(await gateway.fail(IP)).toEqual([503]);
  });

  it('reaches Redis by TLS too', async () => {
    const gateway = await startGateway({ redis: await startRedis({ tls: true }) });
    expect(await gateway.fail(IP)).toEqual([401]);
  });

  it('knows no other paths', async () => {
    const gateway = await startGateway({ redis });
    for (const path of ['/', '/login', '/api/agents', '/api/agents/a/b']) {
      expect((await fetch(gateway.url + path)).status).toBe(404);
    }
    expect(gateway.requests.map(({ path }) => path)).toEqual(['/api/agents', '/api/agents/a/b']);
  });

  it('leaves nothing open', async () => {
    const clients = async () => (await redis.cli('CLIENT', 'LIST')).trim().split('\n').length;
    const servers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap').length;
    const listening = servers();
    const connected = await clients();
    const gateway = await startGateway({ redis });
    await gateway.fail(IP);
    expect([servers(), await clients()]).toEqual([listening + 1, connected + 1]);
    await gateway.stop();
    await until(async () => servers() === listening && (await clients()) === connected, 'all is closed');
    await expect(fetch(gateway.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });
});
