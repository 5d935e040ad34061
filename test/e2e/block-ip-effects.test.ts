import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { temporaryFolder, until } from '../support/processes.ts';
import { runInTerminal, runProgram } from '../support/program.ts';
import { blockArgs, blockOf, IP, journaled, journalOf, KEY, looked, remedy } from './block-ip-support.ts';

const redis = freshRedis();
/** The runbook's, one that ignores blocks, and the published one, whose counters stop at 26. */
let gateway: Gateway;
let ignoring: Gateway;
let published: Gateway;
beforeAll(async () => {
  [gateway, ignoring, published] = await Promise.all([
    startGateway({ redis }),
    startGateway({ redis, enforcesBlocks: false }),
    startGateway({ redis, authFailureKey: 'gateway' }),
  ]);
});
beforeEach(async () => {
  await redis.cli('CONFIG', 'RESETSTAT');
});

const verify = async (watch: string, ...words: string[]) => {
  const home = await temporaryFolder('home');
  const args = ['block-ip', '--redis-url', redis.url, '--yes', '--reason', 'abuse', '--verify', watch];
  return { ...(await remedy([...args, ...(words.length > 0 ? words : [IP])], { home })), home };
};

/** An attack under way; it ends with `during`. */
async function attacked<T>(where: Gateway, perSecond: number, during: () => Promise<T>, ip = IP) {
  const attack = where.attack(ip, perSecond);
  try {
    await until(async () => attack.statuses.length >= 3, 'the attack is under way');
    return { ...(await during()), statuses: attack.statuses };
  } finally {
    await attack.stop();
  }
}

test('a block is a 403 to the blocked one alone, and unblocked it is a 401 again', async () => {
  expect(await gateway.fail(IP)).toEqual([401]);
  expect((await remedy(blockArgs(redis, IP))).code).toBe(0);
  expect(await gateway.fail(IP, 2)).toEqual([403, 403]);
  expect(await gateway.fail('203.0.113.4')).toEqual([401]);
  expect(await ignoring.fail(IP)).toEqual([401]);
  const words = ['--redis-url', redis.url, '--yes', '--reason', 'over'];
  expect((await remedy(['unblock-ip', IP, ...words])).code).toBe(0);
  expect(await gateway.fail(IP)).toEqual([401]);
});

test('an IPv6 address is blocked as the gateway looks it up, however it was typed', async () => {
  expect((await remedy(blockArgs(redis, '2001:DB8:0::42'))).code).toBe(0);
  expect(await gateway.fail('2001:db8::42')).toEqual([403]);
});

describe('enforced', () => {
  test('when a steady attack stops being counted', async () => {
    const { code, document, home, statuses } = await attacked(gateway, 20, () => verify('2s'));
    expect(code).toBe(0);
    expect(document).toMatchObject({ status: 'applied', verified: 'enforced', message: null });
    expect(document.changes).toMatchObject([{ target: KEY, status: 'applied', verified: 'enforced' }]);
    expect(document.verification).toMatch(
      /^\d+ failures? in the \d\.\d s before the block, none in the \d\.\d s after it$/,
    );
    expect(statuses.at(-1)).toBe(403);
    expect(journaled(home)).toEqual(['intent', 'outcome applied', 'verified enforced']);
    expect(journalOf(home).at(-1)).toMatchObject({ id: document.id, text: document.verification });
  });

  test("when a slow one does that was watched for long enough, by the published gateway's counter", async () => {
    await published.fail(IP);
    const running = verify('3s');
    // It begins when the program has: at 25 the gateway stops counting, and a slow machine takes its time to start one.
    await looked(redis, 1);
    const attack = published.attack(IP, 7);
    const { document } = await running;
    await attack.stop();
    expect(document).toMatchObject({ status: 'applied', verified: 'enforced' });
    expect(Number(await redis.cli('GET', `acp:ratelimit:auth_fail:${IP}`))).toBeLessThan(25);
  });

  test('for one of two addresses: each change says its own', async () => {
    const { document } = await attacked(gateway, 20, () => verify('2s', '203.0.113.42/31'));
    expect(document.changes.map(({ target, verified }) => [target, verified])).toEqual([
      [KEY, 'enforced'],
      [blockOf('203.0.113.43'), 'stored'],
    ]);
  });

  test('on a terminal the watch shows how it goes', async () => {
    const args = ['block-ip', IP, '--redis-url', redis.url, '--yes', '--reason', 'abuse', '--verify', '2s'];
    const { code, output } = await attacked(gateway, 20, () => runInTerminal(args));
    expect(code).toBe(0);
    expect(output).toMatch(/watching whether the failures stop, 1 s more \(Ctrl-C stops\)/);
    expect(output).toMatch(/enforced/);
  });
});

describe('not enforced', () => {
  const SAID =
    /^\d+ failures? in the \d\.\d s after the block\. The system does not seem to read this list\. .*load balancer's deny list/;

  test('when failures are counted after it: 1, with what else stops it, and the block stays', async () => {
    const { code, document, home } = await attacked(ignoring, 20, () => verify('1s'));
    expect(code).toBe(1);
    expect(document).toMatchObject({ status: 'applied', verified: 'not-enforced' });
    expect(document.changes).toMatchObject([{ target: KEY, status: 'applied', verified: 'not-enforced' }]);
    expect(document.verification).toMatch(SAID);
    expect(document.undo).toMatch(/^ratelimit undo /);
    expect(await redis.cli('GET', KEY)).toBe('abuse');
    expect(journaled(home)).toEqual(['intent', 'outcome applied', 'verified not-enforced']);
  });

  test('one failure is enough', async () => {
    await redis.cli('SET', `acp:auth_fail:${IP}`, '3', 'EX', '300');
    const running = verify('2s');
    await until(async () => (await redis.cli('EXISTS', KEY)) === '1', 'the block is written');
    await redis.cli('CONFIG', 'RESETSTAT');
    await looked(redis, 1);
    await ignoring.fail(IP);
    const { code, document } = await running;
    expect({ code, verified: document.verified }).toEqual({ code: 1, verified: 'not-enforced' });
    expect(document.verification).toMatch(/^1 failure in the /);
  });

  test('for people it cannot be overlooked', async () => {
    const args = ['block-ip', IP, '--redis-url', redis.url, '--yes', '--reason', 'abuse', '--verify', '1s'];
    const { code, stdout } = await attacked(ignoring, 20, () => runProgram(args));
    expect(code).toBe(1);
    expect(stdout).toMatch(/\n {2}! NOT ENFORCED: \d+ failures in the/);
    expect(stdout).toMatch(/load\s+balancer's deny list/);
  });

  test('for one of two addresses counts for all', async () => {
    const both = () => attacked(ignoring, 20, () => verify('2s', '203.0.113.42/31'), '203.0.113.43');
    const { code, document } = await attacked(gateway, 20, both);
    expect({ code, verified: document.verified }).toEqual({ code: 1, verified: 'not-enforced' });
    expect(document.changes.map(({ verified }) => verified)).toEqual(['enforced', 'not-enforced']);
    expect(document.verification).toMatch(/^1 of 2 addresses: /);
  });
});

describe('stored, since nothing can be proven', () => {
  const expectStored = ({ code, document }: Awaited<ReturnType<typeof verify>>, why: RegExp) => {
    expect({ code, status: document.status, verified: document.verified }).toEqual({
      ...{ code: 0, status: 'applied', verified: 'stored' },
    });
    expect(document.changes[0]?.verified).toBe('stored');
    expect(document.verification).toMatch(why);
  };

  test('when nothing fails there', async () => {
    const result = await verify('2s');
    expectStored(result, /no failures were counted/);
    expect(journaled(result.home)).toEqual(['intent', 'outcome applied', 'verified stored']);
  });

  test('when the failures are over', async () => {
    await gateway.fail(IP, 40);
    expectStored(await verify('500ms'), /^no failures came in just before the block/);
  });

  test.each([25, 26])(
    'when the counter is at %i, from where on the gateway stops counting',
    async (count) => {
      await redis.cli('SET', `acp:ratelimit:auth_fail:${IP}`, String(count), 'EX', '60');
      const result = await attacked(published, 20, () => verify('500ms'));
      expectStored(result, /^the system stops counting at 25/);
      expect(result.statuses).toContain(count === 25 ? 401 : 429);
    },
  );

  test('when failures come too seldom for the watch', async () => {
    await gateway.fail(IP, 3);
    const running = verify('1s');
    await looked(redis, 2);
    await gateway.fail(IP);
    expectStored(await running, /^failures came too seldom to tell within the watch/);
  });

  test('when the counter ends during the watch', async () => {
    const running = attacked(gateway, 20, () => verify('1s'));
    await until(async () => (await redis.cli('EXISTS', KEY)) === '1', 'the block is written');
    await redis.cli('DEL', `acp:auth_fail:${IP}`);
    expectStored(await running, /counter has expired/);
  });

  test('when nobody was to watch: --verify 0 says so at once', async () => {
    const { code, document, home } = await attacked(ignoring, 20, () => verify('0'));
    expect(code).toBe(0);
    expect(document).toMatchObject({ status: 'applied', verified: 'stored', verification: null });
    expect(journaled(home)).toEqual(['intent', 'outcome applied']);
  });
});
