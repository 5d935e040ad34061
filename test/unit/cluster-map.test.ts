import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countOf, orphansOf, readMap, slotsText } from '../../src/signals/redis/cluster-map.ts';
import { placeAt, placeOf, serverAt } from '../../src/signals/redis/place.ts';
import { SLOTS } from '../../src/signals/redis/slots.ts';
import { readStanding } from '../../src/signals/redis/standing.ts';
import { redisTarget } from '../support/collecting.ts';

const asked = placeOf({ host: '10.0.0.9', port: 7000 });
const target = redisTarget(7000);
const read = (reply: unknown) => readMap(reply, asked, target);

describe('an answer of CLUSTER SLOTS', () => {
  test("masters with their replicas and all their slots; what is left is nobody's", () => {
    const { parts, orphans } = read([
      [0, 99, ['10.0.0.1', 7001, 'id1', []], ['10.0.0.2', 7002, 'id2']],
      [200, 200, ['10.0.0.1', 7001, 'id1'], ['10.0.0.2', 7002, 'id2']],
      [201, 16_383, ['2001:db8::1', 7003, 'id3', ['hostname', 'redis-3.example']]],
    ]);
    expect(parts).toMatchObject([
      {
        master: { name: '10.0.0.1:7001', servername: null },
        replicas: [{ name: '10.0.0.2:7002' }],
        slots: [
          [0, 99],
          [200, 200],
        ],
      },
      { master: { name: '[2001:db8::1]:7003', servername: 'redis-3.example' }, replicas: [] },
    ]);
    expect(orphans).toEqual([[100, 199]]);
    expect(orphansOf(orphans)).toMatchObject([{ name: 'slots 100-199', share: 100 / SLOTS }]);
    expect(orphansOf([])).toEqual([]);
    expect(
      slotsText([
        [3, 3],
        [5, 9],
      ]),
    ).toBe('slots 3, 5-9');
    expect(
      countOf([
        [3, 3],
        [5, 9],
      ]),
    ).toBe(6);
  });

  test('a node without an address of its own is where it was reached', () => {
    for (const host of [null, '']) {
      expect(read([[0, 16_383, [host, 7005, 'id']]]).parts[0]?.master.name).toBe('10.0.0.9:7005');
    }
    const hidden = [[0, 16_383, ['?', 7005, 'id', ['ip', '10.0.0.7']]]];
    expect(read(hidden).parts[0]?.master.name).toBe('10.0.0.7:7005');
  });

  test('a master whose address is none serves nothing that can be read', () => {
    for (const host of ['a b', 'x\u001b[2J', 'fe80::1%eth0', '?', 7, 'h'.repeat(300)]) {
      const { parts, orphans } = read([[0, 16_383, [host, 7005, 'id']]]);
      expect({ parts, orphans }).toEqual({ parts: [], orphans: [[0, 16_383]] });
    }
    for (const port of [0, -1, 65_536, 'x', null, 1.5]) {
      expect(read([[0, 16_383, ['h', port, 'id']]]).parts).toEqual([]);
    }
  });

  test.each([
    ['no list', 'OK'],
    ['no rows', [[1]]],
    ['slots that are none', [[0, 16_384, ['h', 1, 'id']]]],
    ['slots the wrong way round', [[9, 3, ['h', 1, 'id']]]],
    [
      'a slot twice',
      [
        [0, 9, ['h', 1, 'id']],
        [9, 12, ['g', 1, 'id']],
      ],
    ],
    ['text for a slot', [['0', '9', ['h', 1, 'id']]]],
  ])('%s is malformed', (_, reply) => {
    expect(() => read(reply)).toThrow('what CLUSTER SLOTS answers is no list of slots');
  });

  test("whatever it is, every slot is served once, or nobody's, or it is malformed", () => {
    const host = fc.oneof(
      fc.constantFrom('a', 'b', '10.0.0.1', '', null, '?'),
      fc.string({ unit: 'binary' }),
    );
    const node = fc.tuple(host, fc.oneof(fc.integer({ min: -1, max: 70_000 }), fc.string()), fc.string());
    const slot = fc.integer({ min: -1, max: 16_384 });
    const row = fc.tuple(slot, slot, node, node);
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 9, arbitrary: row }, fc.anything()), { maxLength: 4 }),
        (reply) => {
          try {
            const { parts, orphans } = read(reply);
            expect(countOf([...orphans, ...parts.flatMap(({ slots }) => slots)])).toBe(SLOTS);
            for (const { master } of parts) expect(master.name).toMatch(/^[\w.:[\]-]+:\d+$/);
          } catch (error) {
            expect(error).toMatchObject({ name: 'SourceError', cause: 'malformed' });
          }
        },
      ),
    );
  });
});

test('a server out of several is reached with the credentials of all, under the name of its certificate', () => {
  const secured = redisTarget(1, { username: 'me', tls: { ca: 'CA', cert: null, key: null }, db: 2 });
  const place = placeAt('10.0.0.1', '7001', 'redis-1.example');
  if (place === null) throw new Error('no place');
  expect(serverAt(secured, place)).toMatchObject({
    ...{ host: '10.0.0.1', port: 7001, db: 2, username: 'me', display: 'rediss://10.0.0.1:7001' },
    tls: { ca: 'CA', servername: 'redis-1.example' },
  });
  expect(serverAt(secured, placeOf(place)).tls).toEqual(secured.tls);
});

test.each([
  ['role:master\r\ncluster_enabled:1\r\n', { clustered: true, replica: false, behind: null }],
  [
    'role:slave\r\nmaster_link_status:up\r\nmaster_last_io_seconds_ago:7\r\n',
    { clustered: false, replica: true, behind: { seconds: 7, linkDown: false } },
  ],
  [
    'role:slave\nmaster_link_status:down\nmaster_last_io_seconds_ago:-1\nmaster_link_down_since_seconds:90',
    { clustered: false, replica: true, behind: { seconds: 90, linkDown: true } },
  ],
  [
    'role:slave\nmaster_link_status:down\nmaster_link_down_since_seconds:-1',
    { clustered: false, replica: true, behind: { seconds: null, linkDown: true } },
  ],
  ['', { clustered: false, replica: null, behind: null }],
])('INFO says %j', (text, standing) => {
  expect(readStanding(text)).toEqual(standing);
});
