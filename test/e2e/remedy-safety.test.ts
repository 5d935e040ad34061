import { describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { errorDocument } from './systems.ts';

const TOKEN = 'tok-4711-secret';
const redis = freshRedis();

const flags = (...words: string[]) => [...words, '--reason', 'test', '--yes', '--verify', '0', '-o', 'json'];
const at = () => ['--redis-url', redis.url];
type Document = {
  status: string;
  message: string | null;
  changes: { status: string; message: string | null; verified: string | null }[];
  facts: { name: string; value: string }[];
};

describe('the token', () => {
  const permanent = (gateway: Gateway, home: string, env: Record<string, string> = {}) =>
    runProgram(flags('raise-cap', 'agent-7', '--to', '5.00', '--permanent', '--tenant', 'acme', ...at()), {
      env: { RATELIMIT_API_URL: gateway.apiUrl, RATELIMIT_API_TOKEN: TOKEN, ...env },
      home,
    });

  test('never goes through a proxy in the clear', async () => {
    const [gateway, proxy] = await Promise.all([
      startGateway({ redis, token: TOKEN }),
      startGateway({ redis, token: 'other' }),
    ]);
    const env = { HTTP_PROXY: proxy.url, http_proxy: proxy.url };
    const { code } = await permanent(gateway, await temporaryFolder('home'), env);
    expect([code, gateway.requests.length, proxy.requests.length]).toEqual([0, 1, 0]);
  });

  test('is not shown when an answer echoes it, nor recorded', async () => {
    const echo = { status: 401, body: { error: `bad credentials: Bearer ${TOKEN}` } };
    const gateway = await startGateway({ redis, token: TOKEN, patch: [echo], killSwitch: [echo] });
    const home = await temporaryFolder('home');
    const raised = await permanent(gateway, home);
    const env = { RATELIMIT_API_TOKEN: TOKEN };
    const status = await runProgram(['kill-switch', 'status', 'acme', '--api-url', gateway.apiUrl, ...at()], {
      ...{ env, home },
    });
    const journal = await runProgram(['journal', '-o', 'json', ...at()], { home });
    const all = [raised, status, journal].map(({ stdout, stderr }) => stdout + stderr).join('');
    expect(all).toContain('Bearer [redacted]');
    expect(all).not.toContain(TOKEN);
    expect(status.code).toBe(4);
  });
});

describe('what is stored with a change', () => {
  test.each([
    ['--reason', ''],
    ['--reason', ' \t'],
    ['--reason', 'a\nb'],
    ['--reason', 'x'.repeat(201)],
    ['--operator', ''],
    ['--operator', 'a\u001b[2J'],
  ])('%s %j is refused', async (flag, text) => {
    const words = ['block-ip', '203.0.113.42', '--yes', '--verify', '0', '-o', 'json', ...at()];
    const reason = flag === '--reason' ? [] : ['--reason', 'test'];
    const result = await runProgram([...words, ...reason, flag, text]);
    expect(result.code).toBe(2);
    expect(errorDocument(result).message).toContain(flag);
    expect(await redis.cli('DBSIZE')).toBe('0');
  });
});

describe('a key that holds no text', () => {
  const KEY = 'acp:ip_block:203.0.113.42';
  test.each([
    ['block-ip', ['block-ip', '203.0.113.42'], KEY],
    ['unblock-ip', ['unblock-ip', '203.0.113.42'], KEY],
    ['raise-cap', ['raise-cap', 'agent-7', '--to', '5.00'], 'acp:agent_cost_cap:agent-7'],
  ])('%s leaves it alone and says so, in a dry run too', async (_, words, key) => {
    await redis.load([['HSET', key, 'a', '1']]);
    for (const dry of [[], ['--dry-run']]) {
      const { code, stdout } = await runProgram(flags(...words, ...dry, ...at()));
      const document = JSON.parse(stdout) as Document;
      expect([code, document.status]).toEqual([1, 'failed']);
      expect(document.message).toMatch(/something other than a text/);
    }
    expect(await redis.cli('TYPE', key)).toBe('hash');
  });

  test('blocks lists it', async () => {
    await redis.load([
      ['HSET', KEY, 'a', '1'],
      ['SET', Buffer.from('acp:ip_block:\xff\xfe', 'latin1'), 'x'],
    ]);
    const { stdout } = await runProgram(['blocks', '-o', 'json', ...at()]);
    const { blocks } = JSON.parse(stdout) as { blocks: { ip: unknown; reason: string }[] };
    expect(blocks.map(({ ip, reason }) => [ip, reason])).toEqual(
      expect.arrayContaining([
        ['203.0.113.42', '(not a text)'],
        [{ hex: 'fffe' }, 'x'],
      ]),
    );
  });
});

describe('what was so is part of the answer', () => {
  test('spend, cap and ratio, when nobody was asked', async () => {
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    await redis.load([
      ['SET', 'acp:agent_cost_cap:agent-7', '100.00'],
      ['SET', `acp:agent_cost_today:agent-7:${day}`, '50.00'],
    ]);
    const { stdout } = await runProgram(flags('raise-cap', 'agent-7', '--to', '120.00', ...at()));
    expect((JSON.parse(stdout) as Document).facts).toEqual([
      { name: 'spent today', value: '$50.00' },
      { name: 'cap so far', value: '$100.00' },
      { name: 'used', value: '50%' },
    ]);
    const human = await runProgram([
      ...['raise-cap', 'agent-7', '--to', '110.00', '--reason', 'x', '--yes', ...at()],
    ]);
    expect(human.code).toBe(6);
    expect(human.stderr).toMatch(/spent today +\$50\.00/);
  });
});
