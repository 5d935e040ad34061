import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InterruptedError } from '../../src/errors.ts';
import { entriesOf } from '../../src/journal/entries.ts';
import type { Remedy } from '../../src/remedies/types.ts';
import { blocking, makeDoor, raising, type TestDoor, undoing, type World } from '../support/door.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import { about } from '../support/ttl.ts';

const HOUR_MS = 3_600_000;
/** Far less than clocks are apart here. */
const NEAR_MS = 60_000;
const IP = '203.0.113.42';
const BLOCK = `acp:ip_block:${IP}`;
const CAP = 'acp:agent_cost_cap:agent-7';

const redis = freshRedis();
let door: TestDoor;
beforeEach(async () => {
  door = await makeDoor(redis);
});

const redisNowMs = async () => {
  const [seconds, micros] = (await redis.cli('TIME')).split('\n').map(Number);
  return (seconds ?? 0) * 1_000 + Math.floor((micros ?? 0) / 1_000);
};
const lasts = async (key: string) => Number(await redis.cli('PTTL', key)) / 1_000;
const block = (seconds: number) => redis.cli('SET', BLOCK, 'old', 'EX', `${seconds}`);
const events = async () => (await door.journal.read()).events.map(({ event }) => event);
const yes = async () => true;

describe.each([
  ['ahead of', 5 * HOUR_MS],
  ['behind', -30 * HOUR_MS],
])("this machine's clock is %s the server's", (words, aheadMs) => {
  const warning = `this machine's clock is ${Math.abs(aheadMs) / 1_000} s ${words} the server's; expiries are given by the server's`;

  test("expiries are by the server's, and the warning says so", async () => {
    const { outcome } = await door.through(blocking(IP), { aheadMs });
    expect(outcome).toMatchObject({ status: 'applied', warnings: expect.arrayContaining([warning]) });
    const end = (await redisNowMs()) + HOUR_MS;
    expect(await lasts(BLOCK)).toEqual(about(3_600));
    expect(Math.abs(Date.parse(outcome.expiresAt ?? '') - end)).toBeLessThan(NEAR_MS);
    const { events } = await door.journal.read();
    for (const event of events) {
      const after = 'changes' in event ? event.changes[0]?.after : null;
      expect(after).toMatchObject({ value: 'testing', ttlSeconds: 3_600 });
      expect(Math.abs(Date.parse(after?.expiresAt ?? '') - end), event.event).toBeLessThan(NEAR_MS);
    }
    const intended = events.find(({ event }) => event === 'intent');
    expect(Math.abs(Date.parse(Object(intended).systemAt) - end + HOUR_MS)).toBeLessThan(NEAR_MS);
  });

  test('an undo restores what was left of the earlier block', async () => {
    await block(1_000);
    expect((await door.through(blocking(IP), { aheadMs })).outcome.status).toBe('applied');
    expect(await lasts(BLOCK)).toBeGreaterThan(3_500);
    const [entry] = entriesOf((await door.journal.read()).events);
    if (entry === undefined) throw new Error('no entry');
    expect((await door.through(undoing(entry), { aheadMs })).outcome.status).toBe('applied');
    expect(await redis.cli('GET', BLOCK)).toBe('old');
    expect(await lasts(BLOCK)).toEqual(about(1_000));
  });

  test("the day of the spend is the server's", async () => {
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');
    const now = await redisNowMs();
    for (const days of [-2, -1, 1, 2]) {
      await redis.cli('SET', `acp:agent_cost_today:agent-7:${day(now + days * 24 * HOUR_MS)}`, '999.00');
    }
    await redis.cli('SET', `acp:agent_cost_today:agent-7:${day(now)}`, '42.00');
    await redis.cli('SET', CAP, '40.00');
    const { outcome, shown } = await door.through(raising('agent-7', '50.00'), {
      aheadMs,
      answers: { confirm: yes },
    });
    expect(shown[0]?.facts).toContainEqual({ name: 'spent today', value: '$42.00' });
    expect(shown[0]?.warnings).toContain(warning);
    expect(outcome.status).toBe('applied');
    expect(await redis.cli('GET', CAP)).toBe('50.00');
    expect(await redis.cli('TTL', CAP)).toBe('-1');
  });
});

test('clocks that agree within five seconds are not worth a word', async () => {
  const { outcome } = await door.through(blocking(IP), { aheadMs: 3_000 });
  expect(outcome.warnings.join()).not.toContain('clock');
});

describe('who is asked what', () => {
  test('without --yes: one yes; the preview is what is written', async () => {
    await block(600);
    const { outcome, questions, shown } = await door.through(blocking(IP), { answers: { confirm: yes } });
    expect(questions).toEqual([`block-ip ${IP}?`]);
    expect(shown).toHaveLength(1);
    expect(shown[0]?.planned.map(({ change }) => change)).toMatchObject([
      {
        target: BLOCK,
        before: { value: 'old', ttlSeconds: about(600) },
        after: { value: 'testing', ttlSeconds: 3_600 },
      },
    ]);
    expect(outcome).toMatchObject({ status: 'applied', id: 'ID-1' });
    expect(await events()).toEqual(['intent', 'outcome']);
  });

  test('with --yes and a reason: nothing', async () => {
    const { outcome, questions } = await door.through(blocking(IP), { answers: {}, yes: true });
    expect({ questions, status: outcome.status }).toEqual({ questions: [], status: 'applied' });
  });

  test('the reason, when none was given; it is what is stored', async () => {
    const answers = { reason: async () => 'because', confirm: yes };
    const { outcome, questions, shown } = await door.through(blocking(IP), { answers, reason: null });
    expect(questions).toEqual(['reason', `block-ip ${IP}?`]);
    expect(shown[0]?.planned[0]?.change.after?.value).toBe('because');
    expect(outcome).toMatchObject({ status: 'applied', reason: 'because' });
    expect(await redis.cli('GET', BLOCK)).toBe('because');
  });

  test('not the reason of an extended block, which it keeps', async () => {
    await block(600);
    const { questions } = await door.through(blocking(IP), { answers: { confirm: yes }, reason: null });
    expect(questions).toEqual([`block-ip ${IP}?`]);
    expect(await redis.cli('GET', BLOCK)).toBe('old');
  });

  test('in production the name of the context, in place of the yes', async () => {
    const given = { production: true, context: 'prod-eu' };
    const no = { typed: async () => false };
    const declined = await door.through(blocking(IP), { ...given, answers: no });
    expect(declined.questions).toEqual(['type prod-eu (the context)']);
    expect(declined.outcome).toMatchObject({
      status: 'refused',
      message: 'the context was not typed; nothing was changed',
    });
    expect([await events(), await redis.cli('EXISTS', BLOCK)]).toEqual([[], '0']);

    const typed = { typed: async (_: string, word: string) => word === 'prod-eu' };
    expect((await door.through(blocking(IP), { ...given, answers: typed })).outcome.status).toBe('applied');
  });

  test('what the remedy wants typed and the context, one after the other; one missed is a no', async () => {
    const grave = (world: World): Remedy => {
      const remedy = blocking(IP)(world);
      const typed = { what: 'the tenant', word: 'acme' };
      return { ...remedy, plan: async (reason) => ({ ...(await remedy.plan(reason)), typed }) };
    };
    const given = { production: true, context: 'prod-eu' };
    for (const [known, status] of [
      [['acme'], 'refused'],
      [['acme', 'prod-eu'], 'applied'],
    ] as const) {
      const answers = { typed: async (_: string, word: string) => known.some((one) => one === word) };
      const { outcome, questions } = await door.through(grave, { ...given, answers });
      expect(questions).toEqual(['type acme (the tenant)', 'type prod-eu (the context)']);
      expect(outcome.status).toBe(status);
    }
  });

  test('in production --yes wants the context named on the command line', async () => {
    const given = { production: true, context: 'prod-eu', yes: true };
    const { outcome } = await door.through(blocking(IP), given);
    expect(outcome).toMatchObject({
      status: 'refused',
      refusals: [{ guard: 'production', override: '--context prod-eu' }],
    });
    expect(outcome.advice).toEqual(['ratelimit', 'block-ip', '--context', 'prod-eu']);
    expect([await events(), await redis.cli('EXISTS', BLOCK)]).toEqual([[], '0']);
    expect((await door.through(blocking(IP), { ...given, contextNamed: true })).outcome.status).toBe(
      'applied',
    );
  });
});

describe('nothing is written, and no intent either, when', () => {
  afterEach(async () => {
    expect([await events(), await redis.cli('KEYS', '*')]).toEqual([[], '']);
  });

  test('the operator says no', async () => {
    const { outcome } = await door.through(blocking(IP), { answers: { confirm: async () => false } });
    expect(outcome).toMatchObject({
      status: 'refused',
      refusals: [{ guard: 'confirmation', override: null }],
    });
  });

  test.each(['reason', 'confirm', 'typed'] as const)('the operator leaves at: %s', async (question) => {
    const leave = async () => {
      throw new InterruptedError();
    };
    const given = {
      reason: question === 'reason' ? null : 'testing',
      context: 'prod',
      production: question === 'typed',
    };
    const leaving = door.through(blocking(IP), { ...given, answers: { [question]: leave } });
    await expect(leaving).rejects.toThrow(InterruptedError);
  });

  test('it is a dry run, which asks nothing', async () => {
    const { outcome, questions } = await door.through(blocking(IP), { answers: {}, dryRun: true });
    expect(outcome).toMatchObject({
      status: 'dry-run',
      id: null,
      undo: null,
      changes: [{ status: 'dry-run' }],
    });
    expect(questions).toEqual([]);
  });

  test.each([
    ['nobody can be asked', { yes: false }, 'confirmation', '--yes'],
    ['nobody can be asked for a reason', { reason: null }, 'reason', '--reason'],
  ])('%s', async (_, given, guard, override) => {
    const { outcome } = await door.through(blocking(IP), given);
    expect(outcome).toMatchObject({ status: 'refused', refusals: [{ guard, override }] });
  });

  test('the journal cannot be written', async () => {
    await mkdir(door.folder, { recursive: true });
    await symlink('/dev/full', join(door.folder, 'journal.jsonl'));
    const { outcome } = await door.through(blocking(IP), { answers: { confirm: yes } });
    expect(outcome).toMatchObject({
      status: 'refused',
      id: null,
      refusals: [{ guard: 'journal', override: null }],
    });
    expect(outcome.message).toContain('no space is left');
  });
});
