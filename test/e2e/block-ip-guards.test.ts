import { describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { temporaryFolder } from '../support/processes.ts';
import { block, homeWith, IP, journaled, keysIn } from './block-ip-support.ts';
import type { RunOptions } from './systems.ts';

const redis = freshRedis();

const guardsOf = ({ document }: Awaited<ReturnType<typeof block>>) =>
  document.refusals.map(({ guard }) => guard);

/** Refused by exactly this guard, with nothing written or recorded; and done with its flag. */
async function expectGuard(guard: string, words: readonly string[], options: RunOptions = {}) {
  const home = options.home ?? (await temporaryFolder('home'));
  const before = await keysIn(redis);
  const refused = await block(redis, words, { ...options, home });
  expect({ code: refused.code, status: refused.document.status }).toEqual({ code: 6, status: 'refused' });
  expect(guardsOf(refused)).toEqual([guard]);
  expect(refused.document).toMatchObject({ id: null, changes: [], undo: null, verified: null });
  expect(refused.document.refusals[0]?.override).toBe(`--force-${guard}`);
  expect(refused.document.message).toBe(refused.document.refusals[0]?.message);
  expect(await keysIn(redis)).toEqual(before);
  expect(journaled(home)).toEqual([]);

  const others = GUARDS.filter((one) => one !== guard).map((one) => `--force-${one}`);
  expect(guardsOf(await block(redis, [...words, ...others], { ...options, home }))).toEqual([guard]);
  const forced = await block(redis, [...words, `--force-${guard}`], { ...options, home });
  expect({ code: forced.code, status: forced.document.status }).toEqual({ code: 0, status: 'applied' });
  return refused.document;
}

const GUARDS = [
  ...['loopback', 'private', 'link-local', 'multicast', 'unspecified', 'reserved'],
  ...['never-block', 'proxy', 'host', 'own', 'shared'],
];

describe('the class of an address', () => {
  test.each([
    ['loopback', ['127.0.0.2', '::1']],
    ['private', ['10.0.0.1', '172.31.255.255', '192.168.1.0/30', '100.64.0.1', 'fd00::1', '::ffff:10.0.0.1']],
    ['link-local', ['169.254.169.254', 'fe80::1']],
    ['multicast', ['224.0.0.1', 'ff02::1']],
    ['unspecified', ['0.0.0.0', '::']],
    ['reserved', ['0.0.0.1', '240.0.0.1', '255.255.255.255', '198.18.0.1', '::203.0.113.42', '100::1']],
    // 6to4 and NAT64, by what they embed.
    ['private', ['2002:a00:1::1', '64:ff9b::10.0.0.1', '64:ff9b:1::192.168.0.1']],
    ['loopback', ['2002:7f00:2::', '64:ff9b::127.0.0.2']],
    ['link-local', ['64:ff9b::169.254.169.254']],
    ['reserved', ['2002:f000:1::1']],
  ])('%s: %j', async (guard, addresses) => {
    // Each by itself, before all of them together.
    for (const address of addresses) expect(guardsOf(await block(redis, [address]))).toEqual([guard]);
    const { message } = await expectGuard(guard, addresses);
    expect(message).toMatch(new RegExp(`^\\S+.*: ${guard} address, `));
  });

  test('one guarded address in a range stops all of it', async () => {
    const { message } = await expectGuard('private', ['9.255.255.255', '10.0.0.0/31', '203.0.113.0/30']);
    expect(message).toMatch(/^10\.0\.0\.0, 10\.0\.0\.1: private/);
    expect(await redis.cli('DBSIZE')).toBe('7');
  });

  test('documentation addresses never route, and examples use them', async () => {
    const addresses = ['192.0.2.1', '198.51.100.1', IP, '2001:db8::1', '3fff::1', '2002:cb00:712a::1'];
    expect((await block(redis, [...addresses, '64:ff9b::203.0.113.42'])).code).toBe(0);
    expect(await redis.cli('DBSIZE')).toBe('7');
  });
});

test.each([
  ['203.0.0.0/15', /wider than \/16/],
  ['0.0.0.0/0', /wider than \/16/],
  ['::ffff:203.0.0.0/111', /wider than \/16/],
  ['2001:db8::/31', /wider than \/32/],
  ['2000::/3', /wider than \/32/],
])('%s is wider than anything that is ever blocked, whatever the flags', async (range, why) => {
  const force = GUARDS.map((one) => `--force-${one}`);
  const { code, document } = await block(redis, ['--max', '4096', ...force, range]);
  expect({ code, status: document.status }).toEqual({ code: 6, status: 'refused' });
  expect(document.refusals).toMatchObject([
    { guard: 'width', override: null, message: expect.stringMatching(why) },
  ]);
  expect(await redis.cli('DBSIZE')).toBe('0');
});

test.each(['203.0.0.0/16', '203.0.0.0/19', '2001:db8::/32', '2001:db8::/115'])(
  '%s is more than 4,096 addresses, which no flag allows',
  async (range) => {
    const { code, document } = await block(redis, ['--max', '4096', range]);
    expect(code).toBe(6);
    expect(document.refusals).toMatchObject([{ guard: 'max', override: null }]);
    expect(document.message).toMatch(/at most 4096 are possible.*a key of its own/);
  },
);

describe('the never-block list of the context', () => {
  const home = () =>
    homeWith(
      `current-context: a\ncontexts: { a: { redis: "${redis.url}", never-block: [203.0.113.40/29, "2001:DB8::/64", 192.0.2.10] } }\n`,
    );
  const withContext = (words: string[]) => [...words, '--context', 'a'];

  test.each([
    [[IP], '203.0.113.40/29'],
    [['203.0.113.0/24'], '203.0.113.40/29'],
    [['203.0.113.44/31'], '203.0.113.40/29'],
    [['::ffff:192.0.2.10'], '192.0.2.10'],
    [['2001:db8:0:0:1::/120'], '2001:db8::/64'],
  ])('%j is on it, or has a part of it', async (words, entry) => {
    const { message } = await expectGuard('never-block', withContext(words), { home: await home() });
    expect(message).toContain(`on the never-block list (${entry})`);
  });

  test('has what is beside it', async () => {
    const { code } = await block(redis, withContext(['203.0.113.39', '203.0.113.48', '2001:db8:0:1::1']), {
      home: await home(),
    });
    expect(code).toBe(0);
  });
});

describe('a direct peer of the system', () => {
  test.each([IP, '2001:db8::42'])('%s stands for everybody behind it', async (ip) => {
    await redis.cli('SET', `acp:auth_failures:${ip}`, '4012', 'EX', '300');
    const { message } = await expectGuard('proxy', [ip]);
    expect(message).toMatch(/direct peer of the system/);
  });

  test('in a range', async () => {
    await redis.cli('SET', `acp:auth_failures:${IP}`, '1', 'EX', '300');
    await expectGuard('proxy', ['203.0.113.0/24']);
  });
});

describe('the hosts that the program itself talks to', () => {
  const elsewhere = ['--prometheus-url', 'http://198.51.100.9:9090'];

  test.each([
    ['Redis', ['127.0.0.1', '--force-loopback', ...elsewhere]],
    ['Prometheus', ['198.51.100.9', ...elsewhere]],
    ['Prometheus', ['198.51.100.8/30', ...elsewhere]],
    ['Prometheus', ['2001:db8::9', '--prometheus-url', 'https://[2001:DB8:0::9]/prefix']],
    ['the API', [IP, '--api-url', `https://${IP}`, ...elsewhere]],
  ])('%s: %j', async (what, words) => {
    expect((await expectGuard('host', words)).message).toContain(`: the address of ${what}`);
  });

  test('by a name, which is looked up', async () => {
    const named = ['--redis-url', redis.url.replace('127.0.0.1', 'localhost'), ...elsewhere];
    const { message } = await expectGuard('host', ['127.0.0.1', '--force-loopback', ...named]);
    expect(message).toBe('127.0.0.1: the address of Redis (localhost)');
  });

  test('one that cannot be looked up could be any address: refused', async () => {
    const { message } = await expectGuard('host', [IP, '--prometheus-url', 'http://does-not-exist.invalid']);
    expect(message).toMatch(/Prometheus \(does-not-exist\.invalid\) could not be checked: \S/);
  });
});
