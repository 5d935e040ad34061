import { beforeEach, expect, test } from 'vitest';
import { blocking, makeDoor, raising, type TestDoor, unblocking } from '../support/door.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import { about } from '../support/ttl.ts';

const IP = '203.0.113.42';
const BLOCK = `acp:ip_block:${IP}`;
const CAP = 'acp:agent_cost_cap:agent-7';

const redis = freshRedis();
let door: TestDoor;
beforeEach(async () => {
  door = await makeDoor(redis);
});

const block = (seconds: number) => redis.cli('SET', BLOCK, 'old', 'EX', `${seconds}`);
const events = async () => (await door.journal.read()).events.map(({ event }) => event);
/** What happens while the operator reads the preview. */
const meanwhile =
  (happens: () => Promise<unknown>, answer = true) =>
  async () => {
    await happens();
    return answer;
  };

test.each<[string, number, () => Promise<unknown>, object | null]>([
  [
    'somebody else blocked it',
    0,
    () => redis.cli('SET', BLOCK, 'theirs', 'EX', '600'),
    { value: 'theirs', ttlSeconds: about(600) },
  ],
  [
    'somebody else extended it',
    600,
    () => redis.cli('EXPIRE', BLOCK, '700'),
    { value: 'old', ttlSeconds: about(700) },
  ],
  [
    'somebody else gave another reason',
    600,
    () => redis.cli('SET', BLOCK, 'new', 'KEEPTTL'),
    { value: 'new', ttlSeconds: about(600) },
  ],
  ['the block has ended', 600, () => redis.cli('DEL', BLOCK), null],
])('%s: a conflict that shows both, no intent, nothing written', async (_, seconds, happens, found) => {
  if (seconds > 0) await block(seconds);
  const answers = { confirm: meanwhile(happens) };
  const { outcome } = await door.through(blocking(IP), { answers });
  const before = seconds > 0 ? { value: 'old', ttlSeconds: about(seconds) } : null;
  expect(outcome).toMatchObject({ status: 'conflict', id: null, undo: null });
  expect(outcome.changes).toMatchObject([{ target: BLOCK, status: 'conflict', before, after: found }]);
  expect(await events()).toEqual([]);
  expect(await redis.cli('GET', BLOCK)).toBe(Object(found).value ?? '');
});

test('what was changed and changed back is no conflict', async () => {
  const put = () => redis.cli('SET', BLOCK, 'old', 'PXAT', end);
  const end = String(Date.now() + 600_000);
  await put();
  const happens = async () => {
    await redis.cli('DEL', BLOCK);
    await put();
  };
  const { outcome } = await door.through(blocking(IP), { answers: { confirm: meanwhile(happens) } });
  expect(outcome.status).toBe('applied');
});

test('a cap that was raised meanwhile is a conflict; its running spend is not', async () => {
  await redis.cli('SET', CAP, '100.00');
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const spend = () => redis.cli('SET', `acp:agent_cost_today:agent-7:${day}`, '99.50');
  const raise = () => redis.cli('SET', CAP, '120.00');
  const refused = await door.through(raising('agent-7', '150.00'), {
    answers: { confirm: meanwhile(raise) },
  });
  expect(refused.outcome).toMatchObject({
    status: 'conflict',
    changes: [{ before: { value: '100.00' }, after: { value: '120.00' } }],
  });
  expect(await redis.cli('GET', CAP)).toBe('120.00');
  const applied = await door.through(raising('agent-7', '150.00'), {
    answers: { confirm: meanwhile(spend) },
  });
  expect(applied.outcome.status).toBe('applied');
});

test('a guard that did not hold before the question refuses after it', async () => {
  const isProxy = () => redis.cli('SET', `acp:auth_failures:${IP}`, '1');
  const answers = { confirm: meanwhile(isProxy) };
  const { outcome } = await door.through(blocking(IP), { answers });
  expect(outcome).toMatchObject({
    status: 'refused',
    refusals: [{ guard: 'proxy', override: '--force-proxy' }],
  });
  expect([await events(), await redis.cli('EXISTS', BLOCK)]).toEqual([[], '0']);
  const forced = await door.through(blocking(IP, ['proxy']), { answers });
  expect(forced.outcome.status).toBe('applied');
});

test('a counter that runs on while the operator is asked is none, and is deleted as it is', async () => {
  await block(600);
  await redis.cli('SET', `acp:auth_fail:${IP}`, '3', 'EX', '300');
  const runs = () => redis.cli('INCR', `acp:auth_fail:${IP}`);
  const answers = { confirm: meanwhile(runs) };
  const { outcome } = await door.through(unblocking(IP), { answers });
  expect(outcome.status).toBe('applied');
  expect(await redis.cli('KEYS', '*')).toBe('');
});

/** The same, while the operator types the reason. */
const whileTyping = (happens: () => Promise<unknown>) => async () => {
  await happens();
  return 'typed';
};

test.each([true, false])(
  'a guard that appears while the reason is typed refuses (--yes: %s)',
  async (yes) => {
    const isProxy = () => redis.cli('SET', `acp:auth_failures:${IP}`, '1');
    const answers = { reason: whileTyping(isProxy), confirm: async () => true };
    const { outcome } = await door.through(blocking(IP), { answers, yes, reason: null });
    expect(outcome).toMatchObject({ status: 'refused', refusals: [{ guard: 'proxy' }] });
    expect([await events(), await redis.cli('EXISTS', BLOCK)]).toEqual([[], '0']);
  },
);

test.each([true, false])(
  'what is so by the time that the reason is typed is unchanged (--yes: %s)',
  async (yes) => {
    const answers = {
      reason: whileTyping(() => block(9_000)),
      ...(yes ? {} : { confirm: async () => true }),
    };
    const { outcome } = await door.through(blocking(IP), { answers, yes, reason: null });
    expect(outcome.status).toBe('unchanged');
    expect(await events()).toEqual([]);
  },
);

test('of several, the one that was changed is named', async () => {
  const end = String(Date.now() + 600_000);
  for (const ip of ['203.0.113.1', '203.0.113.2'])
    await redis.cli('SET', `acp:ip_block:${ip}`, 'x', 'PXAT', end);
  const answers = { confirm: meanwhile(() => redis.cli('DEL', 'acp:ip_block:203.0.113.1')) };
  const { outcome } = await door.through(unblocking('203.0.113.1', '203.0.113.2'), { answers });
  expect(outcome).toMatchObject({ status: 'conflict', changes: [{ target: 'acp:ip_block:203.0.113.1' }] });
});

test('what was not in the preview is not changed', async () => {
  await redis.cli('SET', 'acp:ip_block:203.0.113.1', 'x', 'EX', '600');
  const blocked = () => redis.cli('SET', 'acp:ip_block:203.0.113.2', 'a new attack', 'EX', '600');
  const answers = { confirm: meanwhile(blocked) };
  await door.through(unblocking('203.0.113.1', '203.0.113.2'), { answers });
  expect(await redis.cli('GET', 'acp:ip_block:203.0.113.2')).toBe('a new attack');
});
