import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TriageFlags } from '../../src/commands/triage.ts';
import { triageContexts } from '../../src/commands/triage-contexts.ts';
import type { Context } from '../../src/context.ts';
import type { Adapter } from '../../src/evidence/collect.ts';
import { empty } from '../../src/evidence/types.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';

// An adapter never rejects. One that does is a defect of the program, which no real server can bring about.

const AEGIS = fileURLToPath(new URL('../../src/runbooks/aegis.yaml', import.meta.url));
let configHome = '';
beforeAll(async () => {
  configHome = await temporaryFolder('home');
  await mkdir(join(configHome, 'ratelimit'));
  await writeFile(
    join(configHome, 'ratelimit', 'config.yaml'),
    'contexts:\n  eu: { redis: "redis://eu" }\n  us: { redis: "redis://us" }\n',
  );
});
afterAll(stopEverything);

/** Every source is there and holds nothing. */
const nothing: Adapter = async (asked) =>
  asked.map((one) => {
    const reading = empty();
    const { status, reason, cause } = reading;
    const rest = { label: 'x', latencyMs: 0, entities: 0, sample: null };
    return { asked: [one], reading, sources: [{ status, reason, cause, ...rest }] };
  });

/** Runs the command with a Redis adapter that fails for `eu` as told and finds nothing elsewhere. */
async function run(output: TriageFlags['output'], failing: () => never, verbose = false) {
  const written = { out: '', err: '' };
  const redis: Adapter = async (asked, request) =>
    request.config.context === 'eu' ? failing() : nothing(asked, request);
  const interrupt = new AbortController();
  const context = {
    ...{
      env: {},
      configHome,
      stateFolder: configHome,
      interrupt: interrupt.signal,
      runbooks: { builtIn: '', own: '' },
    },
    clock: { now: () => 0, iso: (ms: number) => new Date(ms).toISOString(), ms: Date.parse },
    adapters: async () => ({ redis, prometheus: nothing }),
    streams: () => ({
      out: (text: string) => {
        written.out += text;
      },
      err: (text: string) => {
        written.err += text;
      },
      ...{ columns: 80, colorOut: false, terminal: false, stderrTerminal: false },
    }),
  } as unknown as Context;
  const flags = {
    contexts: ['eu', 'us'],
    allContexts: false,
    windowGiven: false,
    window: 300,
    top: 10,
    exitCode: true,
    pace: 'gentle',
  };
  const rest = { output, color: 'never', verbose, quiet: false, redact: false, runbook: AEGIS, input: false };
  const code = await triageContexts({ ...flags, ...rest } as TriageFlags, context);
  return { code, ...written };
}
const defect = (): never => {
  throw new TypeError('x is not a function');
};

test('a defect met in one context is told in its place, and the other is judged all the same', async () => {
  const { code, out, err } = await run('json', defect);
  const { contexts, degraded } = JSON.parse(out);
  expect({ code, err, degraded }).toEqual({ code: 1, err: '', degraded: true });
  expect(contexts[0]).toMatchObject({
    ...{ context: 'eu', exitCode: 1, triage: null },
    error: { code: 'internal', message: 'unexpected: x is not a function', exitCode: 1 },
  });
  expect(contexts[1]).toMatchObject({ context: 'us', exitCode: 0, error: null, triage: { context: 'us' } });
});

test('where it happened is for --verbose', async () => {
  expect((await run('human', defect)).err).toBe('');
  const { out, err } = await run('human', defect, true);
  expect(err).toMatch(/^context eu\nTypeError: x is not a function\n +at .*\ncontext us\n/s);
  expect(out).toContain('could not be triaged: unexpected: x is not a function');
});
