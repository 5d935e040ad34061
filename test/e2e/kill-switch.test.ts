import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { halfBody, html, json, startFaultyHttp, status } from '../support/faulty-http.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { temporaryFolder } from '../support/processes.ts';
import { runInTerminal, runProgram } from '../support/program.ts';
import { homeWith, journaled, keysIn, remedy } from './block-ip-support.ts';
import { errorDocument } from './systems.ts';

const TOKEN = 'tok-3cret-of-ops';
const KEY = 'acp:tenant_kill:acme';
const CAP = 'acp:agent_cost_cap:agent-7';
const SURE = ['--reason', 'attack is succeeding', '--yes'];
const HEADERS = { authorization: `Bearer ${TOKEN}`, 'x-tenant-id': 'acme' };
const REFUSED = { error: 'Forbidden', detail: 'Kill switch requires ADMIN or SECURITY role' };

type Options = Omit<Parameters<typeof startGateway>[0], 'redis' | 'token'>;

const redis = freshRedis();
let gateway: Gateway;
let home = '';
beforeEach(async () => {
  gateway = await startGateway({ redis, token: TOKEN });
  home = await temporaryFolder('home');
});

const env = (apiUrl = gateway.apiUrl) => ({
  ...{ RATELIMIT_REDIS_URL: redis.url, RATELIMIT_API_URL: apiUrl, RATELIMIT_API_TOKEN: TOKEN },
});
const script = async (options: Options) => {
  gateway = await startGateway({ redis, token: TOKEN, ...options });
};
const sent = () => gateway.requests.map(({ method }) => method).join(' ');
const pull = (action: 'engage' | 'release', ...words: string[]) =>
  remedy(['kill-switch', action, 'acme', ...SURE, ...words], { home, env: env() });
const undo = (id: string | null) => remedy(['undo', id ?? '', ...SURE], { home, env: env() });
const statusOf = (...words: string[]) =>
  runProgram(['kill-switch', 'status', 'acme', '-o', 'json', ...words], { home, env: env() });

describe('status', () => {
  test('says what the API says, and what Redis holds', async () => {
    const facts = (kill: string, reason: string) => [
      { name: KEY, value: kill },
      { name: 'acp:tenant_kill_reason:acme', value: reason },
    ];
    const shown = { schema: 'ratelimit/kill-switch/v1', tenant: 'acme', warnings: [] };
    const released = await statusOf();
    const none = facts('not there', 'not there');
    expect(JSON.parse(released.stdout)).toEqual({ ...shown, status: 'released', facts: none });
    await redis.cli('SET', KEY, '1', 'EX', '7200');
    await redis.cli('SET', 'acp:tenant_kill_reason:acme', 'over\u001b[2J\u202e "limit"');
    const engaged = await statusOf();
    const both = facts(expect.stringMatching(/^"1", [12]h.* left$/), '"over\\u001b[2J\u202e \\"limit\\""');
    expect(JSON.parse(engaged.stdout)).toEqual({ ...shown, status: 'engaged', facts: both });
    expect([released.code, engaged.code, released.stderr, engaged.stderr]).toEqual([0, 0, '', '']);
    const human = await runProgram(['kill-switch', 'status', 'acme'], { home, env: env() });
    expect(human.stdout).toMatch(/^kill switch of tenant acme: engaged\n/);
    expect(human.stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect([sent(), journaled(home)]).toEqual(['GET GET GET', []]);
  });

  test('a Redis that is away is said, and hides nothing else', async () => {
    const { code, stdout } = await statusOf('--redis-url', 'redis://127.0.0.1:1');
    const unknown = { value: 'unknown: redis://127.0.0.1:1: connection refused' };
    expect(JSON.parse(stdout)).toMatchObject({ status: 'released', facts: [unknown, unknown] });
    expect(code).toBe(0);
  });

  test.each([
    ['403', { status: 403, body: REFUSED }, 4, `HTTP 403: ${JSON.stringify(REFUSED)}`],
    ['401', { status: 401, body: 'expired' }, 4, 'HTTP 401: expired'],
    ['500', { status: 500, body: 'boom' }, 1, 'HTTP 500: boom'],
    ['a page', html(200, '<h1>Hi</h1>'), 1, 'HTTP 200: <h1>Hi</h1> (expected status to be "engaged" or "dis'],
    ['another word', json({ data: { status: 'on' } }), 1, 'HTTP 200: {"data":{"status":"on"}} (expected'],
    ['half an answer', halfBody('{"data":{"status":"engaged"}}'), 1, ''],
    ['nothing', status(204), 1, 'HTTP 204'],
  ] as const)('%s is no status', async (_, answer, exitCode, said) => {
    await script({ killSwitch: [answer] });
    const result = await statusOf();
    const { message } = errorDocument(result);
    expect(message).toContain(said);
    const engage = await pull('engage');
    expect(engage.document).toMatchObject({ id: null, status: 'failed', changes: [], undo: null });
    expect(engage.document.message).toContain(said);
    expect(engage.document.message).toMatch(/\. Nothing was changed$/);
    expect([result.code, engage.code, sent()]).toEqual([exitCode, exitCode, 'GET GET']);
    expect(journaled(home)).toEqual([]);
  });
});

describe('engage, release and undo', () => {
  const calls = async () => [
    (await gateway.execute('agent-7', 'acme')).status,
    (await gateway.execute('agent-7', 'other')).status,
  ];

  test('stop that tenant and let it go on', async () => {
    const target = `${gateway.apiUrl}/decision/kill-switch/acme`;
    const engaged = await pull('engage');
    expect(engaged.document).toMatchObject({ status: 'applied', verified: 'stored', message: null });
    expect(engaged.document.changes).toMatchObject([
      {
        ...{ system: 'api', target: `POST ${target}`, status: 'applied' },
        ...{ before: { value: 'released' }, after: { value: 'engaged' } },
      },
    ]);
    expect(engaged.code).toBe(0);
    expect(gateway.requests).toMatchObject([
      { method: 'GET', path: '/api/decision/kill-switch/acme', text: '' },
      {
        ...{ method: 'POST', path: '/api/decision/kill-switch/acme', text: '{"action":"engage"}' },
        headers: HEADERS,
      },
      { method: 'GET' },
    ]);
    expect(await calls()).toEqual([403, 200]);

    const again = await pull('engage');
    expect(again.document).toMatchObject({ id: null, status: 'unchanged', undo: null });
    expect(again.code).toBe(0);
    expect(sent()).toBe('GET POST GET GET');

    const undone = await undo(engaged.document.id);
    expect(undone.document).toMatchObject({ remedy: 'undo', status: 'applied', verified: 'stored' });
    expect(undone.code).toBe(0);
    expect(await calls()).toEqual([200, 200]);
    expect((await undo(engaged.document.id)).code).toBe(7);

    await pull('engage');
    const released = await pull('release');
    expect(released.document.changes).toMatchObject([{ target: `DELETE ${target}`, status: 'applied' }]);
    expect([released.code, await calls()]).toEqual([0, [200, 200]]);
    expect((await pull('release')).document.status).toBe('unchanged');
    expect((await undo(released.document.id)).code).toBe(0);
    expect(await calls()).toEqual([403, 200]);
    expect(journaled(home).filter((event) => event === 'verified stored')).toHaveLength(5);
  });

  test('a dry run asks and does not send', async () => {
    const { code, document } = await pull('engage', '--dry-run');
    expect([code, document.status, sent(), await keysIn(redis)]).toEqual([0, 'dry-run', 'GET', []]);
  });

  test('a Redis that is away stops nothing: it goes through the API', async () => {
    const { code } = await pull('engage', '--redis-url', 'redis://127.0.0.1:1');
    expect([code, await calls()]).toEqual([0, [403, 200]]);
  });

  test.each([
    ['403', { status: 403, body: REFUSED }, 4, 'failed', `HTTP 403: ${JSON.stringify(REFUSED)}`],
    ['500', { status: 500, body: 'boom' }, 1, 'failed', 'HTTP 500: boom'],
    ['a page', html(200, '<h1>Hi</h1>'), 1, 'failed', 'HTTP 200 (the answer is not JSON): <h1>Hi</h1>'],
    ['success: false', json({ success: false }), 1, 'failed', /^HTTP 200 .*: {"success":false}$/],
    // The API is asked what became of it.
    ['a cut connection', 'cut', 1, 'failed', /connection reset.*says that it was not done/],
    ['none', 'hang', 1, 'failed', /no answer in time.*says that it was not done/],
  ] as const)('%s as the answer is no success', async (_, answer, exitCode, state, said) => {
    await script({ killSwitch: { POST: [answer] } });
    const { code, document } = await pull('engage', '--timeout', answer === 'hang' ? '2s' : '20s');
    expect(document.status).toBe(state);
    expect(document.message).toEqual(typeof said === 'string' ? said : expect.stringMatching(said));
    expect(document.changes).toMatchObject([{ status: state, message: document.message }]);
    expect([code, gateway.requests.filter(({ method }) => method === 'POST').length]).toEqual([exitCode, 1]);
    expect(journaled(home).slice(0, 2)).toEqual(['intent', `outcome ${state}`]);
    expect(await keysIn(redis)).toEqual([]);
  });

  test('an answer that was lost is found out about by asking', async () => {
    await script({ killSwitch: { POST: ['lost'] } });
    const { code, document } = await pull('engage');
    expect([code, document.status]).toEqual([0, 'applied']);
    expect(document.changes[0]?.message).toMatch(/answer was lost.*says that it was done/);
    expect(await calls()).toEqual([403, 200]);
    expect((await undo(document.id)).code).toBe(0);
  });

  test('an answer that the status afterwards does not bear out is not believed', async () => {
    await script({ killSwitch: { GET: [json({ success: true, data: { status: 'disengaged' } })] } });
    const { code, document } = await pull('engage');
    expect([code, document.status, document.verified]).toEqual([1, 'applied', 'not-enforced']);
    expect(document.verification).toBe('the API says that the switch is released all the same');
    await script({ killSwitch: { GET: ['ok', { status: 500, body: 'boom' }] } });
    await redis.flush();
    const unseen = (await pull('engage')).document;
    expect(unseen).toMatchObject({ status: 'applied', verified: 'unknown' });
    expect(unseen.verification).toContain('HTTP 500: boom');
  });
});

describe('who may', () => {
  test('nobody who cannot be asked, without --yes', async () => {
    const args = ['kill-switch', 'engage', 'acme', '--reason', 'x'];
    const { code, document } = await remedy(args, { home, env: env() });
    expect(document.refusals).toMatchObject([{ guard: 'confirmation', override: '--yes' }]);
    expect(document.command).toBe('ratelimit kill-switch engage acme --reason x -o json --yes');
    expect([code, sent()]).toEqual([6, '']);
  });

  const NO_ID = /^expected the id of a tenant: 1 to 128 letters/;
  test.each([
    ...['..', 'a b', 'x'.repeat(129), 'a:b', 'a/b', '', '%2e%2e', 'acme\n'].map(
      (id) => [`${JSON.stringify(id)} is no tenant`, id, {}, NO_ID] as const,
    ),
    ['without an API', 'acme', { RATELIMIT_API_URL: '' }, /API is not configured/],
    ['without a token', 'acme', { RATELIMIT_API_TOKEN: '' }, /the API needs a token/],
  ] as const)('%s: 2', async (_, id, change, message) => {
    for (const action of ['status', 'engage', 'release']) {
      const words = ['kill-switch', action, ...(action === 'status' ? [] : SURE), '-o', 'json', '--', id];
      const result = await runProgram(words, { home, env: { ...env(), ...change } });
      expect(errorDocument(result)).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
      expect([result.code, sent()]).toEqual([2, '']);
    }
  });

  test('who types the id of the tenant, having seen the checklist; any other word sends nothing', async () => {
    const args = ['kill-switch', 'engage', 'acme', '--reason', 'x', '--color', 'never'];
    for (const [word, exitCode, requests, calls] of [
      ['acm', 6, 'GET', 200],
      ['y', 6, 'GET GET', 200],
      ['acme', 0, 'GET GET GET GET POST GET', 403],
    ] as const) {
      const answers = [{ after: 'Type acme (the tenant) to go on:', type: `${word}\r` }];
      const { code, output } = await runInTerminal(args, { home, env: env(), answers });
      const shown = stripVTControlCharacters(output).replaceAll(/\s+/g, ' ');
      expect(shown).toMatch(/switch so far released .* now released then engaged/);
      expect(shown).toMatch(
        /1\. Is it the whole tenant\? .*narrower lever.* 2\. Is the attack succeeding.* 3\. /,
      );
      const { status } = await gateway.execute('agent-7', 'acme');
      expect([code, sent(), status]).toEqual([exitCode, requests, calls]);
    }
  });

  test('in a production context its name has to be typed as well, and with --yes it has to be given', async () => {
    home = await homeWith('current-context: prod\ncontexts:\n  prod: { production: true }\n');
    const { code, document } = await pull('engage');
    expect([code, document.status, sent()]).toEqual([6, 'refused', '']);
    expect(document.command).toMatch(/ --context prod$/);
    const typed = { acme: 'acme\r', prod: 'dev\r' };
    const answers = Object.entries(typed).map(([word, type]) => ({ after: `Type ${word} (the `, type }));
    const args = ['kill-switch', 'engage', 'acme', '--reason', 'x'];
    expect((await runInTerminal(args, { home, env: env(), answers })).code).toBe(6);
    expect(await keysIn(redis)).toEqual([]);
  });
});

describe('the token', () => {
  const RAISE = ['raise-cap', 'agent-7', '--to', '5', '--permanent', '--tenant', 'acme', ...SURE];
  const CALLS = [RAISE, ['kill-switch', 'engage', 'acme', ...SURE], ['kill-switch', 'status', 'acme']];
  const run = (words: string[], url = gateway.apiUrl) => runProgram(words, { home, env: env(url) });

  test.each([
    ...['http://10.0.0.1:1/api', 'http://localhost.example/api', 'http://127.0.0.1.example/api'],
    // Reaches the gateway, and yet is not said to be this machine.
    'http://0.0.0.0:PORT/api',
  ])('is not sent over plain HTTP to %s: 6, before anything else', async (url) => {
    const where = url.replace('PORT', String(gateway.port));
    for (const words of [...CALLS, [...RAISE, '--dry-run']]) {
      const { code, stdout } = await run([...words, '-o', 'json'], where);
      expect(JSON.parse(stdout).message).toMatch(/a token is not sent over plain HTTP to another machine/);
      expect([code, sent(), await keysIn(redis), journaled(home)]).toEqual([6, '', [], []]);
    }
    expect((await run(CALLS[2] ?? [], `http://localhost:${gateway.port}/api`)).code).toBe(0);
  });

  test.each([301, 302, 307, 308])('does not follow a redirect (%s), which is no success', async (code) => {
    const other = await startFaultyHttp({ '*': json({ success: true, data: { status: 'engaged' } }) });
    const moved = { status: code, headers: { Location: `${other.url}/api` } };
    await script({ patch: [moved], killSwitch: { GET: [moved] } });
    for (const words of CALLS) {
      const result = await run(words);
      expect(result.code).toBe(1);
      expect(result.stdout + result.stderr).toContain(`HTTP ${code}`);
    }
    expect([other.requests, sent()]).toEqual([[], 'PATCH GET GET']);
    expect(await keysIn(redis)).toEqual([CAP]);
  });

  test('is nowhere to be read, whatever goes wrong, and may come from a file', async () => {
    const killSwitch = { GET: ['ok', 'cut', 'ok'] } as const;
    await script({ patch: [{ status: 401, body: 'no' }, 'cut', 'ok'], killSwitch });
    await writeFile(join(home, 'token'), `${TOKEN}\n`, { mode: 0o600 });
    const file = { RATELIMIT_API_TOKEN: '', RATELIMIT_API_TOKEN_FILE: join(home, 'token') };
    let shown = '';
    for (const words of [...CALLS, ...CALLS, ...CALLS, ['journal']]) {
      for (const format of ['human', 'json', 'markdown']) {
        const options = { home, env: { ...env(), ...file } };
        const { stdout, stderr } = await runProgram([...words, '-v', '-o', format], options);
        expect(stdout + stderr).not.toBe('');
        shown += stdout + stderr;
      }
    }
    expect(gateway.requests.map(({ headers }) => headers.authorization)).toContain(`Bearer ${TOKEN}`);
    const journal = await readFile(join(home, 'state', 'ratelimit', 'journal.jsonl'), 'utf8');
    expect(journal).toContain('PATCH http');
    expect(shown + journal).not.toContain(TOKEN);
  });
});
