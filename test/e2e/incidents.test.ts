import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Incident } from '../../src/incidents/schema.ts';
import { type Confusion, confusionMarkdown } from '../../src/output/confusion.ts';
import { clearOfMidnight } from '../support/days.ts';
import { runHere } from '../support/in-process.ts';
import { serversWith } from '../support/incident-servers.ts';
import { everyLabelled, labelled, labelledOf } from '../support/labelled.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { expectRegion } from '../support/readme-region.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

// Every labelled incident through the whole program: a real Redis, a real Prometheus, triage --save, runbook test.

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder('captures');
  for (const runbook of runbooks) await mkdir(join(folder, runbook));
});
afterAll(stopEverything);

/** As many as the machine has use for: each is a Prometheus and a run of the program, on a Redis that is emptied. */
const AT_ONCE = 3;
const queue = [...everyLabelled];

const fileOf = (name: string) => name.replaceAll('/', '-');

/** The runbooks that have labelled incidents, each with a folder of captures. */
const runbooks = [...new Set([...everyLabelled.values()].map(({ runbook }) => runbook))];

/** Loads an incident into servers that hold nothing else, and keeps what triage collects of it with its label. */
async function capture(name: string, incident: Incident, ownRedis: TestRedis): Promise<void> {
  const { redis, prometheus, loki, stop } = await serversWith(incident, ownRedis);
  try {
    const home = await temporaryFolder('home');
    await mkdir(join(home, 'config', 'ratelimit'), { recursive: true });
    const { runbook, thresholds, limits } = incident;
    const logs = loki === null ? {} : { logs: loki.url };
    const context = { runbook, redis: redis.url, prometheus: prometheus.url, ...logs, thresholds, limits };
    await writeFile(
      join(home, 'config', 'ratelimit', 'config.yaml'),
      stringify({ 'current-context': 'test', contexts: { test: context } }),
    );
    const path = join(folder, runbook, fileOf(name));
    const answers = Object.entries(incident.answers).flatMap(([id, answer]) => [
      '--answer',
      `${id}=${answer}`,
    ]);
    // On a machine with much else to do.
    const words = ['triage', '--timeout', '60s', '--save', `${path}.json`, '-o', 'json', ...answers];
    const { code, stderr } = await runHere(words, home);
    expect([name, code, stderr]).toEqual([name, 0, '']);
    await writeFile(`${path}.label.yaml`, stringify(incident.expect));
  } finally {
    await stop();
  }
}

describe('labelled incidents', () => {
  test('are as their script writes them', async () => {
    const script = fileURLToPath(new URL('../../scripts/incidents.mjs', import.meta.url));
    const { exitCode, stderr } = await execa(process.execPath, [script, '--check'], { reject: false });
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  test('are there in number, each category on both contracts', () => {
    expect(labelled.size).toBeGreaterThanOrEqual(60);
  });

  test('all of them are read from real servers', { timeout: 600_000 }, async () => {
    const worker = async () => {
      const redis = await startRedis();
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await clearOfMidnight();
        await capture(...next, redis);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  });

  test.each(runbooks)(
    'and judged as they are labelled, none of them wrong with high confidence: %s',
    async (runbook) => {
      const args = ['runbook', 'test', join(folder, runbook), '--runbook', runbook, '-o', 'json'];
      const { code, stdout } = await runProgram(args);
      const tested = JSON.parse(stdout) as {
        counts: Record<string, number>;
        captures: { name: string; passed: boolean; mismatches: { text: string }[] }[];
        matrix: Confusion;
      };
      const failed = tested.captures.filter(({ passed }) => !passed);
      expect(failed.map(({ name, mismatches }) => [name, mismatches.map(({ text }) => text)])).toEqual([]);
      const all = labelledOf(runbook).size;
      expect(tested.counts).toMatchObject({
        judged: all,
        passed: all,
        wrongAtHighConfidence: 0,
        problems: 0,
      });
      expect(code).toBe(0);
      const matrix = [
        `${all} incidents, ${all} passed, 0 wrong at high confidence.`,
        '',
        ...confusionMarkdown(tested.matrix),
      ];
      await expectRegion(
        runbook === 'aegis' ? 'confusion' : `${runbook}-confusion`,
        matrix.join('\n').trimEnd(),
        'npm run confusion',
      );
    },
  );
});
