import fc from 'fast-check';
import type { Id, Reading } from '../../src/evidence/types.ts';
import { isValidId } from '../../src/signals/entities.ts';
import * as given from './evidence.ts';

/** What goes on, before any adapter has looked at it. Entities are numbers, so that they can be named at will. */
export interface Happening {
  readonly failures: readonly number[];
  readonly strangers: readonly (readonly [Id, number])[];
  readonly lastSeen: number | null;
  readonly perSecond: number;
  readonly rejected: readonly { execute: number; other: number }[];
  readonly spends: readonly (readonly [number, string | null])[];
  readonly ages: readonly number[];
  readonly up: readonly (0 | 1)[];
}

const failureCounts = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 250 }),
  fc.array(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 5000 })), { maxLength: 70 }),
);
const perSecond = fc.integer({ min: 0, max: 600 }).map((n) => n / 100);
const rejectsOf = fc.record({
  execute: fc.oneof(fc.constant(0), perSecond),
  other: fc.oneof(fc.constant(0), perSecond),
});

export const happening: fc.Arbitrary<Happening> = fc.record({
  failures: failureCounts,
  strangers: fc.array(
    fc.tuple(
      fc.string({ unit: 'binary', minLength: 1 }).filter((id) => !isValidId('ip', id)),
      fc.integer({ min: 1, max: 900 }),
    ),
    { maxLength: 3 },
  ),
  lastSeen: fc.option(fc.integer({ min: 0, max: 300 })),
  perSecond: fc.integer({ min: 0, max: 900 }).map((n) => n / 100),
  rejected: fc.array(rejectsOf, { maxLength: 12 }),
  spends: fc.array(
    fc.tuple(fc.integer({ min: 0, max: 150 }), fc.constantFrom('100.00', '50', '0', 'abc', '-1', null)),
    { maxLength: 4 },
  ),
  ages: fc.array(fc.integer({ min: 0, max: 1300 }), { maxLength: 5 }),
  up: fc.array(fc.constantFrom(0, 1), { maxLength: 3 }),
});

export interface Names {
  readonly ip: (index: number) => string;
  readonly tenant: (index: number) => string;
  readonly agent: (index: number) => string;
}
export const plainNames: Names = {
  ip: given.address,
  tenant: (index) => `tenant-${index}`,
  agent: (index) => `agent-${index}`,
};

/** The signals that tell of it, with its entities named and in the order that is asked for. */
export function readingsOf(
  of: Happening,
  names = plainNames,
  order = <T>(list: T[]): T[] => list,
): Record<string, Reading> {
  const failures = [
    ...of.failures.map((count, index): [Id, number] => [names.ip(index), count]),
    ...of.strangers.map(([id, count]): [Id, number] => [id, count]),
  ];
  const tenants = of.rejected.map(
    ({ execute, other }, index) => [names.tenant(index), { '/execute': execute, '/agents': other }] as const,
  );
  const spends = of.spends.map((spend, index) => [names.agent(index), spend] as const);
  return {
    'auth-failures-by-ip': given.counters(order(failures), of.lastSeen),
    'auth-failures-total': given.rate(of.perSecond),
    'rejects-by-tenant': given.rejects(order(tenants)),
    'agent-spend': given.agents(order(spends)),
    deploys: of.ages.length > 0 ? given.deploys(of.ages) : given.absent('Prometheus has no such metric'),
    'service-up': given.services(of.up.map((up, index) => [`service-${index}`, up] as const)),
  };
}

const blindness = fc.constantFrom(
  given.unknown('timeout', 'no answer in 5s'),
  given.absent('there is no such source'),
  given.empty(),
  given.empty('no samples', false),
);

/** Any readings at all: of anything that happens, with some signals missing in any way. */
export const anyReadings: fc.Arbitrary<Record<string, Reading>> = fc
  .tuple(
    happening,
    fc.dictionary(fc.constantFrom(...Object.keys(given.aegis.signals)), blindness, { maxKeys: 4 }),
  )
  .map(([what, blind]) => ({ ...readingsOf(what), ...blind }));

const hostilePart = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  fc.constantFrom(
    '\x1b[2J',
    '\r\n',
    '\u202e',
    '\u200b',
    '\u0000',
    '\x9b31m',
    '`',
    '|',
    '](',
    '<b>',
    '日本',
    ' ',
  ),
);

/** Text as an attacker would choose it: controls, bidi and zero-width characters, halves of pairs, markup. */
export const hostile: fc.Arbitrary<string> = fc
  .array(hostilePart, { minLength: 1, maxLength: 60 })
  .map((parts) => parts.join(''));
