import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AddressClass,
  addressClass,
  canonicalAddress,
  isAddress,
  isLoopbackHost,
  isPublicAddress,
} from '../../src/values/address.ts';
import { coveredBy, expand, overlaps, parseTarget, type Target } from '../../src/values/targets.ts';

/** A target that is known to be good. */
function target(text: string): Target {
  const parsed = parseTarget(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

const groupsOf = (value: bigint): string[] =>
  [7n, 6n, 5n, 4n, 3n, 2n, 1n, 0n].map((at) => ((value >> (16n * at)) & 0xffffn).toString(16));
const v6 = (value: bigint): string => groupsOf(value).join(':');
const v4 = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');

const anyV4 = fc.nat({ max: 0xffffffff }).map(v4);
/** With runs of zeros, as real addresses have. */
const anyV6 = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat({ max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((group) => group.toString(16)).join(':'));
const octets = (ip: string): number[] => ip.split('.').map(Number);
const hex = (...bytes: number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** What the platform's own parser makes of an IPv6 address: an independent writer of RFC 5952. */
const asUrl = (ip: string): string => new URL(`http://[${ip}]/`).hostname.slice(1, -1);

describe('a canonical address', () => {
  test.each([
    ['203.0.113.5', '203.0.113.5'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:102:304', '1.2.3.4'],
    ['0:0:0:0:0:ffff:1.2.3.4', '1.2.3.4'],
    ['2001:0DB8:0000:0000:0000:0000:0000:0042', '2001:db8::42'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:1:0:0:0:0:0', '0:0:1::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['0:0:0:0:0:0:0:0', '::'],
    // Not the mapped 1.2.3.4, which ipaddr.js takes it for.
    ['::1.2.3.4', '::102:304'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ])('of %s is %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  test.each(['', '1.2.3', '010.1.2.3', '0x7f.0.0.1', 'fe80::1%eth0', '[::1]', '1.2.3.4/32', ' 1.2.3.4', 'a'])(
    'of %j is none',
    (text) => {
      expect(canonicalAddress(text)).toBeNull();
    },
  );

  test('is what the platform writes, and its own canonical form', () => {
    fc.assert(
      fc.property(fc.oneof(anyV6, fc.ipV6()), (ip) => {
        const canonical = canonicalAddress(ip) ?? '';
        expect(canonicalAddress(canonical)).toBe(canonical);
        if (!asUrl(ip).startsWith('::ffff:')) expect(canonical).toBe(asUrl(ip));
      }),
    );
  });

  test('is the same for every way to write an address', () => {
    fc.assert(
      fc.property(anyV6, (ip) => {
        const groups = ip.split(':').map((group) => group.padStart(4, '0'));
        const tail = octets(v4(Number.parseInt(`${groups[6]}${groups[7]}`, 16))).join('.');
        const spellings = [
          ip.toUpperCase(),
          groups.join(':'),
          asUrl(ip),
          `${groups.slice(0, 6).join(':')}:${tail}`,
        ];
        expect(new Set(spellings.map(canonicalAddress))).toEqual(new Set([canonicalAddress(ip)]));
      }),
    );
    fc.assert(
      fc.property(anyV4, (ip) => {
        const [a = 0, b = 0, c = 0, d = 0] = octets(ip);
        for (const text of [ip, `::ffff:${ip}`, `::FFFF:${hex(a, b)}:${hex(c, d)}`, `0:0:0:0:0:ffff:${ip}`])
          expect(canonicalAddress(text)).toBe(ip);
      }),
    );
  });
});

/** Written from the IANA registries, first and last address of each; nothing here is of ipaddr.js. */
const REGISTRY: readonly (readonly [string, AddressClass])[] = [
  ['1.0.0.0/8', 'public'],
  ['8.0.0.0/8', 'public'],
  ['192.0.2.0/24', 'public'],
  ['198.51.100.0/24', 'public'],
  ['203.0.113.0/24', 'public'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'private'],
  ['172.16.0.0/12', 'private'],
  ['192.168.0.0/16', 'private'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['224.0.0.0/4', 'multicast'],
  ['0.0.0.0', 'unspecified'],
  ['0.0.0.1', 'reserved'],
  ['0.128.0.0/9', 'reserved'],
  ['192.0.0.0/24', 'reserved'],
  ['192.31.196.0/24', 'reserved'],
  ['192.52.193.0/24', 'reserved'],
  ['192.88.99.0/24', 'reserved'],
  ['192.175.48.0/24', 'reserved'],
  ['198.18.0.0/15', 'reserved'],
  ['240.0.0.0/4', 'reserved'],
  ['255.255.255.255', 'reserved'],
  ['2600::/12', 'public'],
  ['2a00::/12', 'public'],
  ['2001:200::/23', 'public'],
  ['2001:db8::/32', 'public'],
  ['3fff::/20', 'public'],
  ['fc00::/7', 'private'],
  ['fec0::/10', 'private'],
  ['::1', 'loopback'],
  ['fe80::/10', 'link-local'],
  ['ff00::/8', 'multicast'],
  ['::', 'unspecified'],
  ['::2', 'reserved'],
  ['::102:0/112', 'reserved'],
  ['::ffff:0:0:0/96', 'reserved'],
  ['64:ff9b:2::/48', 'reserved'],
  ['100::/64', 'reserved'],
  ['2001::/32', 'reserved'],
  ['2001:2::/48', 'reserved'],
  ['2001:3::/32', 'reserved'],
  ['2001:4:112::/48', 'reserved'],
  ['2001:10::/28', 'reserved'],
  ['2001:20::/28', 'reserved'],
  ['2001:30::/28', 'reserved'],
  ['2001:1ff::/32', 'reserved'],
  ['2620:4f:8000::/48', 'reserved'],
  ['4000::/2', 'reserved'],
  ['5f00::/16', 'reserved'],
  ['e000::/4', 'reserved'],
];

/** The last address of a target. */
function lastOf({ first, family, size }: Target): string {
  if (family === 4)
    return v4(Number(octets(first).reduce((all, byte) => all * 256 + byte, 0)) + Number(size) - 1);
  const [head = '', tail = ''] = first.split('::');
  const part = (text: string) => (text === '' ? [] : text.split(':'));
  const zeros = Array(8 - part(head).length - part(tail).length).fill('0');
  const all = first.includes('::') ? [...part(head), ...zeros, ...part(tail)] : part(first);
  return v6(all.reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n) + size - 1n);
}

describe('the class of an address', () => {
  test.each(REGISTRY)('in %s is %s, from the first to the last', (text, expected) => {
    const range = target(text);
    expect([range.first, addressClass(range.first)]).toEqual([range.first, expected]);
    expect([lastOf(range), addressClass(lastOf(range))]).toEqual([lastOf(range), expected]);
  });

  test.each([
    ['9.255.255.255', 'public'],
    ['11.0.0.0', 'public'],
    ['100.63.255.255', 'public'],
    ['100.128.0.0', 'public'],
    ['172.15.255.255', 'public'],
    ['172.32.0.0', 'public'],
    ['192.167.255.255', 'public'],
    ['192.169.0.0', 'public'],
    ['126.255.255.255', 'public'],
    ['128.0.0.0', 'public'],
    ['169.253.255.255', 'public'],
    ['169.255.0.0', 'public'],
    ['223.255.255.255', 'public'],
    ['198.17.255.255', 'public'],
    ['198.20.0.0', 'public'],
    ['1fff:ffff::', 'reserved'],
    ['2000::', 'public'],
    ['3fff:1000::', 'public'],
    ['4000::', 'reserved'],
  ])('just outside a range: %s is %s', (ip, expected) => {
    expect(addressClass(ip)).toBe(expected);
  });

  test.each(['', 'localhost', '1.2.3', '8.8.8.8/24', 'fe80::1%eth0', '0x08080808', '010.8.8.8'])(
    'of %j, no address, is reserved',
    (text) => {
      expect(addressClass(text)).toBe('reserved');
    },
  );

  test.each(['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10'])(
    'within %s is never public',
    (text) => {
      const { first, prefix, family } = target(text);
      const base = family === 4 ? octets(first).reduce((all, byte) => all * 256n + BigInt(byte), 0n) : null;
      const free = BigInt((family === 4 ? 32 : 128) - prefix);
      fc.assert(
        fc.property(fc.bigInt({ min: 0n, max: (1n << free) - 1n }), (offset) => {
          const start = base ?? BigInt(`0x${first.split('::')[0]}`) << 112n;
          const ip = family === 4 ? v4(Number(start + offset)) : v6(start + offset);
          expect(addressClass(ip)).toBe('private');
          if (family === 4) expect(addressClass(`::ffff:${ip}`)).toBe('private');
        }),
      );
    },
  );

  test('is public exactly when the address is', () => {
    fc.assert(
      fc.property(fc.oneof(anyV4, anyV6, fc.string()), (text) => {
        expect(isPublicAddress(text)).toBe(addressClass(text) === 'public');
        if (!isAddress(text)) expect(isPublicAddress(text)).toBe(false);
      }),
    );
  });

  test('is that of the IPv4 address inside, for mapped, 6to4 and NAT64 addresses', () => {
    fc.assert(
      fc.property(anyV4, fc.bigInt({ min: 0n, max: (1n << 80n) - 1n }), (ip, rest) => {
        const [a = 0, b = 0, c = 0, d = 0] = octets(ip);
        const expected = addressClass(ip);
        expect(addressClass(`::ffff:${ip}`)).toBe(expected);
        expect(addressClass(`2002:${hex(a, b)}:${hex(c, d)}:${groupsOf(rest).slice(3).join(':')}`)).toBe(
          expected,
        );
        expect(addressClass(`64:ff9b::${ip}`)).toBe(expected);
        // RFC 6052, 2.2: prefixes of 96, 64, 56 and 48 bits in the local-use range.
        expect(addressClass(`64:ff9b:1::${ip}`)).toBe(expected);
        if (a === 0) return;
        expect(addressClass(`64:ff9b:1:0:${hex(0, a)}:${hex(b, c)}:${hex(d, 0)}:0`)).toBe(expected);
        expect(addressClass(`64:ff9b:1:${hex(0, a)}:${hex(0, b)}:${hex(c, d)}:0:0`)).toBe(expected);
        expect(addressClass(`64:ff9b:1:${hex(a, b)}:${hex(0, c)}:${hex(d, 0)}:0:0`)).toBe(expected);
      }),
    );
  });

  test.each([
    ['2002:a00:1::1', 'private'],
    ['2002:7f00:1::', 'loopback'],
    ['2002:808:808::', 'public'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['64:ff9b::8.8.8.8', 'public'],
    ['64:ff9b::', 'unspecified'],
    ['64:ff9b::1:0:808:808', 'reserved'],
    ['64:ff9b:1:abcd::10.0.0.1', 'private'],
    ['64:ff9b:1:abcd::8.8.8.8', 'public'],
    ['64:ff9b:1:c0a8:1:100::', 'private'],
    // Byte 8 is always zero in RFC 6052: no IPv4 address can be read.
    ['64:ff9b:1::ff00:0:808:808', 'reserved'],
    ['2001:0:808:808::1', 'reserved'],
    ['::8.8.8.8', 'reserved'],
  ])('%s is %s', (ip, expected) => {
    expect(addressClass(ip)).toBe(expected);
  });
});

describe('a loopback host', () => {
  test.each([
    ...[
      'localhost',
      'LOCALHOST',
      'localhost.',
      'api.localhost',
      'a.b-c.localhost',
      '127.0.0.1',
      '127.8.9.10',
    ],
    ...['::1', '[::1]', '0:0:0:0:0:0:0:1', '[127.0.0.1]', '::ffff:127.0.0.1'],
  ])('%s is one', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  test.each([
    ...[
      '',
      '.localhost',
      'notlocalhost',
      'localhost.example.com',
      'localhost:80',
      '[localhost]',
      'a..localhost',
    ],
    ...['128.0.0.1', '0.0.0.0', '::', '::2', '[::1', '::1]', '[[::1]]', '127.1', '127.0.0.1.example.com'],
    ...['2002:7f00:1::', '::127.0.0.1', 'localhost\n', 'evil.com/x.localhost'],
  ])('%j is none', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});

describe('a target', () => {
  test.each([
    ['203.0.113.5', '203.0.113.5', 4, 32, 1n, '203.0.113.5'],
    ['203.0.113.5/32', '203.0.113.5', 4, 32, 1n, '203.0.113.5'],
    ['203.0.113.0/28', '203.0.113.0/28', 4, 28, 16n, '203.0.113.0'],
    ['0.0.0.0/0', '0.0.0.0/0', 4, 0, 1n << 32n, '0.0.0.0'],
    ['::ffff:1.2.3.4', '1.2.3.4', 4, 32, 1n, '1.2.3.4'],
    ['::ffff:102:304', '1.2.3.4', 4, 32, 1n, '1.2.3.4'],
    ['::ffff:1.2.3.4/128', '1.2.3.4', 4, 32, 1n, '1.2.3.4'],
    ['::ffff:1.2.3.0/120', '1.2.3.0/24', 4, 24, 256n, '1.2.3.0'],
    ['::ffff:0:0/96', '0.0.0.0/0', 4, 0, 1n << 32n, '0.0.0.0'],
    ['2001:DB8:0:0::42', '2001:db8::42', 6, 128, 1n, '2001:db8::42'],
    ['2001:db8::42/128', '2001:db8::42', 6, 128, 1n, '2001:db8::42'],
    ['2001:0db8:0:0:0:0:0:0/32', '2001:db8::/32', 6, 32, 1n << 96n, '2001:db8::'],
    ['2001:db8::/127', '2001:db8::/127', 6, 127, 2n, '2001:db8::'],
    ['::/0', '::/0', 6, 0, 1n << 128n, '::'],
    ['::1.2.3.4', '::102:304', 6, 128, 1n, '::102:304'],
  ])('%s is read', (written, text, family, prefix, size, first) => {
    expect(parseTarget(written)).toEqual({ text, family, prefix, size, first });
  });

  const HEAD = 'expected an IP address or a range such as 203.0.113.0/28, got ';
  const BITS = (most: number) =>
    `write a prefix length of 0 to ${most} after the slash, without leading zeros`;
  const FOUR = 'an IPv4 address has four numbers of 0 to 255';
  const GROUPS = 'an IPv6 address has eight groups of hexadecimal digits, or one ::';
  const OCTAL = 'write numbers without leading zeros, some programs read them as octal';
  const ONE = 'give one at a time, without spaces or commas';
  const PORT = 'leave out brackets and port';
  const WILD = 'write a range with a prefix length, an address with four decimal numbers';
  const ZONE = 'leave out the zone after the %, it means something on one machine only';
  const MAPPED = 'it is wider than all of IPv4 inside IPv6: write the IPv4 range itself';

  test.each([
    ['', '"": give one'],
    ['1.2.3', `"1.2.3": ${FOUR}`],
    ['1.2.3.256', `"1.2.3.256": ${FOUR}`],
    ['3405803818', `"3405803818": ${FOUR}`],
    ['010.1.2.3', `"010.1.2.3": ${OCTAL}`],
    ['1.2.3.04/24', `"1.2.3.04/24": ${OCTAL}`],
    ['0x7f000001', `"0x7f000001": ${WILD}`],
    ['1.2.3.*', `"1.2.3.*": ${WILD}`],
    ['1.2.3.4-1.2.3.9', `"1.2.3.4-1.2.3.9": ${WILD}`],
    [' 1.2.3.4', `" 1.2.3.4": ${ONE}`],
    ['1.2.3.4\n', `"1.2.3.4\\n": ${ONE}`],
    ['1.2.3.4,5.6.7.8', `"1.2.3.4,5.6.7.8": ${ONE}`],
    ['1.2.3.4:443', `"1.2.3.4:443": ${PORT}`],
    ['[::1]', `"[::1]": ${PORT}`],
    ['http://1.2.3.4/', '"http://1.2.3.4/": give the address alone, not a URL'],
    ['example.com', '"example.com": give the address itself, not a name'],
    ['2001:db8:::1', `"2001:db8:::1": ${GROUPS}`],
    ['1:2:3:4:5:6:7', `"1:2:3:4:5:6:7": ${GROUPS}`],
    ['fe80::1%eth0', `"fe80::1%eth0": ${ZONE}`],
    ['fe80::%eth0/64', `"fe80::%eth0/64": ${ZONE}`],
    ['1.2.3.4/24/8', '"1.2.3.4/24/8": write one prefix length after one slash'],
    ['1.2.3.0/', `"1.2.3.0/": ${BITS(32)}`],
    ['1.2.3.0/33', `"1.2.3.0/33": ${BITS(32)}`],
    ['1.2.3.0/024', `"1.2.3.0/024": ${BITS(32)}`],
    ['1.2.3.0/00', `"1.2.3.0/00": ${BITS(32)}`],
    ['1.2.3.0/-1', `"1.2.3.0/-1": ${BITS(32)}`],
    ['1.2.3.0/+8', `"1.2.3.0/+8": ${BITS(32)}`],
    ['1.2.3.0/2e1', `"1.2.3.0/2e1": ${BITS(32)}`],
    ['1.2.3.0/255.255.255.0', `"1.2.3.0/255.255.255.0": ${BITS(32)}`],
    ['2001:db8::/129', `"2001:db8::/129": ${BITS(128)}`],
    ['2001:db8::/0128', `"2001:db8::/0128": ${BITS(128)}`],
    ['::ffff:1.2.3.0/24', `"::ffff:1.2.3.0/24": ${MAPPED}`],
    ['::ffff:0:0/95', `"::ffff:0:0/95": ${MAPPED}`],
  ])('%j is refused with a reason', (text, message) => {
    expect(parseTarget(text)).toBe(HEAD + message);
  });

  test.each([
    ['203.0.113.5/28', '203.0.113.0/28', '203.0.113.5'],
    ['203.0.113.5/0', '0.0.0.0/0', '203.0.113.5'],
    ['203.0.113.255/31', '203.0.113.254/31', '203.0.113.255'],
    ['::ffff:1.2.3.5/120', '1.2.3.0/24', '1.2.3.5'],
    ['2001:DB8::1/64', '2001:db8::/64', '2001:db8::1'],
    ['2001:db8:ffff::/33', '2001:db8:8000::/33', '2001:db8:ffff::'],
  ])('%s is refused with both readings', (text, range, address) => {
    expect(parseTarget(text)).toBe(
      `${HEAD}"${text}": give either the range ${range} or the address ${address}`,
    );
  });

  test('that is far too long is not echoed', () => {
    expect(parseTarget('1'.repeat(100_000))).toBe(`${HEAD}100000 characters: give one address or range`);
    expect(parseTarget('1.2.3.4'.padEnd(65))).toBe(`${HEAD}65 characters: give one address or range`);
  });

  test('is a target or one line of text, for any text', () => {
    const like = fc.stringMatching(/^[0-9a-fx:.%/[\]-]{0,50}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), like, fc.webUrl()), (text) => {
        const parsed = parseTarget(text);
        if (typeof parsed === 'string') expect(parsed).toMatch(/^expected [^\p{Cc}]+$/u);
        else expect(parseTarget(parsed.text)).toEqual(parsed);
      }),
      { numRuns: 1000 },
    );
  });

  test('is read for every address and prefix length, or names the range that is', () => {
    fc.assert(
      fc.property(fc.oneof(anyV4, anyV6), fc.nat({ max: 128 }), (ip, bits) => {
        const prefix = ip.includes(':') ? bits : bits % 33;
        const parsed = parseTarget(`${ip}/${prefix}`);
        const range =
          typeof parsed === 'string' ? / the range (\S+) or the address (\S+)$/.exec(parsed) : null;
        if (typeof parsed !== 'string') expect(coveredBy(ip, parsed)).toBe(true);
        else if (range === null) expect(parsed).toContain(MAPPED);
        else {
          expect(target(range[1] ?? '').text).toBe(range[1]);
          expect(coveredBy(ip, target(range[1] ?? ''))).toBe(true);
          expect(range[2]).toBe(canonicalAddress(ip));
        }
      }),
    );
  });
});

/** A range around an address, small enough to write out, and an address of the same family. */
const rangeAnd = (max: number) =>
  fc.tuple(fc.oneof(anyV4, anyV6), fc.nat({ max })).map(([ip, free]) => {
    const canonical = canonicalAddress(ip) ?? '';
    const text = `${canonical}/${(canonical.includes(':') ? 128 : 32) - free}`;
    const parsed = parseTarget(text);
    return typeof parsed !== 'string' ? parsed : target(/ the range (\S+) /.exec(parsed)?.[1] ?? '');
  });

describe('a range', () => {
  test('is written out in order', () => {
    expect([...expand(target('203.0.113.252/30'))]).toEqual(
      ['252', '253', '254', '255'].map((n) => `203.0.113.${n}`),
    );
    expect([...expand(target('10.0.255.254/31'))]).toEqual(['10.0.255.254', '10.0.255.255']);
    expect([...expand(target('2001:db8::fffe/127'))]).toEqual(['2001:db8::fffe', '2001:db8::ffff']);
    expect([...expand(target('255.255.255.254/31'))]).toEqual(['255.255.255.254', '255.255.255.255']);
    expect([...expand(target('::1'))]).toEqual(['::1']);
    expect([...expand(target('1.2.0.0/16'))].slice(254, 258)).toEqual([
      '1.2.0.254',
      '1.2.0.255',
      '1.2.1.0',
      '1.2.1.1',
    ]);
  });

  test('is written out lazily, however large', () => {
    const all = expand(target('2001:db8::/32'));
    expect([all.next().value, all.next().value]).toEqual(['2001:db8::', '2001:db8::1']);
  });

  test('holds exactly as many distinct canonical addresses as its size says', () => {
    fc.assert(
      fc.property(rangeAnd(9), (range) => {
        const all = [...expand(range)];
        expect(BigInt(all.length)).toBe(range.size);
        expect(new Set(all).size).toBe(all.length);
        expect(all[0]).toBe(range.first);
        expect(all.filter((ip) => !coveredBy(ip, range) || canonicalAddress(ip) !== ip)).toEqual([]);
      }),
    );
  });

  test('covers what the platform says it does', () => {
    const near = fc.tuple(fc.nat({ max: 0xffff }), fc.nat({ max: 32 }), fc.nat({ max: 0xffff }));
    fc.assert(
      fc.property(near, ([low, prefix, other]) => {
        const text = `203.0.${v4(low).split('.').slice(2).join('.')}/${prefix}`;
        const parsed = parseTarget(text);
        const range = typeof parsed === 'string' ? target(/range (\S+) or/.exec(parsed)?.[1] ?? '') : parsed;
        const list = new BlockList();
        list.addSubnet(range.first, range.prefix);
        const ip = `203.0.${v4(other).split('.').slice(2).join('.')}`;
        expect(coveredBy(ip, range)).toBe(list.check(ip));
        expect(coveredBy(`::ffff:${ip}`, range)).toBe(list.check(ip));
      }),
    );
  });

  test.each([
    ['203.0.113.5', '203.0.113.0/28', true],
    ['203.0.113.16', '203.0.113.0/28', false],
    ['203.0.113.5', '203.0.113.5', true],
    ['::ffff:203.0.113.5', '203.0.113.0/28', true],
    ['2001:DB8:0::5', '2001:db8::/32', true],
    ['2001:db9::', '2001:db8::/32', false],
    ['1.2.3.4', '0.0.0.0/0', true],
    ['1.2.3.4', '::/0', false],
    ['::1', '0.0.0.0/0', false],
    ['::1.2.3.4', '1.2.3.4', false],
    ['nonsense', '0.0.0.0/0', false],
    ['', '::/0', false],
  ])('covering: %s in %s is %s', (address, range, expected) => {
    expect(coveredBy(address, target(range))).toBe(expected);
  });

  test.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.0.0.0/8', '11.0.0.0/8', false],
    ['10.0.0.5', '10.0.0.4/31', true],
    ['10.0.0.5', '10.0.0.6', false],
    ['0.0.0.0/0', '::/0', false],
    ['2001:db8::/32', '2001:db8:5::/48', true],
    ['2001:db8::/48', '2001:db8:5::/48', false],
    ['0.0.0.0/0', '::ffff:1.2.3.4', true],
  ])('overlap: %s and %s is %s, both ways', (a, b, expected) => {
    expect(overlaps(target(a), target(b))).toBe(expected);
    expect(overlaps(target(b), target(a))).toBe(expected);
  });

  test('overlaps another when they share an address', () => {
    fc.assert(
      fc.property(rangeAnd(6), rangeAnd(6), (a, b) => {
        expect(overlaps(a, a)).toBe(true);
        expect(overlaps(a, b)).toBe([...expand(a)].some((ip) => coveredBy(ip, b)));
      }),
    );
  });
});
