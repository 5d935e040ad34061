import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RedisTarget, Secret } from '../../src/config/types.ts';
import { readRedis } from '../../src/signals/redis/read.ts';
import { ask, askOne, redisTarget, tlsOf } from '../support/collecting.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

const ALL = ['auth-failures-by-ip', 'agent-spend', 'blocks'];
/** What the documentation asks for, and nothing else. */
const LEAST = '+@read +@connection +info +time -keys ~*';

const redis = freshRedis({
  password: 'hunter 2',
  unixSocket: true,
  acl: [
    `reader on >secret ${LEAST}`,
    'narrow on >secret ~acp:auth_fail:* +@read +@connection',
    'timeless on >secret ~* +@read +@connection',
    'blind on >secret ~* +@connection',
    `off off >secret ${LEAST}`,
  ],
});
beforeEach(async () => {
  await redis.cli('ACL', 'LOG', 'RESET');
  await redis.load([
    ['SET', 'acp:auth_fail:203.0.113.42', '7', 'EX', '300'],
    ['HSET', 'acp:auth_fail:203.0.113.43', 'a', '1'],
    ['SET', 'acp:ip_block:203.0.113.42', 'abuse', 'EX', '600'],
    ['SET', 'acp:agent_cost_cap:a-1', '10'],
  ]);
});

const as = (username: string | null, password: string | null, more: Partial<RedisTarget> = {}) =>
  redisTarget(redis.port, { username, password: password === null ? null : new Secret(password), ...more });
const read = (target: RedisTarget) => askOne(readRedis, 'auth-failures-by-ip', { redis: target });

describe('an ACL user with the least permissions', () => {
  it('is enough for every signal, in any database, and nothing is refused on the way', async () => {
    const readings = await ask(readRedis, ALL, { redis: as('reader', 'secret') });
    expect(Object.values(readings).map(({ status }) => status)).toEqual(['measured', 'measured', 'measured']);
    expect(readings['auth-failures-by-ip']?.rows[0]?.lastSeenSeconds).not.toBeNull();
    const empty = await ask(readRedis, ALL, { redis: as('reader', 'secret', { db: 5 }) });
    expect(Object.values(empty).map(({ status }) => status)).toEqual(['absent', 'absent', 'absent']);
    expect(await redis.cli('ACL', 'LOG')).toBe('');
  });

  it('sends only what reads, and nothing that blocks the server', async () => {
    await redis.cli('CONFIG', 'RESETSTAT');
    await ask(readRedis, ALL, { redis: as('reader', 'secret', { db: 0 }) });
    const stats = await redis.cli('INFO', 'commandstats');
    const used = [...stats.matchAll(/cmdstat_([^:]+):/g)].map(([, name]) => name);
    // The harness itself sends AUTH, CONFIG RESETSTAT and INFO.
    const ours = used.filter((name) => !['auth', 'config|resetstat', 'info'].includes(name ?? '')).sort();
    expect(ours).toEqual(expect.arrayContaining(['mget', 'scan', 'time']));
    expect(['mget', 'pttl', 'scan', 'select', 'time', 'type']).toEqual(expect.arrayContaining(ours));
  });

  it('may do without TIME', async () => {
    expect(await read(as('timeless', 'secret'))).toMatchObject({ status: 'measured', total: 7 });
  });
});

describe('what is refused', () => {
  it.each([
    ['a wrong password', () => as('reader', 'guess')],
    ['a wrong password of the default user', () => as(null, 'guess')],
    ['an unknown user', () => as('nobody', 'secret')],
    ['a user that is off', () => as('off', 'secret')],
    ['no password', () => as(null, null)],
    ['a user who may not read', () => as('blind', 'secret')],
  ])('%s is cause auth, said without the password', async (_, target) => {
    const readings = await ask(readRedis, ALL, { redis: target(), timeoutSeconds: 10 });
    for (const reading of Object.values(readings)) {
      expect(reading).toMatchObject({ status: 'unknown', cause: 'auth', live: false, total: null, rows: [] });
      expect(reading.reason).toContain(`redis://127.0.0.1:${redis.port}`);
      expect(reading.reason).toMatch(/WRONGPASS|NOAUTH|NOPERM/);
      expect(reading.reason).not.toMatch(/guess|secret/);
    }
  });

  it('keys that a user may not read make the signal unknown, not small', async () => {
    const readings = await ask(readRedis, ALL, { redis: as('narrow', 'secret') });
    expect(readings['agent-spend']).toMatchObject({ status: 'unknown', cause: 'auth', total: null });
    expect(readings.blocks).toMatchObject({ status: 'unknown', cause: 'auth', total: null });
  });

  it('a database that the server does not have is unknown, not database 0', async () => {
    const reading = await read(as('reader', 'secret', { db: 99 }));
    expect(reading).toMatchObject({ status: 'unknown', total: null, rows: [] });
    expect(reading.reason).toMatch(/DB index/i);
  });
});

describe('where the server is', () => {
  it('may be a unix socket, with its password and its database', async () => {
    const path = redis.socketPath ?? '';
    expect(await read(as(null, 'hunter 2', { path, port: 1, display: `unix:${path}` }))).toMatchObject({
      total: 7,
    });
    const other = await read(as('reader', 'secret', { path, db: 3, display: `unix:${path}` }));
    expect(other).toMatchObject({ status: 'absent' });
  });

  it('may be a unix socket that is not there', async () => {
    const path = `${redis.socketPath}.gone`;
    const reading = await read(as(null, null, { path, display: `unix:${path}` }));
    expect(reading).toMatchObject({ status: 'unknown', cause: 'unreachable' });
    expect(reading.reason).toBe(`unix:${path}: no such socket`);
  });

  it('may be another database', async () => {
    await redis.load([
      ['SELECT', '7'],
      ['SET', 'acp:auth_fail:198.51.100.1', '90'],
      ['SELECT', '0'],
    ]);
    expect(await read(as(null, 'hunter 2', { db: 7 }))).toMatchObject({ total: 90, distinct: 1 });
    expect(await read(as(null, 'hunter 2'))).toMatchObject({ total: 7, distinct: 1 });
  });

  it('is said when the name does not exist', async () => {
    const reading = await read(
      redisTarget(6379, { host: 'redis.invalid', display: 'redis://redis.invalid:6379' }),
    );
    expect(reading).toMatchObject({ status: 'unknown', cause: 'unreachable' });
    expect(reading.reason).toMatch(/^redis:\/\/redis\.invalid:6379: host name/);
  });
});

describe('TLS', () => {
  let secure: TestRedis;
  beforeAll(async () => {
    secure = await startRedis({ tls: true, config: { 'tls-auth-clients': 'yes' } });
    await secure.load([['SET', 'acp:auth_fail:203.0.113.42', '7', 'EX', '300']]);
  });
  const over = (tls: RedisTarget['tls']) =>
    read(redisTarget(secure.port, { tls, display: `rediss://127.0.0.1:${secure.port}` }));

  it('works with an authority and a client certificate of the configuration', async () => {
    expect(await over(tlsOf(secure.tls, { client: true }))).toMatchObject({ status: 'measured', total: 7 });
  });

  it('is refused without the client certificate', async () => {
    expect(await over(tlsOf(secure.tls))).toMatchObject({ status: 'unknown', cause: 'unreachable' });
  });

  it('does not trust an authority that it was not given', async () => {
    const reading = await over({ ...tlsOf(secure.tls, { client: true }), ca: null });
    expect(reading).toMatchObject({ status: 'unknown', cause: 'unreachable' });
    expect(reading.reason).toMatch(/TLS: /);
  });

  it('is said when the server does not speak it, or speaks nothing else', async () => {
    // A server without TLS waits for the end of what it takes for a line.
    const plain = { redis: as(null, null, { tls: tlsOf(secure.tls) }), timeoutSeconds: 0.5 };
    expect(await askOne(readRedis, 'blocks', plain)).toMatchObject({ status: 'unknown', cause: 'timeout' });
    expect(await over(null)).toMatchObject({ status: 'unknown', cause: 'unreachable' });
  });

  it('is said when the certificate is no PEM', async () => {
    const reading = await over({ ca: null, cert: 'no PEM', key: new Secret('no PEM') });
    expect(reading).toMatchObject({ status: 'unknown', cause: 'unreachable' });
    expect(reading.reason).toContain('rediss://127.0.0.1');
  });
});
