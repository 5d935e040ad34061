import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runInTerminal, runProgram } from '../support/program.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

afterAll(stopEverything);

/** Addresses that nobody can tell from real ones, each once: what spoofing leaves behind. */
function* spoofed(count: number): Generator<string[]> {
  for (let index = 0; index < count; index++) {
    const [a, b, c] = [(index >> 16) & 255, (index >> 8) & 255, index & 255];
    yield ['SET', `acp:auth_fail:9.${a}.${b}.${c}`, '1', 'EX', '3600'];
  }
}

const triage = (redisUrl: string, ...more: string[]) => [
  ...['triage', '--redis-url', redisUrl, '--prometheus-url', 'http://127.0.0.1:1'],
  ...more,
];

test('a million addresses that fail once each fit into 256 MB, and are counted', async () => {
  const count = 1_000_000;
  const redis = await startRedis();
  await redis.load(spoofed(count));
  const args = triage(redis.url, '-o', 'json', '--timeout', '10m', '--pace', 'fast');
  const { code, stdout, stderr } = await runProgram(args, {
    env: { NODE_OPTIONS: '--max-old-space-size=256' },
  });
  expect(stderr).toBe('');
  expect(code).toBe(5);
  const { signals, scan } = JSON.parse(stdout);
  expect(scan).toMatchObject({ coverage: 1, keys: count });
  expect(signals['auth-failures-by-ip']).toMatchObject({ total: count, distinct: count, estimate: null });
  expect(signals['auth-failures-by-ip'].rows).toHaveLength(10);
  await redis.stop();
});

describe('a pass that its budget ends', () => {
  let redis: TestRedis;
  let slow: string;
  beforeAll(async () => {
    redis = await startRedis();
    await redis.load(spoofed(40_000));
    slow = (await startFaultyRedis({ proxy: { port: redis.port, latencyMs: 4 } })).url;
  });

  test('is degraded, says how far it came, and is judged to the same from its capture', async () => {
    const folder = await temporaryFolder('capture');
    const file = join(folder, 'part.json');
    const within = (budget: string) =>
      runProgram(triage(slow, '-o', 'json', '--budget', budget, '--timeout', '60s', '--save', file));
    // A slow machine may need a longer one to come to a first key.
    let { code, stdout } = await within('300ms');
    for (const longer of ['1s', '3s']) {
      if (JSON.parse(stdout).scan.coverage === 0) ({ code, stdout } = await within(longer));
    }
    expect(code).toBe(5);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ degraded: true, scan: { pace: 'gentle' } });
    expect(document.scan.coverage).toBeGreaterThan(0);
    expect(document.scan.coverage).toBeLessThan(1);
    const { estimate, total, coverage } = document.signals['auth-failures-by-ip'];
    expect(coverage).toBe(document.scan.coverage);
    expect(total).toBeGreaterThan(estimate.seenTotal);
    const again = await runProgram(['triage', '--from', file, '-o', 'json']);
    expect(again.stdout).toBe(stdout);
    const redacted = join(folder, 'redacted.json');
    await runProgram(triage(slow, '--budget', '300ms', '--save', redacted, '--redact'));
    expect(await readFile(redacted, 'utf8')).not.toContain('127.0.0.1');
  });

  test('shows on a terminal how far it is', async () => {
    const { output } = await runInTerminal(triage(slow, '--budget', '3s', '--timeout', '20s', '--no-input'));
    const shown = stripVTControlCharacters(output);
    expect(shown).toMatch(
      /reading redis:\/\/[^ ]+ .*: \d[\d.]*% of the keyspace, [\d,]+ keys \([\d,]+\/s\), \d+s left;/,
    );
  });

  test('is whole where there is time enough, at any pace', async () => {
    for (const pace of ['gentle', 'normal', 'fast']) {
      const { stdout } = await runProgram(
        triage(redis.url, '-o', 'json', '--pace', pace, '--timeout', '60s'),
      );
      const { scan, signals } = JSON.parse(stdout);
      expect(scan).toMatchObject({ coverage: 1, pace, reason: null, keys: 40_000 });
      expect(signals['auth-failures-by-ip']).toMatchObject({ total: 40_000, coverage: 1 });
    }
  });

  test.each([
    [['--budget', '0'], /--budget.*expected a duration of at least 0\.01s/i],
    [['--budget', 'soon'], /--budget.*expected a duration/i],
    [['--pace', 'furious'], /--pace.*gentle, normal, fast/i],
  ])('%j is refused', async (flags, message) => {
    const { code, stderr, stdout } = await runProgram(triage(redis.url, ...flags));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});
