import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BLOCK_GUARDS,
  type BlockGuard,
  guardBlock,
  guardWidth,
  notChecked,
  ownAddress,
  type Surroundings,
} from '../../src/remedies/guards.ts';
import { addressClass } from '../../src/values/address.ts';
import { expand, parseTarget, type Target } from '../../src/values/targets.ts';

const IP = '203.0.113.42';

function target(text: string): Target {
  const parsed = parseTarget(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

const NOTHING: Surroundings = {
  neverBlock: [],
  peers: new Set(),
  hosts: [],
  own: null,
  behind: null,
};

/** All that a signal has seen behind addresses. */
const seen = (...counts: [string, number][]) => ({ counts: new Map(counts), isComplete: true });

const addressesOf = (texts: readonly string[]) => texts.flatMap((text) => [...expand(target(text))]);

/** What is refused, as the door asks. */
function refusals(
  texts: readonly string[],
  around: Partial<Surroundings> = {},
  forced: readonly string[] = [],
) {
  const known = { ...NOTHING, ...around };
  return guardBlock(texts.map(target), addressesOf(texts), known, new Set(forced));
}
const guards = (...args: Parameters<typeof refusals>) => refusals(...args).map(({ guard }) => guard);

/** Something that each guard refuses, without a word of the others. */
const SITUATIONS: Record<BlockGuard, [texts: string[], around: Partial<Surroundings>]> = {
  loopback: [['127.0.0.1'], {}],
  private: [['10.0.0.1'], {}],
  'link-local': [['169.254.0.1'], {}],
  multicast: [['224.0.0.1'], {}],
  unspecified: [['0.0.0.0'], {}],
  reserved: [['240.0.0.1'], {}],
  'never-block': [['198.51.100.1'], { neverBlock: [target('198.51.100.0/24')] }],
  proxy: [['198.51.100.2'], { peers: new Set(['198.51.100.2']) }],
  host: [['198.51.100.3'], { hosts: [{ what: 'Redis', addresses: ['198.51.100.3'] }] }],
  own: [['198.51.100.4'], { own: '198.51.100.4' }],
  shared: [['198.51.100.5'], { behind: seen(['198.51.100.5', 2]) }],
};
const ALL = BLOCK_GUARDS.filter((guard) => guard !== 'never-block');
const everything: [string[], Partial<Surroundings>] = [
  ALL.flatMap((guard) => SITUATIONS[guard][0]),
  Object.assign({}, ...ALL.map((guard) => SITUATIONS[guard][1])),
];

describe('every guard', () => {
  test.each(BLOCK_GUARDS)('%s refuses, says so, names its flag, and only that flag overrides it', (guard) => {
    const [texts, around] = SITUATIONS[guard];
    expect(refusals(texts, around)).toEqual([
      { guard, message: expect.stringContaining(texts[0] ?? ''), override: `--force-${guard}` },
    ]);
    const others = BLOCK_GUARDS.filter((one) => one !== guard);
    expect(guards(texts, around, others)).toEqual([guard]);
    expect(guards(texts, around, [guard])).toEqual([]);
  });

  test('stands by itself: whatever is overridden, the others still refuse, all at once', () => {
    fc.assert(
      fc.property(fc.subarray([...ALL]), (forced) => {
        expect(guards(...everything, forced)).toEqual(ALL.filter((guard) => !forced.includes(guard)));
      }),
    );
  });

  test('has nothing to say of an address that nobody knows', () => {
    expect(guards([IP, '2001:db8::42'])).toEqual([]);
  });
});

describe('the class', () => {
  const octet = fc.nat({ max: 255 });
  const v4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'));

  test('of each address in a range counts: a public one is allowed, no other ever is', () => {
    fc.assert(
      fc.property(fc.oneof(v4, fc.ipV6()), (ip) => {
        if (typeof parseTarget(ip) === 'string') return;
        const kind = addressClass(ip);
        expect(guards([ip])).toEqual(kind === 'public' ? [] : [kind]);
        expect(guards([IP, ip, '2001:db8::1'])).toEqual(kind === 'public' ? [] : [kind]);
      }),
    );
  });

  test('of 6to4 and NAT64 is that of what they embed', () => {
    fc.assert(
      fc.property(fc.tuple(octet, octet, octet, octet), (octets) => {
        const [a, b, c, d] = octets.map((part) => part.toString(16).padStart(2, '0'));
        const inside = guards([octets.join('.')]);
        expect(guards([`2002:${a}${b}:${c}${d}::1`])).toEqual(inside);
        expect(guards([`64:ff9b::${octets.join('.')}`])).toEqual(inside);
      }),
    );
  });

  test('names three addresses and counts the rest', () => {
    const [refusal] = refusals(['10.0.0.0/24']);
    expect(refusal?.message).toMatch(
      /^10\.0\.0\.0, 10\.0\.0\.1, 10\.0\.0\.2 and 253 more: private address, /,
    );
  });
});

describe('the never-block list', () => {
  const ranges = fc
    .tuple(fc.nat({ max: 63 }), fc.integer({ min: 26, max: 32 }))
    .map(([low, prefix]) => `203.0.113.${low - (low % 2 ** (32 - prefix))}/${prefix}`);

  test('holds where any single address is in both, by whichever is wider', () => {
    fc.assert(
      fc.property(fc.array(ranges, { minLength: 1, maxLength: 3 }), ranges, (wanted, never) => {
        const inList = new Set(expand(target(never)));
        const isHit = addressesOf(wanted).some((address) => inList.has(address));
        expect(guards(wanted, { neverBlock: [target(never)] })).toEqual(isHit ? ['never-block'] : []);
      }),
    );
  });

  test('names the entry and what of the order it is about; one refusal an entry', () => {
    const neverBlock = [target('203.0.113.40/29'), target('2001:db8::/64'), target('192.0.2.10')];
    const messages = refusals([IP, '2001:db8::1', '198.51.100.1'], { neverBlock }).map(
      ({ message }) => message,
    );
    expect(messages).toEqual([
      `${IP}: on the never-block list (203.0.113.40/29)`,
      '2001:db8::1: on the never-block list (2001:db8::/64)',
    ]);
  });

  test('of one family says nothing of the other', () => {
    expect(guards([IP], { neverBlock: [target('::/0')] })).toEqual([]);
    expect(guards(['2001:db8::1'], { neverBlock: [target('0.0.0.0/0')] })).toEqual([]);
  });
});

describe('hosts', () => {
  test('that cannot be looked up could be anywhere: refused whatever the address', () => {
    const hosts = [{ what: 'Redis (db.internal)', addresses: 'getaddrinfo EAI_AGAIN db.internal' }];
    expect(refusals([IP], { hosts })).toEqual([
      {
        guard: 'host',
        message: expect.stringMatching(/Redis \(db\.internal\) could not be checked: getaddrinfo EAI_AGAIN/),
        override: '--force-host',
      },
    ]);
    expect(guards([IP], { hosts }, ['host'])).toEqual([]);
  });

  test('any of their addresses, in any spelling, also inside a range', () => {
    const hosts = [
      { what: 'Redis', addresses: ['198.51.100.1', '::ffff:203.0.113.42'] },
      { what: 'the API', addresses: ['2001:DB8:0:0::7'] },
    ];
    expect(guards(['203.0.113.0/24'], { hosts })).toEqual(['host']);
    expect(guards(['2001:db8::/120', IP], { hosts })).toEqual(['host', 'host']);
    expect(guards(['203.0.113.43', '2001:db8::8'], { hosts })).toEqual([]);
  });
});

describe('shared', () => {
  test.each([
    [0, []],
    [1, []],
    [2, ['shared']],
    [40, ['shared']],
  ])('%i behind it', (count, expected) => {
    expect(guards([IP], { behind: seen([IP, count]) })).toEqual(expected);
  });
});

describe('what could not be checked', () => {
  test.each([
    [null, null, /own address.*SSH_CONNECTION.*, .*customers share it/],
    [null, seen(), /own address/],
    [IP, null, /customers share it/],
  ])('own %j, sharing %j', (own, behind, said) => {
    const [sentence, ...others] = notChecked([IP], { ...NOTHING, own, behind });
    expect(sentence).toMatch(said);
    expect(others).toEqual([]);
    if (own !== null) expect(sentence).not.toContain('own');
    if (behind !== null) expect(sentence).not.toContain('customers');
  });

  test('nothing', () => {
    expect(notChecked([IP], { ...NOTHING, own: IP, behind: seen() })).toEqual([]);
  });

  test('an address that is not among those that were told, when others were left out', () => {
    const behind = { ...seen(['198.51.100.5', 2]), isComplete: false };
    expect(notChecked(['198.51.100.5'], { ...NOTHING, own: IP, behind })).toEqual([]);
    expect(notChecked([IP], { ...NOTHING, own: '198.51.100.9', behind })[0]).toMatch(/customers share it/);
  });
});

describe('an IPv6 address that carries an IPv4 one', () => {
  test.each(['64:ff9b::cb00:712a', '2002:cb00:712a::1'])('%s is guarded by it', (carrier) => {
    const inside = '203.0.113.42';
    const guarded: Partial<Surroundings>[] = [
      { neverBlock: [target('203.0.113.0/24')] },
      { hosts: [{ what: 'Redis', addresses: [inside] }] },
      { own: inside },
      { behind: seen([inside, 3]) },
    ];
    expect(guarded.flatMap((around) => guards([carrier], around))).toEqual([
      'never-block',
      'host',
      'own',
      'shared',
    ]);
  });
});

describe('the address that an operator is logged in from', () => {
  test.each([
    [undefined, null],
    ['', null],
    ['UNKNOWN 65535 UNKNOWN 65535', null],
    [`${IP} 52122 10.0.0.5 22`, IP],
    ['::ffff:203.0.113.42 52122 ::ffff:10.0.0.5 22', IP],
    ['2001:DB8:0::42 52122 2001:db8::1 22', '2001:db8::42'],
    ['fe80::1%eth0 52122 fe80::2%eth0 22', 'fe80::1'],
    ['010.0.0.1 1 2 3', null],
  ])('SSH_CONNECTION %j: %j', (variable, own) => {
    expect(ownAddress(variable)).toBe(own);
  });
});

describe('how many', () => {
  const width = (texts: string[], max = 256) => guardWidth(texts.map(target), max);

  test.each(['203.0.0.0/15', '0.0.0.0/0', '2001:db8::/31', '::/0'])('%s is never blocked', (text) => {
    expect(width([IP, text], 4_096)).toEqual([
      { guard: 'width', message: expect.stringContaining(text), override: null },
    ]);
  });

  test.each(['203.0.0.0/16', '2001:db8::/32'])('%s is not too wide, yet too many', (text) => {
    expect(width([text], 4_096)).toMatchObject([{ guard: 'max', override: null }]);
  });

  test('up to the limit, and the flag that allows more as long as there is one', () => {
    expect(width(['203.0.113.0/24'])).toEqual([]);
    expect(width(['203.0.113.0/24', '198.51.100.1'])).toMatchObject([
      { guard: 'max', override: '--max 257' },
    ]);
    expect(width(['2001:db8::/116'], 4_096)).toEqual([]);
    expect(width(['2001:db8::/116', IP], 4_096)).toMatchObject([{ guard: 'max', override: null }]);
  });

  test('what is allowed is never more than the limit, so that expanding it ends', () => {
    const text = fc
      .tuple(fc.constantFrom('203.0.0.0', '2001:db8::'), fc.nat({ max: 128 }))
      .map(([ip, bits]) => {
        return `${ip}/${ip.includes(':') ? bits : bits % 33}`;
      });
    const targets = fc
      .array(text, { minLength: 1, maxLength: 4 })
      .map((texts) => texts.map((one) => parseTarget(one)).filter((one) => typeof one !== 'string'));
    fc.assert(
      fc.property(targets, fc.integer({ min: 1, max: 4_096 }), (list, max) => {
        if (guardWidth(list, max).length > 0) return;
        const count = new Set(list.flatMap((one) => [...expand(one)])).size;
        expect(count).toBeLessThanOrEqual(max);
      }),
    );
  });
});
