import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { beforeEach, describe, expect, test } from 'vitest';
import { halfBody, html, json, refusedUrl, status } from '../support/faulty-http.ts';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { onStop, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { journaled, remedy } from './block-ip-support.ts';
import { errorDocument } from './systems.ts';

const TOKEN = 'tok-3cret-of-acme';
const CAP = 'acp:agent_cost_cap:agent-7';
const WORDS = ['raise-cap', 'agent-7', '--permanent', '--tenant', 'acme'];
const SURE = ['--reason', 'new contract', '--yes'];

type Patch = NonNullable<Parameters<typeof startGateway>[0]['patch']>;

const redis = freshRedis({ acl: ['reader on >secret ~* &* -@all +@read +@connection +info +time'] });
let home = '';
beforeEach(async () => {
  await redis.cli('SET', CAP, '100.00');
  home = await temporaryFolder('home');
});

const gatewayWith = (patch: Patch = 'ok') => startGateway({ redis, token: TOKEN, patch });
const envOf = ({ apiUrl }: { apiUrl: string }) => ({
  ...{ RATELIMIT_REDIS_URL: redis.url, RATELIMIT_API_URL: apiUrl, RATELIMIT_API_TOKEN: TOKEN },
});
const held = () => redis.cli('GET', CAP);
const textsOf = ({ requests }: Gateway) => requests.map(({ text }) => text);

/** Raises the cap to 150 for good. */
async function raise(env: Record<string, string>, ...words: string[]) {
  const result = await remedy([...WORDS, '--to', '150', ...SURE, ...words], { home, env });
  const [first, second] = result.document.changes;
  return { ...result, first, second, statuses: result.document.changes.map((change) => change.status) };
}

const BODY = '{"metadata":{"daily_cost_cap_usd":150.00}}';
const DONE = { status: 'applied', message: null };

describe('the call', () => {
  test.each([
    ['150', '150.00'],
    ['150.5', '150.50'],
    ['999.99', '999.99'],
  ])("is the runbook's to the letter, for %s", async (to, usd) => {
    const gateway = await gatewayWith();
    const args = [...WORDS, '--to', to, ...SURE];
    const { code, document } = await remedy(args, { home, env: envOf(gateway) });
    expect(gateway.requests).toMatchObject([
      {
        ...{ method: 'PATCH', path: '/api/agents/agent-7' },
        text: `{"metadata":{"daily_cost_cap_usd":${usd}}}`,
        headers: {
          ...{ authorization: `Bearer ${TOKEN}`, 'x-tenant-id': 'acme', 'content-type': 'application/json' },
        },
      },
    ]);
    expect(document.changes).toMatchObject([
      { system: 'redis', target: CAP, before: { value: '100.00' }, after: { value: usd }, ...DONE },
      { system: 'api', target: `PATCH ${gateway.apiUrl}/agents/agent-7`, before: null, ...DONE },
    ]);
    expect(document).toMatchObject({ status: 'applied', message: null });
    expect(document.warnings.join()).toMatch(/^the permanent half cannot be undone/);
    expect(code).toBe(0);
    expect(await held()).toBe(usd);
    expect(journaled(home)).toEqual(['intent', 'outcome applied', 'verified stored']);
  });

  test('is made also when Redis holds that cap already', async () => {
    const gateway = await gatewayWith();
    await redis.cli('SET', CAP, '150.00');
    const { code, statuses } = await raise(envOf(gateway));
    expect({ code, statuses }).toEqual({ code: 0, statuses: ['unchanged', 'applied'] });
    expect(textsOf(gateway)).toEqual([BODY]);
  });

  test('is not made by a dry run, nor by what a guard refuses, nor without --permanent', async () => {
    const gateway = await gatewayWith();
    const env = envOf(gateway);
    const dry = await raise(env, '--dry-run');
    expect([dry.code, ...dry.statuses]).toEqual([0, 'dry-run', 'dry-run']);
    const lower = await remedy([...WORDS, '--to', '50', ...SURE], { home, env });
    expect([lower.code, lower.document.status]).toEqual([6, 'refused']);
    expect([await held(), journaled(home)]).toEqual(['100.00', []]);
    const redisOnly = await remedy(['raise-cap', 'agent-7', '--to', '150', ...SURE], { home, env });
    expect([redisOnly.code, redisOnly.document.changes.length]).toEqual([0, 1]);
    expect(gateway.requests).toEqual([]);
  });

  const without = (name: string) => (env: Record<string, string>) =>
    Object.fromEntries(Object.entries(env).filter(([key]) => key !== name));
  const TENANTS = ['..', 'a b', 'x'.repeat(129), 'a:b', '', 'a/b', 'ü', 'a\r\nX-Admin: 1'];
  test.each([
    ['a tenant', ['--permanent'], /--permanent needs the tenant/, without('')],
    ['--permanent for one', ['--tenant', 'acme'], /--tenant says whose agent.* --permanent/, without('')],
    ['an API', WORDS.slice(2), /API is not configured/, without('RATELIMIT_API_URL')],
    ['a token', WORDS.slice(2), /the API needs a token/, without('RATELIMIT_API_TOKEN')],
    ...TENANTS.map((tenant) => {
      const said = /^expected the id of a tenant: 1 to 128 letters/;
      return [
        `another tenant than ${tenant}`,
        ['--permanent', '--tenant', tenant],
        said,
        without(''),
      ] as const;
    }),
  ] as const)('needs %s', async (_, words, message, only) => {
    const gateway = await gatewayWith();
    const args = ['raise-cap', 'agent-7', '--to', '150', ...words, ...SURE, '-o', 'json'];
    const result = await runProgram(args, { home, env: only(envOf(gateway)) });
    expect(errorDocument(result)).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
    expect([result.code, gateway.requests, await held()]).toEqual([2, [], '100.00']);
  });
});

describe('its answer is reported as it came, and the first half stands', () => {
  const RBAC = '{"error":"Forbidden","detail":"agents:write is required"}';
  const LATER = { 'Retry-After': '3600' };
  const text = (code: number, body: string, headers = {}) => ({ status: code, body, headers });

  test.each([
    [
      '401',
      text(401, '{"success":false,"error":"expired"}'),
      'HTTP 401: {"success":false,"error":"expired"}',
    ],
    ['403', text(403, RBAC), `HTTP 403: ${RBAC}`],
    [
      '422',
      text(422, '{"detail":[{"msg":"str expected"}]}'),
      'HTTP 422: {"detail":[{"msg":"str expected"}]}',
    ],
    ['429 for an hour', text(429, 'slow\ndown', LATER), 'HTTP 429, Retry-After: 3600: slow\ndown'],
    ['500', text(500, 'boom “€”'), 'HTTP 500: boom “€”'],
    ['502', html(502, '<h1>Bad Gateway</h1>'), 'HTTP 502: <h1>Bad Gateway</h1>'],
    ['504', status(504), 'HTTP 504'],
    [
      'success: false',
      json({ success: false, error: 'frozen' }),
      /^HTTP 200 .*: {"success":false,"error":"frozen"}$/,
    ],
    [
      "a proxy's page",
      html(200, '<h1>Sign in</h1>'),
      /^HTTP 200 \(the answer is not JSON\): <h1>Sign in<\/h1>$/,
    ],
  ])('%s', async (_, answer, said) => {
    const gateway = await gatewayWith([answer]);
    const { code, document, first, second } = await raise(envOf(gateway));
    expect(document.status).toBe('partial');
    expect(first).toMatchObject({ system: 'redis', ...DONE });
    expect(second).toMatchObject({ system: 'api', status: 'failed', verified: null });
    expect(second?.message).toEqual(typeof said === 'string' ? said : expect.stringMatching(said));
    expect(document.message).toContain(second?.message);
    expect(code).toBe(1);
    expect(await held()).toBe('150.00');
    expect(textsOf(gateway)).toEqual([BODY]);
    expect(journaled(home)).toEqual(['intent', 'outcome partial', 'verified stored']);
  });

  test('to people as well: both halves, what was said, and how to undo', async () => {
    const gateway = await gatewayWith([text(403, RBAC)]);
    const env = envOf(gateway);
    const { code, stdout } = await runProgram([...WORDS, '--to', '150', ...SURE], { home, env });
    const flat = stdout.replaceAll(/\s+/g, ' ');
    expect(flat).toMatch(/^partial: .* 1 of 2 changes made/);
    expect(flat).toContain(`agent-7: failed: HTTP 403: ${RBAC}`);
    expect(flat).toMatch(/acp:agent_cost_cap:agent-7 was 100\.00, no expiry now 150\.00, no expiry/);
    expect(flat).toMatch(/Undo: ratelimit undo \w{26} /);
    expect(code).toBe(1);
  });

  test('nobody listens', async () => {
    const { code, first, second } = await raise(envOf({ apiUrl: await refusedUrl() }));
    expect([code, first?.status, second?.status]).toEqual([1, 'applied', 'failed']);
    expect(second?.message).toMatch(/connection refused$/);
  });

  test.each([
    ['lost after it was done', 'lost', 'connection reset'],
    ['cut before it was done', 'cut', 'connection reset'],
    ['never given', 'hang', 'no answer in time'],
    ['half', halfBody('{"success":true}'), ''],
  ] as const)('%s: nobody knows, and it is not sent again', async (_, answer, why) => {
    const gateway = await gatewayWith([answer]);
    const { code, document, first, second } = await raise(
      envOf(gateway),
      '--timeout',
      answer === 'hang' ? '2s' : '20s',
    );
    expect(second).toMatchObject({ status: 'unknown', message: expect.stringContaining(why) });
    expect([document.status, first?.status, code]).toEqual(['partial', 'applied', 1]);
    expect(textsOf(gateway)).toEqual([BODY]);
  });
});

describe('not now', () => {
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toUTCString();
  const busy = (code: number, retryAfter: string | null): Exclude<Patch, 'ok'>[number] => ({
    ...{ status: code, body: 'busy', headers: retryAfter === null ? {} : { 'Retry-After': retryAfter } },
  });

  test.each([
    ['429 for a second', 1, [busy(429, '1'), 'ok']],
    ['503 until a moment that has passed', 0, [busy(503, inSeconds(-60)), 'ok']],
    ['one after the other, without saying for how long', 0, [busy(503, null), busy(429, 'soon'), 'ok']],
  ] as const)('%s: tried again, and done', async (_, seconds, script) => {
    const gateway = await gatewayWith(script);
    const { code, statuses, ms } = await raise(envOf(gateway), '--timeout', '20s');
    expect({ code, statuses }).toEqual({ code: 0, statuses: ['applied', 'applied'] });
    expect(textsOf(gateway)).toEqual(Array(script.length).fill(BODY));
    expect(ms).toBeGreaterThanOrEqual(seconds * 1_000);
  });

  test('until a moment: not tried before it', async () => {
    const then = inSeconds(2);
    const gateway = await gatewayWith([busy(429, then), 'ok']);
    expect((await raise(envOf(gateway), '--timeout', '20s')).code).toBe(0);
    expect(gateway.requests).toHaveLength(2);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(then));
  });

  test.each([
    ['forever', 3, 503, null],
    ['for longer than the deadline', 1, 429, '60'],
    ['500 is something else', 1, 500, null],
    ['422 is something else', 1, 422, '1'],
  ] as const)('%s: given up', async (_, times, code, retryAfter) => {
    const gateway = await gatewayWith([busy(code, retryAfter)]);
    const result = await raise(envOf(gateway), '--timeout', '20s');
    expect([result.code, result.second?.status]).toEqual([1, 'failed']);
    expect(result.second?.message).toMatch(new RegExp(`^HTTP ${code}.*: busy$`));
    expect(gateway.requests).toHaveLength(times);
  });
});

/** A way to the Redis on which something happens just before the first command with this word gets through. */
async function startBetween(word: string, act: () => Promise<unknown>): Promise<string> {
  let isDone = false;
  const server = createServer((client) => {
    const server = connect({ host: '127.0.0.1', port: redis.port });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
    server.pipe(client);
    client.on('data', async (chunk) => {
      const isNow = !isDone && chunk.includes(word);
      isDone ||= isNow;
      if (isNow) await act();
      server.write(chunk);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onStop(async () => void server.close());
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('when the first half fails the second is not tried', () => {
  test('somebody else was faster', async () => {
    const gateway = await gatewayWith();
    const url = await startBetween('EVAL', () => redis.cli('SET', CAP, '120.00'));
    const { code, statuses, first } = await raise(envOf(gateway), '--redis-url', url);
    expect(statuses).toEqual(['conflict', 'skipped']);
    expect(first).toMatchObject({ before: { value: '100.00' }, after: { value: '120.00' } });
    expect([code, gateway.requests, await held()]).toEqual([8, [], '120.00']);
  });

  test('no right to write', async () => {
    const gateway = await gatewayWith();
    const url = redis.url.replace('//', '//reader:secret@');
    const { code, statuses, first } = await raise(envOf(gateway), '--redis-url', url);
    expect(statuses).toEqual(['failed', 'skipped']);
    expect(first?.message).toMatch(/lacks a permission .*NOPERM/);
    expect([code, gateway.requests, await held()]).toEqual([4, [], '100.00']);
  });

  test('but an answer that was lost is looked up, and when it was done all goes on', async () => {
    const gateway = await gatewayWith();
    const { url } = await startFaultyRedis({ proxy: { port: redis.port, cut: { after: 'EVAL', times: 1 } } });
    const { code, statuses, first } = await raise(envOf(gateway), '--redis-url', url);
    expect(first?.message).toMatch(/the answer was lost .* a look says that it was done/);
    expect([code, statuses, await held()]).toEqual([0, ['applied', 'applied'], '150.00']);
    expect(textsOf(gateway)).toEqual([BODY]);
  });
});
