import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeOf, withDisplay } from '../../src/config/display.ts';
import { parseHttpUrl, parseRedisUrl } from '../../src/config/endpoints.ts';
import type { RedisTarget } from '../../src/config/types.ts';
import { quote, redactUrl } from '../../src/values/text.ts';

function redis(url: string): RedisTarget {
  const target = parseRedisUrl(url);
  if (typeof target === 'string') throw new Error(target);
  return target;
}

function http(url: string) {
  const pieces = parseHttpUrl(url);
  if (typeof pieces === 'string') throw new Error(pieces);
  return pieces;
}

const SECRET = 'S3cr3t';
/** Passwords as people paste them, percent-encoded or not. */
const password = fc
  .tuple(
    fc.string({ maxLength: 6 }),
    fc.constantFrom('', ':', '/', '?', '#', '@', '%', '%40', ' ', '\n', '//', '\\'),
  )
  .map(([noise, special]) => `${SECRET}${special}${noise}${SECRET}`);
const host = fc.constantFrom('redis.example', '10.0.0.1', '[2001:db8::1]', 'my_redis', 'h');
const username = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text));

describe('parseRedisUrl', () => {
  test('reads every part', () => {
    const target = redis('rediss://tri%40ge:p%3Aw%2F@Redis.Example:6380/2');
    expect(target).toMatchObject({
      host: 'redis.example',
      port: 6380,
      path: null,
      db: 2,
      username: 'tri@ge',
    });
    expect(target.password?.reveal()).toBe('p:w/');
    expect(target.tls).toEqual({ ca: null, cert: null, key: null });
    expect(target.display).toBe('rediss://tri%40ge@redis.example:6380/2');
  });

  test.each([
    ['redis://h', { host: 'h', port: 6379, db: 0, username: null, password: null, tls: null }],
    ['REDIS://h/', { host: 'h', port: 6379, db: 0 }],
    [
      'redis://triage@host:6379/2',
      { username: 'triage', password: null, display: 'redis://triage@host:6379/2' },
    ],
    ['redis://[2001:db8::1]', { host: '2001:db8::1', port: 6379, display: 'redis://[2001:db8::1]:6379' }],
    ['redis://[::1]:7000/1023', { host: '::1', port: 7000, db: 1023 }],
    ['redis://user:@h', { username: 'user', password: null }],
    ['unix:/run/redis.sock', { host: '', port: 0, path: '/run/redis.sock', db: 0, tls: null }],
    ['unix:///run/a%20b.sock?db=3', { path: '/run/a b.sock', db: 3, display: 'unix:///run/a%20b.sock?db=3' }],
    ['unix://me@/s', { path: '/s', username: 'me', display: 'unix://me@/s' }],
    ['unix:////s', { path: '//s', display: 'unix:////s' }],
  ])('%s', (url, parts) => {
    expect(redis(url)).toMatchObject(parts);
  });

  test('a password without a username is kept and not displayed', () => {
    const target = redis('redis://:pw@h');
    expect(target.password?.reveal()).toBe('pw');
    expect(target.display).toBe('redis://h:6379');
  });

  const db = 'expected / and a database number of 0 to 1023 after the host';
  const port = 'expected a port of 1 to 65535 after the host';
  const noHost = 'expected a host name, an IPv4 address or an IPv6 address in brackets';
  const encoded = 'expected credentials with their special characters percent-encoded';
  const socket = 'expected unix:/path/of/socket, optionally with ?db=N';
  test.each([
    ['http://x', 'expected a redis://, rediss://, unix:, sentinel:// or cluster:// URL, got "http://x"'],
    [
      'redis:h',
      'expected a redis://, rediss://, unix:, sentinel:// or cluster:// URL, got "redis:[redacted]"',
    ],
    [
      'redis+unix:/s',
      'expected a redis://, rediss://, unix:, sentinel:// or cluster:// URL, got "redis+unix:/s"',
    ],
    ['', 'expected a redis://, rediss://, unix:, sentinel:// or cluster:// URL, got ""'],
    [
      'redis://h\n',
      'expected a redis://, rediss://, unix:, sentinel:// or cluster:// URL, got "redis://h\\n"',
    ],
    ['redis://', `${noHost}, got "redis://"`],
    ['redis:///2', `${noHost}, got "redis:///2"`],
    ['redis://:6379', `${noHost}, got "redis://:6379"`],
    ['redis://a b', `${noHost}, got "redis://a b"`],
    ['redis://::1', `${noHost}, got "redis://:[redacted]"`],
    ['redis://[::1', `${noHost}, got "redis://[:[redacted]"`],
    ['redis://[1.2.3.4]', `${noHost}, got "redis://[1.2.3.4]"`],
    ['redis://[fe80::1%eth0]', `${noHost}, got "redis://[fe80::1%eth0]"`],
    ['redis://h:0', `${port}, got "redis://h:0"`],
    ['redis://h:65536', `${port}, got "redis://h:65536"`],
    ['redis://h:', `${port}, got "redis://h:"`],
    ['redis://triage:hunter2', `${port}, got "redis://triage:[redacted]"`],
    ['redis://h/1024', `${db}, got "redis://h/1024"`],
    ['redis://h/-1', `${db}, got "redis://h/-1"`],
    ['redis://h/1.5', `${db}, got "redis://h/1.5"`],
    ['redis://h/0/', `${db}, got "redis://h/0/"`],
    ['redis://h?db=1', 'expected a URL without a query or fragment, got "redis://h?db=1"'],
    ['redis://h?auth=pw', 'expected a URL without a query or fragment, got "redis://h?[redacted]"'],
    ['redis://u:p%zz@h', `${encoded}, got "redis://u:[redacted]@h"`],
    ['redis://u:p@w@h', `${encoded}, got "redis://u:[redacted]@h"`],
    ['redis://u:p%0Aw@h', 'expected credentials without control characters, got "redis://u:[redacted]@h"'],
    ['unix:run/s', `${socket}, got "unix:run/s"`],
    ['unix:/', `${socket}, got "unix:/"`],
    ['unix://host/s', `${socket}, got "unix://host/s"`],
    ['unix:/s?db=1&x=2', `${socket}, got "unix:/s?[redacted]"`],
    ['unix:/s?db=x', 'expected a database number of 0 to 1023 after ?db=, got "unix:/s?[redacted]"'],
    ['unix:/s%00', 'expected a socket path with valid percent-encoding, got "unix:/s%00"'],
  ])('refuses %j', (url, problem) => {
    expect(parseRedisUrl(url)).toBe(problem);
  });

  test('refuses an endless URL and shows the start of it', () => {
    const problem = parseRedisUrl(`redis://${'h'.repeat(5000)}`);
    expect(problem).toBe(`expected a URL of at most 2048 characters, got "redis://${'h'.repeat(70)}…`);
  });

  test('parse(display) gives the same target without its password', () => {
    const where = fc.oneof(
      fc.record({
        host: fc.constantFrom('h', '10.0.0.1', '2001:db8::1'),
        port: fc.integer({ min: 1, max: 65_535 }),
      }),
      fc
        .string({ unit: 'grapheme', minLength: 1 })
        .filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text))
        .map((text) => ({ host: '', port: 0, path: `/${text}` })),
    );
    const tls = { ca: null, cert: null, key: null };
    fc.assert(
      fc.property(
        where,
        username,
        fc.integer({ min: 0, max: 1023 }),
        fc.boolean(),
        (place, user, db, isTls) => {
          const path = 'path' in place ? place.path : null;
          const target = withDisplay({
            ...place,
            path,
            db,
            username: user,
            password: null,
            tls: isTls && path === null ? tls : null,
          });
          expect(parseRedisUrl(target.display)).toEqual(target);
        },
      ),
    );
  });
});

describe('sentinels and clusters', () => {
  test.each([
    [
      'sentinel://h/mymaster',
      {
        ...{ host: '', port: 0, path: null, db: 0, tls: null, read: 'primary' },
        topology: {
          ...{ kind: 'sentinel', name: 'mymaster', sentinels: [{ host: 'h', port: 26_379 }] },
          ...{ username: null, password: null },
        },
        display: 'sentinel://h:26379/mymaster',
      },
    ],
    [
      'Sentinel+TLS://me@H1:1,[2001:db8::1],h1:1/my.master/3?read=replica',
      {
        ...{ username: 'me', db: 3, read: 'replica', tls: { ca: null, cert: null, key: null } },
        display: 'sentinel+tls://me@h1:1,[2001:db8::1]:26379/my.master/3?read=replica',
      },
    ],
    [
      'cluster://a,b:7000/',
      {
        topology: {
          kind: 'cluster',
          seeds: [
            { host: 'a', port: 6379 },
            { host: 'b', port: 7000 },
          ],
        },
        display: 'cluster://a:6379,b:7000',
      },
    ],
    ['cluster+tls://u:p@a?read=primary', { username: 'u', display: 'cluster+tls://u@a:6379' }],
  ])('%s', (url, parts) => {
    expect(redis(url)).toMatchObject(parts);
    expect(redis(redis(url).display)).toEqual({ ...redis(url), password: null });
  });

  const noHost = 'expected a host name, an IPv4 address or an IPv6 address in brackets';
  const name = 'expected / and the name of the primary after the sentinels';
  const query = 'expected nothing but ?read=replica after the hosts and the name';
  test.each([
    ['sentinel://h', `${name}, got "sentinel://h"`],
    ['sentinel://h/', `${name}, got "sentinel://h/"`],
    ['sentinel://h/a b', `${name}, got "sentinel://h/a b"`],
    ['sentinel://h/a/b/c', `${name}, got "sentinel://h/a/b/c"`],
    ['sentinel://h,/a', `${noHost}, got "sentinel://h,/a"`],
    [
      'sentinel://h/a/9999',
      'expected / and a database number of 0 to 1023 after the name, got "sentinel://h/a/9999"',
    ],
    ['sentinel://h/a?role=replica', `${query}, got "sentinel://h/a?[redacted]"`],
    ['cluster://h?read=both', `${query}, got "cluster://h?[redacted]"`],
    ['cluster://h/2', 'expected no path: a cluster has one database, got "cluster://h/2"'],
    ['cluster://', `${noHost}, got "cluster://"`],
    [
      'cluster://a,u:pw@b',
      'expected credentials before the first host alone, with %2C for a comma in them, got "cluster://a,u:[redacted]@b"',
    ],
    [`cluster://${'h,'.repeat(64)}h`, /^expected at most 64 hosts, got /],
  ])('refuses %j', (url, problem) => {
    if (typeof problem === 'string') expect(parseRedisUrl(url)).toBe(problem);
    else expect(parseRedisUrl(url)).toMatch(problem);
  });

  test('a place is the same whoever asks, wherever is read, and in whatever order', () => {
    expect(placeOf(redis('cluster://me@b,a?read=replica'))).toBe('cluster://a:6379,b:6379');
    expect(placeOf(redis('sentinel://me:pw@b,a/m/2'))).toBe('sentinel://a:26379,b:26379/m/2');
    expect(placeOf(redis('redis://me:pw@h/2'))).toBe('redis://h:6379/2');
  });
});

describe('parseHttpUrl', () => {
  test.each([
    ['http://h', 'http://h'],
    ['http://prom:9090/prefix/', 'http://prom:9090/prefix'],
    ['http://h//', 'http://h'],
    ['HTTPS://Prom.Example:443/A', 'https://prom.example/A'],
    ['http://[2001:db8::1]:9090/', 'http://[2001:db8::1]:9090'],
    ['http://h/a%2Fb', 'http://h/a%2Fb'],
  ])('%s is %s', (text, url) => {
    expect(http(text)).toEqual({ url, basicAuth: null });
    expect(http(url).url).toBe(url);
  });

  test('userinfo becomes basicAuth and leaves the URL', () => {
    const { url, basicAuth } = http('https://me:p%40ss@h/x');
    expect(url).toBe('https://h/x');
    expect(basicAuth?.username).toBe('me');
    expect(basicAuth?.password.reveal()).toBe('p@ss');
  });

  const noHost = 'expected a host name, an IPv4 address or an IPv6 address in brackets';
  test.each([
    ['redis://h', 'expected an http:// or https:// URL, got "redis://h"'],
    ['prom:9090', 'expected an http:// or https:// URL, got "prom:9090"'],
    ['http:h', 'expected an http:// or https:// URL, got "http:[redacted]"'],
    ['http:///h', `${noHost}, got "http:///h"`],
    ['http://1.2.3.999', 'expected a valid host, got "http://1.2.3.999"'],
    ['http://h:99999', 'expected a port of 1 to 65535 after the host, got "http://h:99999"'],
    ['http://h/?query=up', 'expected a URL without a query or fragment, got "http://h/?[redacted]"'],
    ['http://h/#graph', 'expected a URL without a query or fragment, got "http://h/#[redacted]"'],
    ['http://-:80/S3cr3t@h', 'expected a path without "@" (write %40), got "http://-:[redacted]@h"'],
    ['http://h/a b', 'expected a path without spaces and backslashes, got "http://h/a b"'],
    ['http://h/a\\b', 'expected a path without spaces and backslashes, got "http://h/a\\\\b"'],
    ['http://a%3Ab:c@h', 'expected a username without ":", got "http://a%3Ab:[redacted]@h"'],
  ])('refuses %j', (url, problem) => {
    expect(parseHttpUrl(url)).toBe(problem);
  });
});

describe('what messages show', () => {
  test('a password never shows, wherever the URL is broken', () => {
    const start = fc.constantFrom(
      'redis://',
      'rediss://',
      'http://',
      'https://',
      'unix://',
      'sentinel://',
      'cluster+tls://',
      'ftp://',
      'redis:',
      '',
    );
    const end = fc.constantFrom('', '/0', '/x y', ':0', ':6379', '?db=1', '?x=y', '#z', '/a?b#c');
    fc.assert(
      fc.property(start, username, password, host, end, (scheme, user, secret, where, tail) => {
        // That would be the path of a socket, unbroken and without a password.
        fc.pre(scheme !== '' || user.toLowerCase() !== 'unix');
        // The first @ ends what stands before a socket's path, and the path is no secret.
        fc.pre(!/^unix:/i.test(scheme) || !/@\//.test(secret));
        const url = `${scheme}${encodeURIComponent(user)}:${secret}@${where}${tail}`;
        for (const parsed of [parseRedisUrl(url), parseHttpUrl(url)]) {
          expect(typeof parsed === 'string' ? parsed : JSON.stringify(parsed)).not.toContain(SECRET);
        }
        expect(redactUrl(url)).not.toContain(SECRET);
      }),
      { numRuns: 500 },
    );
  });

  test('an encoded password that is right is read, and is not displayed', () => {
    fc.assert(
      fc.property(
        password.filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text)),
        (secret) => {
          const target = redis(`redis://u:${encodeURIComponent(secret)}@h`);
          expect(target.password?.reveal()).toBe(secret);
          expect(target.display).toBe('redis://u@h:6379');
          expect(`${JSON.stringify(target)}${target.password}`).not.toContain(SECRET);
        },
      ),
    );
  });

  test.each([
    ['http://user@h', '"http://user@h"'],
    ['http://h/p?token=a@b', '"http://[redacted]@b"'],
    ['user%3Apw@h', '"[redacted]@h"'],
    ['user:pw@h', '"user:[redacted]@h"'],
    ['a\u001b[31m\u202eb', '"a\\u001b[31m\\u202eb"'],
    ['\u{e0001}', '"\\udb40\\udc01"'],
    ['5m', '"5m"'],
  ])('%j', (text, shown) => {
    expect(quote(text)).toBe(shown);
  });

  test('any text: no exception, at most 80 characters, nothing that a terminal obeys', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const shown = quote(text);
        expect(shown.length).toBeLessThanOrEqual(80);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        parseRedisUrl(text);
        parseHttpUrl(text);
      }),
    );
  });
});
