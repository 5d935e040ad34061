import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { hang, startFaultyHttp } from '../support/faulty-http.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import { startGateway } from '../support/gateway.ts';
import { makeOperator, type Operator } from '../support/operator.ts';
import { until } from '../support/processes.ts';
import { runInTerminal, runProgram } from '../support/program.ts';
import { startRedis } from '../support/redis.ts';

const WHY = ['--reason', 'testing'];
const redis = freshRedis();
afterEach(() => redis.cli('CLIENT', 'UNPAUSE'));
async function member(): Promise<Operator> {
  const one = await makeOperator([]);
  const folder = join(one.home, 'config', 'ratelimit');
  await mkdir(folder, { recursive: true });
  const settings = `{ redis: "${redis.url}", prometheus: "http://127.0.0.1:1", journal-stream: s }`;
  await writeFile(join(folder, 'config.yaml'), `current-context: prod\ncontexts:\n  prod: ${settings}\n`);
  return one;
}

test('who has undone what another did still sees it, as undone', async () => {
  const [ada, bob] = [await member(), await member()];
  const { document } = await ada.remedy(['block-ip', '203.0.113.42', ...WHY]);
  const undo = await bob.remedy(['undo', document.id ?? '', ...WHY]);
  expect((await bob.journal()).entries).toMatchObject([
    { id: document.id, team: true, undoneBy: undo.document.id },
    { id: undo.document.id, team: false },
  ]);
  expect((await bob.remedy(['undo', document.id ?? '', ...WHY])).document.message).toContain(
    'was undone already',
  );
});

test('7 at once: an id that is not there, where a stream is read', async () => {
  const ada = await member();
  const words = ['undo', '01J9ZK3V5T8Q0F6W2N4R7C1XYZ', '--yes', '--timeout', '60s', ...WHY];
  const { code, ms } = await ada.run(words);
  expect(code).toBe(7);
  expect(ms).toBeLessThan(30_000);
});

test('eight first remedies at once find a folder for the journal', async () => {
  for (let round = 0; round < 10; round += 1) {
    const ada = await makeOperator(['--redis-url', redis.url]);
    const ips = Array.from({ length: 8 }, (_, index) => `203.0.113.${index}`);
    const results = await Promise.all(
      ips.map((ip) => ada.remedy(['block-ip', ip, ...WHY, '--ttl', `${round + 1}h`])),
    );
    expect(results.map(({ code, document }) => [code, document.message])).toEqual(ips.map(() => [0, null]));
  }
});

test('what Redis tells is not said of the API', async () => {
  const api = await startFaultyHttp({ '*': hang });
  const ada = await makeOperator(['--redis-url', redis.url, '--api-url', api.url]);
  const env = { RATELIMIT_API_TOKEN: 'token' };
  const victim = await ada.start(
    ['raise-cap', 'agent-7', '--to', '150.00', '--permanent', '--tenant', 'acme', ...WHY],
    { env },
  );
  await until(async () => api.requests.length > 0, 'the API is called');
  victim.kill();
  await victim.ended;
  expect((await ada.journal()).entries[0]?.now).toContain('API');
});

test('an outcome that was recorded is not said to be missing', async () => {
  const own = await startRedis();
  const ada = await makeOperator(['--redis-url', own.url]);
  await own.cli('CLIENT', 'PAUSE', '60000', 'WRITE');
  const started = await ada.start(['block-ip', '203.0.113.42', ...WHY, '--timeout', '2s']);
  await until(async () => (await ada.events()).length === 1, 'its intent is recorded');
  process.kill(own.pid, 'SIGSTOP');
  const { code } = await started.ended;
  process.kill(own.pid, 'SIGCONT');
  expect(code).toBe(1);
  const [entry] = (await ada.journal()).entries;
  expect(entry).toMatchObject({ status: 'unknown', resolved: true });
  expect(entry?.now).not.toContain('its outcome was not recorded');
});

test('a counter that ended by itself is no change that is there', async () => {
  const ada = await makeOperator(['--redis-url', redis.url]);
  await redis.load([
    ['SET', 'acp:ip_block:203.0.113.42', 'x', 'EX', '600'],
    ['SET', 'acp:auth_fail:203.0.113.42', '5', 'EX', '300'],
  ]);
  await redis.cli('CLIENT', 'PAUSE', '60000', 'WRITE');
  const victim = await ada.start(['unblock-ip', '203.0.113.42', '--clear-counter', ...WHY]);
  await until(async () => (await redis.cli('INFO', 'clients')).includes('blocked_clients:1\r'), 'it waits');
  victim.kill();
  await victim.ended;
  await redis.cli('CLIENT', 'UNPAUSE');
  await redis.cli('DEL', 'acp:auth_fail:203.0.113.42');
  expect((await ada.journal()).entries[0]?.now).toContain('was not done');
});

test('a context from the stream is not put into a command as it is', async () => {
  const ada = await member();
  const intent = {
    ...{ schema: 'ratelimit/journal-event/v1', seq: 1, prev: '0'.repeat(64), at: '2026-05-29T03:12:04.123Z' },
    ...{ event: 'intent', id: 'EVIL', remedy: 'block-ip', operator: 'eve', reason: 'x', runbook: 'aegis' },
    ...{
      context: 'x; rm -rf ~',
      systems: { redis: 'redis://elsewhere', api: null },
      systemAt: null,
      undoes: null,
    },
    changes: [
      {
        ...{ system: 'redis', target: 'acp:ip_block:203.0.113.7', before: null, status: 'planned' },
        ...{ after: { value: 'x', ttlSeconds: null, expiresAt: null }, message: null, verified: null },
      },
    ],
  };
  await redis.load([['XADD', 's', '*', 'event', JSON.stringify(intent)]]);
  expect((await ada.journal()).entries[0]?.now).not.toMatch(/--context x;/);
  expect((await ada.remedy(['undo', 'EVIL', ...WHY])).document.message).not.toMatch(/--context x;/);
});

test.each(['', '   '])('a reason without a word is none: "%s"', async (reason) => {
  const ada = await makeOperator(['--redis-url', redis.url]);
  const { code } = await ada.run(['block-ip', '203.0.113.42', '--yes', '--verify', '0', '--reason', reason]);
  expect([2, 6]).toContain(code);
});

test('a connection that was closed while somebody read the preview is made anew', async () => {
  const ada = await makeOperator(['--redis-url', redis.url]);
  const { code, output } = await runInTerminal(
    ['block-ip', '203.0.113.42', '--verify', '0', ...WHY, '--redis-url', redis.url],
    {
      home: ada.home,
      answers: [{ after: '(y/N)', type: 'y', first: () => redis.cli('CLIENT', 'KILL', 'TYPE', 'normal') }],
    },
  );
  expect([code, output]).toEqual([0, expect.stringContaining('applied')]);
});

test('what was done to one Redis is not told of another', async () => {
  const [ada, other] = [await makeOperator(['--redis-url', redis.url]), await startRedis()];
  await ada.remedy(['block-ip', '203.0.113.42', ...WHY]);
  await other.cli('SET', 'acp:ip_block:203.0.113.42', 'testing', 'EX', '600');
  const authors = async (url: string) => {
    const { stdout } = await runProgram(['blocks', '-o', 'json', '--redis-url', url], { home: ada.home });
    return (JSON.parse(stdout) as { blocks: { journalId: string | null }[] }).blocks.map(
      ({ journalId }) => journalId,
    );
  };
  expect(await authors(redis.url)).toEqual([expect.any(String)]);
  expect(await authors(other.url)).toEqual([null]);
});

test('an undoing that was undone leaves what it undid standing', async () => {
  const ada = await makeOperator(['--redis-url', redis.url]);
  const first = await ada.remedy(['block-ip', '203.0.113.42', ...WHY]);
  const undone = await ada.remedy(['undo', first.document.id ?? '', ...WHY]);
  await ada.remedy(['undo', undone.document.id ?? '', ...WHY]);
  expect((await ada.journal()).entries).toMatchObject([
    { undoneBy: null },
    { undoneBy: expect.any(String) },
    {},
  ]);
  expect((await ada.remedy(['undo', first.document.id ?? '', ...WHY])).document.status).toBe('applied');
});

test('undo never writes a cap that is none, or that ends', async () => {
  const ada = await makeOperator(['--redis-url', redis.url]);
  const cases = [
    { before: ['nan'], said: /leaves the agent without one/, left: '' },
    { before: ['50', 'EX', '1000'], said: /would have ended; this one does not/, left: '50' },
  ];
  for (const { before, said, left } of cases) {
    await redis.cli('SET', 'acp:agent_cost_cap:agent-7', ...before);
    const { document } = await ada.remedy(['raise-cap', 'agent-7', '--to', '100.00', ...WHY]);
    const undo = await ada.remedy(['undo', document.id ?? '', ...WHY]);
    expect(undo.document.warnings).toContainEqual(expect.stringMatching(said));
    expect(await redis.cli('GET', 'acp:agent_cost_cap:agent-7')).toBe(left);
    expect(Number(await redis.cli('PTTL', 'acp:agent_cost_cap:agent-7'))).toBeLessThan(0);
  }
});

test('a counter that is born after the block is seen', async () => {
  const gateway = await startGateway({ redis, enforcesBlocks: false });
  const ada = await makeOperator(['--redis-url', redis.url]);
  const words = ['block-ip', '203.0.113.42', '--yes', '--verify', '2s', '-o', 'json', ...WHY];
  const running = ada.run(words);
  await until(async () => (await redis.cli('EXISTS', 'acp:ip_block:203.0.113.42')) === '1', 'it is blocked');
  const attack = gateway.attack('203.0.113.42', 20);
  const { code, stdout } = await running;
  await attack.stop();
  expect([code, (JSON.parse(stdout) as { verified: string }).verified]).toEqual([1, 'not-enforced']);
});

test('a block that somebody takes away meanwhile is not called ignored', async () => {
  const ada = await makeOperator(['--redis-url', redis.url]);
  const running = ada.run(['block-ip', '203.0.113.42', '--yes', '--verify', '1s', '-o', 'json', ...WHY]);
  await until(async () => (await redis.cli('EXISTS', 'acp:ip_block:203.0.113.42')) === '1', 'it is blocked');
  await redis.cli('DEL', 'acp:ip_block:203.0.113.42');
  const { code, stdout } = await running;
  const { verified, verification } = JSON.parse(stdout) as { verified: string; verification: string };
  expect([code, verified, verification]).toEqual([
    1,
    'not-enforced',
    expect.stringMatching(/not there any more/),
  ]);
});
