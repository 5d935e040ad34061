import { Big } from 'big.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { envelopeProblem } from '../../src/remedies/envelope.ts';
import { type Raise, type RaiseOrder, raiseCap } from '../../src/remedies/raise-cap.ts';
import type { Plan } from '../../src/remedies/types.ts';
import type { Held, Keyspace } from '../../src/signals/redis/keyspace.ts';
import { aegis } from '../support/evidence.ts';

const NOW_MS = Date.parse('2026-11-21T23:59:59.900Z');
const CAP = 'acp:agent_cost_cap:agent-7';
const SPEND = 'acp:agent_cost_today:agent-7:20261121';
const KEYS = {
  cap: 'acp:agent_cost_cap:{agent}',
  spends: [{ template: 'acp:agent_cost_today:{agent}:{yyyymmdd}', unit: 'USD' as const }],
};
const clock = {
  now: () => 0,
  iso: (ms: number) => new Date(ms).toISOString(),
  ms: (iso: string) => Date.parse(iso),
  steady: () => 0,
};
const spec = aegis.remedies['raise-cap'];
if (spec === null) throw new Error('the runbook lacks the remedy');

type Texts = Readonly<Record<string, string | Held | undefined>>;

/** What a raise comes to when these keys hold this; a text has no expiry. */
function planOf(texts: Texts, raise: Raise, order: Partial<RaiseOrder> = {}): Promise<Plan> {
  const heldAt = (key: string): Held | null => {
    const value = texts[key];
    return typeof value === 'string' ? { value, expiresAtMs: null } : (value ?? null);
  };
  const look = async (keys: readonly string[]) => ({
    nowMs: NOW_MS,
    held: keys.map(heldAt),
    foreign: new Set<number>(),
  });
  const world = { keyspace: { look } as unknown as Keyspace, clock };
  const none = { permanent: null, ceiling: null, forced: new Set<never>() };
  return raiseCap(
    spec as NonNullable<typeof spec>,
    KEYS,
    { agent: 'agent-7', raise, ...none, ...order },
    world,
  ).plan('launch');
}

const guardsOf = ({ refusals }: Plan) => refusals.map(({ guard }) => guard).sort();
/** What would be written, unless something is refused. */
const writesOf = ({ planned, refusals }: Plan) =>
  refusals.length > 0 ? [] : planned.flatMap(({ write }) => (write?.system === 'redis' ? [write] : []));

const anyUsd = fc.integer({ min: 1, max: 99_999_999_999 }).map((cents) => new Big(cents).div(100));
const anyRaise: fc.Arbitrary<Raise> = fc.oneof(
  anyUsd.map((to) => ({ to })),
  anyUsd.map((by) => ({ by })),
  fc.integer({ min: 1, max: 100_000 }).map((n) => ({ byPercent: new Big(n).div(100) })),
);
const anyStored = fc.oneof(
  anyUsd.map((usd) => usd.toFixed(2)),
  fc.constantFrom(
    'nan',
    'inf',
    '-inf',
    '0',
    '-0',
    '0.00',
    '-5',
    '1e2',
    '1e30',
    '1e31',
    '1e-30',
    ' 7 ',
    '',
    'abc',
  ),
  fc.stringMatching(/^[-+]?[0-9.e+-]{0,12}$/),
  fc.double().map(String),
  fc.string(),
);
const anyCap = fc.oneof(
  fc.constant(undefined),
  anyStored,
  anyStored.map((value) => ({ value, expiresAtMs: NOW_MS + 5_000 })),
);
const anyForce = fc.subarray(['lower', 'ceiling'] as const).map((guards) => new Set(guards));

describe('whatever is there, and whatever is asked for', () => {
  test('what is written is a positive decimal with two places and no end, and only over what was seen', async () => {
    let writes = 0;
    await fc.assert(
      fc.asyncProperty(anyCap, anyStored, anyRaise, anyForce, async (cap, spend, raise, forced) => {
        const plan = await planOf({ [CAP]: cap, [SPEND]: spend }, raise, { forced });
        for (const write of writesOf(plan)) {
          writes += 1;
          expect(write.key).toBe(CAP);
          expect(write.set?.value).toMatch(/^(?!0\.00$)(?:0|[1-9]\d*)\.\d\d$/);
          expect(write.set?.expiry).toBeNull();
          const seen = typeof cap === 'string' ? { value: cap, expiresAtMs: null } : (cap ?? null);
          expect(write.expect).toEqual(seen);
          if ('to' in raise) expect(write.set?.value).toBe(raise.to.toFixed(2));
        }
      }),
      { numRuns: 1_000 },
    );
    expect(writes).toBeGreaterThan(200);
  });

  test('a cap is never lowered, nor more than ten times what it was, unless the flag of that name says so', async () => {
    await fc.assert(
      fc.asyncProperty(anyUsd, anyRaise, anyForce, async (cap, raise, forced) => {
        const plan = await planOf({ [CAP]: cap.toFixed(2) }, raise, { forced });
        for (const { set } of writesOf(plan)) {
          const next = new Big(String(set?.value));
          if (!forced.has('lower')) expect(next.gte(cap)).toBe(true);
          if (!forced.has('ceiling')) expect(next.lte(cap.times(10))).toBe(true);
        }
        if (forced.size === 2) expect(plan.refusals).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('cents are exact: a raise by an amount is what whole numbers say', async () => {
    const cents = fc.integer({ min: 1, max: 2 ** 40 });
    const usd = (n: number) => `${Math.floor(n / 100)}.${String(n % 100).padStart(2, '0')}`;
    const forced = new Set(['ceiling'] as const);
    await fc.assert(
      fc.asyncProperty(cents, cents, async (cap, more) => {
        const plan = await planOf({ [CAP]: usd(cap) }, { by: new Big(usd(more)) }, { forced });
        expect(writesOf(plan).map(({ set }) => set?.value)).toEqual([usd(cap + more)]);
      }),
    );
  });
});

describe('guards', () => {
  const at = (cap: string, to: string, order: Partial<RaiseOrder> = {}) =>
    planOf({ [CAP]: cap }, { to: new Big(to) }, order).then(guardsOf);

  test.each([
    ['100.00', '100.00', null, []],
    ['100.00', '99.99', null, ['lower']],
    ['100.00', '1000.00', null, []],
    ['100.00', '1000.01', null, ['ceiling']],
    ['abc', '999999999.99', null, []],
    ['abc', '500.00', '500.00', []],
    ['abc', '500.01', '500.00', ['ceiling']],
    ['10.00', '500.00', '500.00', []],
    ['1000.00', '600.00', '500.00', ['ceiling', 'lower']],
    // As written 0.01 is nothing more than what is there, and yet it is.
    ['0.009', '0.01', null, []],
    ['0.011', '0.01', null, ['lower']],
  ])('from %s to %s under a ceiling of %s: %j', async (cap, to, ceiling, guards) => {
    expect(await at(cap, to, { ceiling: ceiling === null ? null : new Big(ceiling) })).toEqual(guards);
  });

  test('a token is not sent in the clear, and nothing is written either', async () => {
    const target = {
      bearerToken: null,
      basicAuth: { username: 'u', password: {} as never },
      headers: {},
      tls: null,
    };
    const to = (url: string) =>
      at('1.00', '2.00', { permanent: { tenant: 'acme', api: { url, ...target } } });
    expect(await to('http://10.0.0.1/api')).toEqual(['plain-http']);
    expect(await to('http://localhost.example/api')).toEqual(['plain-http']);
    for (const url of [
      'https://10.0.0.1/api',
      'http://127.0.0.1:1/api',
      'http://[::1]/api',
      'http://localhost',
    ])
      expect(await to(url)).toEqual([]);
  });
});

describe('the day of the spend', () => {
  test("is the server's, not this machine's", async () => {
    const plan = await planOf({ [CAP]: '100.00', [SPEND]: '112.50' }, { to: new Big('110') });
    expect(plan.facts).toEqual([
      { name: 'spent today', value: '$112.50' },
      { name: 'cap so far', value: '$100.00' },
      { name: 'used', value: '113%' },
    ]);
    expect(plan.warnings.join()).toMatch(/^still-blocked: \$112\.50 are spent already today/);
  });
});

describe("an answer of the API's that came with 200", () => {
  test.each([
    '',
    ' \n',
    '{}',
    '{"success":true}',
    '{"success":true,"data":{"success":false}}',
    'null',
    '[]',
    '"ok"',
  ])('%j is done', (body) => {
    expect(envelopeProblem(body)).toBeNull();
  });

  test.each([
    ['{"success":false}', 'did not succeed'],
    [' {"success" : false, "error": "quota"}\n', 'did not succeed'],
    ['<html>', 'not JSON'],
    ['{"success":true', 'not JSON'],
    ['OK', 'not JSON'],
  ])('%j is not', (body, problem) => {
    expect(envelopeProblem(body)).toContain(problem);
  });
});
