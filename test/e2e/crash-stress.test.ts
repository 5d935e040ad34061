import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { searchPath } from '../support/processes.ts';

const KILLS = 200;
const STRESS = fileURLToPath(new URL('../../scripts/crash-stress.mjs', import.meta.url));

test(`${KILLS} kills at random moments`, { timeout: 180_000 }, async () => {
  const { exitCode, all } = await execa(process.execPath, [STRESS, String(KILLS)], {
    ...{ all: true, reject: false, env: { PATH: searchPath } },
  });
  expect(exitCode, all).toBe(0);
  const [, kills] = /^(\d+) kills of/.exec(all ?? '') ?? [];
  expect(Number(kills)).toBeGreaterThanOrEqual(KILLS);
});
