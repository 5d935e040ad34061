import { describe, expect, test } from 'vitest';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import { deadPort, temporaryFolder, until } from '../support/processes.ts';
import { runProgram, spawnProgram } from '../support/program.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import {
  block,
  blockArgs,
  blockOf,
  IP,
  journaled,
  journalOf,
  KEY,
  keysIn,
  looked,
  remedyDocument,
  startRelay,
} from './block-ip-support.ts';
import { errorDocument } from './systems.ts';

const TRIAGE = '~* resetchannels -@all +@read +@connection +info +time -keys';
const redis = freshRedis({
  acl: [
    `triage on >secret ${TRIAGE}`,
    `half on >secret ${TRIAGE} +eval +evalsha`,
    `elsewhere on >secret ~other:* %R~acp:* -@all +@all`,
    `operator on >secret ${TRIAGE} +eval +evalsha +set +del +xadd`,
  ],
});

const as = (user: string) => ({ url: redis.url.replace('//', `//${user}:secret@`) });
const home = () => temporaryFolder('home');

describe('Redis refuses the write: 4, nothing is written, and what to do', () => {
  test.each(['triage', 'half', 'elsewhere'])('the ACL user %s', async (user) => {
    const at = await home();
    const { code, document } = await block(as(user), [IP], { home: at });
    expect({ code, status: document.status }).toEqual({ code: 4, status: 'failed' });
    expect(document).toMatchObject({ verified: null, undo: null, expiresAt: null });
    expect(document.message).toMatch(/lacks a permission.*Remedies need more rights than triage/);
    expect(document.changes).toMatchObject([{ target: KEY, status: 'failed', verified: null }]);
    expect(await redis.cli('DBSIZE')).toBe('0');
    expect(journaled(at)).toEqual(['intent', 'outcome failed']);
  });

  test('the ACL user of the documents can do all of it', async () => {
    await redis.cli('SET', `acp:auth_fail:${IP}`, '30');
    const url = ['--redis-url', as('operator').url];
    expect((await block(as('operator'), [IP, '203.0.113.43', '--verify', '500ms'])).code).toBe(0);
    expect((await runProgram(['blocks', ...url])).code).toBe(0);
    const words = ['unblock-ip', IP, '--clear-counter', '--yes', '--reason', 'x', ...url];
    expect(await runProgram(words)).toMatchObject({ code: 0, stderr: '' });
    expect(await keysIn(redis)).toEqual([blockOf('203.0.113.43')]);
  });

  test('a wrong password', async () => {
    const at = await home();
    const url = redis.url.replace('//', '//operator:wrong@');
    const { code, document } = await block({ url }, [IP], { home: at });
    expect({ code, status: document.status }).toEqual({ code: 4, status: 'failed' });
    expect(document.message).toMatch(/user name or password is not accepted.*Nothing was changed/);
    expect(JSON.stringify(document)).not.toContain('wrong@');
    expect(journaled(at)).toEqual([]);
  });

  test('a replica, which says where the primary belongs', async () => {
    const replica = await startRedis({ config: { replicaof: `127.0.0.1 ${redis.port}` } });
    await redis.cli('CONFIG', 'SET', 'repl-diskless-sync-delay', '0');
    await until(
      async () => (await replica.cli('INFO', 'replication')).includes('master_link_status:up'),
      'the replica follows',
    );
    const at = await home();
    const { code, document } = await block(replica, [IP, '203.0.113.43'], { home: at });
    expect({ code, status: document.status }).toEqual({ code: 4, status: 'failed' });
    expect(document.message).toMatch(/READONLY.*It is a replica: give the primary with --redis-url/);
    expect(await redis.cli('DBSIZE')).toBe('0');
    const { stdout, stderr } = await runProgram(blockArgs(replica, IP), { home: at });
    expect(stdout).toBe('');
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain('It is a replica: give the primary with --redis-url');
    await replica.stop();
  });
});

describe('Redis cannot: 1, and nothing is written', () => {
  test.each([
    ['out of memory', ['maxmemory', '1'], ['maxmemory', '0'], /OOM/],
    ['too few replicas', ['min-replicas-to-write', '1'], ['min-replicas-to-write', '0'], /NOREPLICAS/],
  ])('%s', async (_, set, reset, why) => {
    const at = await home();
    await redis.cli('CONFIG', 'SET', ...set);
    const { code, document } = await block(redis, [IP], { home: at }).finally(() =>
      redis.cli('CONFIG', 'SET', ...reset),
    );
    expect({ code, status: document.status }).toEqual({ code: 1, status: 'failed' });
    expect(document.message).toMatch(why);
    expect(await redis.cli('DBSIZE')).toBe('0');
    expect(journaled(at)).toEqual(['intent', 'outcome failed']);
  });

  test('nobody there', async () => {
    const at = await home();
    const { code, document } = await block({ url: `redis://127.0.0.1:${await deadPort()}` }, [IP], {
      home: at,
    });
    expect({ code, status: document.status }).toEqual({ code: 1, status: 'failed' });
    expect(document.message).toMatch(/connection refused\. Nothing was changed$/);
    expect(journaled(at)).toEqual([]);
  });

  test('a server that never answers: within --timeout', async () => {
    const { url } = await startFaultyRedis('silent');
    const { code, document, ms } = await block({ url }, [IP, '--timeout', '1s']);
    expect({ code, status: document.status }).toEqual({ code: 1, status: 'failed' });
    expect(document.message).toMatch(/no (?:answer|connection) in/);
    expect(ms).toBeGreaterThanOrEqual(1_000);
    // Long before a client of Redis would give up by itself.
    expect(ms).toBeLessThan(9_000);
  });
});

describe('the answer to the write is lost', () => {
  test('and the connection with it: a look says that it was done', async () => {
    const at = await home();
    const cut = { port: redis.port, cut: { after: 'EVAL', times: 1 } };
    const { url } = await startFaultyRedis({ proxy: cut });
    const { code, document } = await block({ url }, [IP], { home: at });
    expect({ code, status: document.status }).toEqual({ code: 0, status: 'applied' });
    expect(document.changes).toMatchObject([
      { target: KEY, status: 'applied', after: { value: 'abuse' }, verified: 'stored' },
    ]);
    expect(document.changes[0]?.message).toMatch(
      /^the answer was lost \(.*\); a look says that it was done$/,
    );
    expect(document.undo).toMatch(/^ratelimit undo /);
    expect(await redis.cli('GET', KEY)).toBe('abuse');
    expect(journaled(at)).toEqual(['intent', 'outcome applied']);
  });

  test('by a server that falls silent: within --timeout, and looked up over another connection', async () => {
    const relay = await startRelay(redis);
    relay.loseAnswersTo('EVAL');
    const { code, document } = await block(relay, ['203.0.113.42/31', '--timeout', '2s']);
    expect({ code, status: document.status }).toEqual({ code: 0, status: 'applied' });
    expect(document.changes.map(({ status }) => status)).toEqual(['applied', 'applied']);
    expect(await redis.cli('DBSIZE')).toBe('2');
  });

  test('because the write never arrived: a look says that it was not done', async () => {
    const at = await home();
    const relay = await startRelay(redis);
    relay.loseCommands('EVAL');
    const { code, document } = await block(relay, [IP, '--timeout', '2s'], { home: at });
    expect({ code, status: document.status }).toEqual({ code: 1, status: 'failed' });
    expect(document.message).toMatch(/a look says that it was not done/);
    expect(await redis.cli('DBSIZE')).toBe('0');
    expect(journaled(at)).toEqual(['intent', 'outcome failed']);
  });

  test('and nobody can look: unknown, which the journal resolves once Redis can be read', async () => {
    const at = await home();
    const relay = await startRelay(redis);
    relay.loseAnswersTo('EVAL');
    const running = block(relay, [IP, '--timeout', '60s'], { home: at });
    await until(async () => relay.lost() > 0 && (await redis.cli('EXISTS', KEY)) === '1', 'it is written');
    relay.hangUp(true);
    const { code, document } = await running;
    expect({ code, status: document.status }).toEqual({ code: 1, status: 'unknown' });
    expect(document.message).toMatch(/nor could it be looked at/);
    expect(document.changes).toMatchObject([{ target: KEY, status: 'unknown', verified: null }]);
    expect(document.undo).toMatch(/^ratelimit undo /);
    expect(journaled(at)).toEqual(['intent', 'outcome unknown']);

    const entry = async () => {
      const words = ['journal', '-o', 'json', '--redis-url', relay.url];
      const { stdout } = await runProgram(words, { home: at });
      return JSON.parse(stdout).entries[0];
    };
    expect(await entry()).toMatchObject({
      status: 'unknown',
      now: expect.stringMatching(/could not be read/),
    });
    relay.mend();
    expect(await entry()).toMatchObject({ status: 'unknown', now: expect.stringMatching(/is there$/) });
    await redis.flush();
    expect(await entry()).toMatchObject({ now: expect.stringMatching(/was not done$/) });
  });
});

describe('during the watch', () => {
  /** A block that watches a counter which is there. */
  async function watching(server: TestRedis, ...words: string[]) {
    const at = await home();
    await server.cli('SET', `acp:auth_fail:${IP}`, '5', 'EX', '300');
    await server.cli('CONFIG', 'RESETSTAT');
    const args = ['block-ip', IP, '--redis-url', server.url, '--yes', '--reason', 'abuse', '-o', 'json'];
    const { child } = await spawnProgram([...args, '--verify', '60s', ...words], { home: at });
    return { child, at };
  }
  const written = (server: TestRedis) =>
    until(async () => (await server.cli('EXISTS', KEY)) === '1', 'the block is written');

  test.each([
    ['SIGKILL', /the effect could not be watched: .*connection/],
    ['SIGSTOP', /the effect could not be watched: .*no answer in 2000 ms/],
  ] as const)(
    'the server is gone (%s): applied, its effect unknown, all of it journaled',
    async (signal, why) => {
      const server = await startRedis();
      const { child, at } = await watching(server, '--timeout', '2s');
      await written(server);
      process.kill(server.pid, signal);
      const { exitCode, stdout, stderr } = await child;
      if (signal === 'SIGSTOP') process.kill(server.pid, 'SIGCONT');
      const document = remedyDocument({ stdout, stderr });
      expect({ exitCode, status: document.status }).toEqual({ exitCode: 0, status: 'applied' });
      expect(document).toMatchObject({ verified: 'unknown', verification: expect.stringMatching(why) });
      expect(document.changes).toMatchObject([{ status: 'applied', verified: 'unknown' }]);
      expect(journaled(at)).toEqual(['intent', 'outcome applied', 'verified unknown']);
    },
  );

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s: 130, and what was done is said and recorded',
    async (signal) => {
      const { child, at } = await watching(redis);
      await written(redis);
      // The outcome is recorded first thing; a signal before that is another test.
      await until(async () => journaled(at).length === 2, 'the outcome is recorded');
      child.kill(signal);
      const { exitCode, stdout, stderr, durationMs } = await child;
      const document = remedyDocument({ stdout, stderr });
      expect({ exitCode, status: document.status }).toEqual({ exitCode: 130, status: 'applied' });
      expect(document).toMatchObject({ id: journalOf(at)[0]?.id, verified: 'stored' });
      expect(document.verification).toMatch(/^interrupted; /);
      expect(document.undo).toMatch(/^ratelimit undo /);
      expect(durationMs).toBeLessThan(40_000);
      expect(journaled(at)).toEqual(['intent', 'outcome applied', 'verified stored']);
      expect(await redis.cli('GET', KEY)).toBe('abuse');
    },
  );

  test('Ctrl-C just before the write: 130, nothing was written, nothing is recorded', async () => {
    const { child, at } = await watching(redis);
    await looked(redis, 2);
    child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await child;
    expect(exitCode).toBe(130);
    expect(errorDocument({ ...child, code: exitCode, stdout, stderr } as never)).toMatchObject({
      ...{ code: 'interrupted', exitCode: 130 },
    });
    expect(await redis.cli('EXISTS', KEY)).toBe('0');
    expect(journaled(at)).toEqual([]);
  });

  test('Ctrl-C while the answer to the write is under way: the outcome is recorded before leaving', async () => {
    const relay = await startRelay(redis);
    const letThrough = relay.holdAnswersTo('EVAL');
    const at = await home();
    const words = [...blockArgs(relay, IP), '--timeout', '60s', '-o', 'json'];
    const { child } = await spawnProgram(words, { home: at });
    await written(redis);
    child.kill('SIGINT');
    // The signal arrives before the answer does.
    await new Promise((resolve) => setTimeout(resolve, 200));
    letThrough();
    const { exitCode, stdout, stderr } = await child;
    expect(exitCode).toBe(130);
    expect(remedyDocument({ stdout, stderr })).toMatchObject({ status: 'applied', verified: 'stored' });
    expect(journaled(at)).toEqual(['intent', 'outcome applied']);
  });

  test('Ctrl-C, and the answer is lost: a look says what was done, all the same', async () => {
    const relay = await startRelay(redis);
    relay.loseAnswersTo('EVAL');
    const at = await home();
    const words = [...blockArgs(relay, IP), '--timeout', '60s', '-o', 'json'];
    const { child } = await spawnProgram(words, { home: at });
    await written(redis);
    child.kill('SIGINT');
    // The signal arrives before the end of the connection does.
    await new Promise((resolve) => setTimeout(resolve, 200));
    relay.hangUp(false);
    const { exitCode, stdout, stderr } = await child;
    expect(exitCode).toBe(130);
    expect(remedyDocument({ stdout, stderr })).toMatchObject({ status: 'applied' });
    expect(journaled(at)).toEqual(['intent', 'outcome applied']);
  });
});
