import { beforeEach, describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { remedy } from './block-ip-support.ts';

// The gateway in the field counts what an agent spends in whole cents, by month or by day, against a cap in USD.

const CAP = 'acp:agent_cost_cap:agent-7';
const redis = freshRedis();
let home = '';
let iso = '';
beforeEach(async () => {
  home = await temporaryFolder('home');
  iso = new Date(Number((await redis.cli('TIME')).split('\n')[0]) * 1_000).toISOString();
});

const at = () => ({ home, env: { RATELIMIT_REDIS_URL: redis.url } });
const month = (agent: string) => `acp:inference_cost:agent:${agent}:${iso.slice(0, 7)}`;
const day = (agent: string) => `acp:inference_cost:agent:${agent}:${iso.slice(0, 10)}`;
const today = (agent: string) => `acp:agent_cost_today:${agent}:${iso.slice(0, 10).replaceAll('-', '')}`;
const raiseTo = (usd: string) =>
  remedy(['raise-cap', 'agent-7', '--to', usd, '--reason', 'launch day', '--yes'], at());

describe('caps', () => {
  test.each([
    ['the list', []],
    ['one agent', ['agent-7']],
  ])('%s shows dollars, and what the spend covers', async (_, words) => {
    await redis.load([
      ['SET', CAP, '100.00'],
      ['SET', month('agent-7'), '11250'],
    ]);
    const { stdout } = await runProgram(['caps', '-o', 'json', ...words], at());
    expect(JSON.parse(stdout).caps).toMatchObject([
      { agent: 'agent-7', capUsd: 100, spendUsd: 112.5, ratio: 1.125, period: 'month' },
    ]);
    expect(JSON.parse(stdout).caps[0].source).toBe('acp:inference_cost:agent:*:* / acp:agent_cost_cap:*');
    const human = await runProgram(['caps', ...words], at());
    expect(human.stdout).toMatch(/this month's spend[\s\S]*\$112\.50 \/ month/);
  });

  test.each([
    ['the day in dollars', '140.00', '12000', 'day', 140],
    ['the month in cents', '20.00', '12000', 'month', 120],
  ])('of two counters the one that the cap refuses counts: %s', async (_, usd, cents, period, spendUsd) => {
    await redis.load([
      ['SET', CAP, '100.00'],
      ['SET', today('agent-7'), usd],
      ['SET', month('agent-7'), cents],
      ['SET', day('agent-7'), '100'],
    ]);
    for (const words of [[], ['agent-7']]) {
      const { stdout } = await runProgram(['caps', '-o', 'json', ...words], at());
      expect(JSON.parse(stdout).caps).toMatchObject([{ period, spendUsd }]);
    }
  });
});

describe('raise-cap', () => {
  beforeEach(() =>
    redis.load([
      ['SET', CAP, '100.00'],
      ['SET', month('agent-7'), '11250'],
    ]),
  );

  test('to less than what is spent says that the agent stays blocked, and is told not to take effect', async () => {
    const { code, document } = await raiseTo('110');
    expect(code).toBe(1);
    expect(document).toMatchObject({ status: 'applied', verified: 'not-enforced' });
    expect(document.warnings.join()).toMatch(/still-blocked: \$112\.50 are spent already this month/);
  });

  test('to more than that has so much left', async () => {
    const { code, document } = await raiseTo('150');
    expect(code).toBe(0);
    expect(document).toMatchObject({ status: 'applied', verified: 'stored', warnings: [] });
    expect(document).toMatchObject({
      facts: expect.arrayContaining([{ name: 'spent this month', value: '$112.50' }]),
    });
    expect(await redis.cli('GET', CAP)).toBe('150.00');
  });
});
