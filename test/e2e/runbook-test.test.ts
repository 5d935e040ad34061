import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import { startingPoint } from '../../src/runbooks/new.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { captureOf, counters, empty, evidence, rejects, unknown } from '../support/evidence.ts';
import { calm, merge, singleIp } from '../support/incidents.ts';
import { openMetrics } from '../support/openmetrics.ts';
import { runTool, stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { startRedis } from '../support/redis.ts';
import { errorDocument, expectError, nowSeconds } from './systems.ts';

afterAll(stopEverything);

// Judged by the runbook that `runbook new` writes, so that nothing here depends on a built-in one.
const runbook = parseRunbook(startingPoint('edge').yaml, 'edge.yaml');

let home = '';
let folder = '';
beforeEach(async () => {
  home = await temporaryFolder('home');
  folder = join(home, 'captures');
  await mkdir(folder);
  await writeFile(join(home, 'edge.yaml'), startingPoint('edge').yaml);
});

const run = (args: readonly string[] = [], env: Record<string, string> = {}) =>
  runProgram(['runbook', 'test', 'captures', '--runbook', './edge.yaml', ...args], { home, env });

async function capture(name: string, readings: Record<string, Reading>, label: string | null) {
  const content = { 'rejects-by-client': empty(), 'refused-by-address': empty(), ...readings };
  await writeFile(
    join(folder, `${name}.json`),
    JSON.stringify(captureOf(evidence(content, runbook), 'edge')),
  );
  if (label !== null) await writeFile(join(folder, `${name}.label.yaml`), label);
}
const flood = { 'refused-by-address': counters({ '203.0.113.42': 900, '203.0.113.7': 2 }) };
const login = { 'rejects-by-client': rejects({ acme: { '/login': 6 } }) };

interface Report {
  counts: Record<string, number>;
  captures: { name: string; passed: boolean; reasons: { mark: string; text: string }[] }[];
  matrix: { labels: string[]; verdicts: string[]; counts: number[][] };
  problems: string[];
  warnings: string[];
}
async function report(args: readonly string[] = [], env?: Record<string, string>) {
  const { code, stdout, stderr } = await run(['-o', 'json', ...args], env);
  expect(stderr).toBe('');
  const document = JSON.parse(stdout) as Report & { schema: string };
  expect(document.schema).toBe('ratelimit/runbook-test/v1');
  return { code, ...document };
}

describe('runbook test', () => {
  test('all pass: the matrix and the counts, exit 0', async () => {
    await capture('calm', {}, 'category: quiet\nconfidence: high');
    await capture('flood', flood, 'category: address-flood\nsubjects: [203.0.113.42]\nalso: []\n');
    await capture(
      'half-seen',
      { 'rejects-by-client': unknown('timeout', 'x') },
      'category: [inconclusive, quiet]',
    );
    const { code, stdout, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      [
        'label \\ verdict  1  2  3',
        '1 address-flood  1  .  .',
        '2 quiet          .  1  .',
        '3 inconclusive   .  .  1',
        '',
        '3 captures judged by runbook edge: 3 passed, 0 failed; 0 wrong at high',
        '  confidence',
        '',
      ].join('\n'),
    );
    expect((await report()).counts).toEqual({
      ...{ judged: 3, passed: 3, failed: 0, wrongAtHighConfidence: 0, problems: 0 },
    });
    expect((await run(['--verbose'])).stderr).toContain('flood: passed, address-flood (confidence high)\n');
  });

  test('a failure says what was expected, what came out, and why; exit 1', async () => {
    await capture('ok', login, 'category: sign-in-flood');
    await capture(
      'spread',
      flood,
      'category: edge-overload\nsubjects: []\nconfidence: low\nnot-proposed: [block-ip]\nwhy: a test from many places',
    );
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout.split('\n\n')[0]).toBe(
      [
        'spread failed, wrong at high confidence',
        '  category: expected edge-overload, got address-flood',
        '  confidence: expected low, got high',
        '  subjects: expected none, got 203.0.113.42',
        '  proposed in spite of the label: block-ip',
        '  because a test from many places',
        '  The verdict is address-flood (confidence high):',
        '    + one address stands out: 900 requests, 99.8% of all (stands out from 100',
        '      requests and 10%)',
        '    - edge-overload: 0 rejects/s in all (threshold 1); 0 clients at once (many',
        '      is 4)',
      ].join('\n'),
    );
    expect(stdout).toMatch(/1 passed, 1 failed; 1 wrong at high\s+confidence\n$/);
    const { captures, matrix, counts } = await report();
    expect(captures.map(({ name, passed }) => [name, passed])).toEqual([
      ['ok', true],
      ['spread', false],
    ]);
    expect(matrix).toEqual({
      names: ['address-flood', 'edge-overload', 'sign-in-flood'],
      labels: ['edge-overload', 'sign-in-flood'],
      verdicts: ['address-flood', 'sign-in-flood'],
      counts: [
        [1, 0],
        [0, 1],
      ],
    });
    expect(counts.wrongAtHighConfidence).toBe(1);
    const markdown = (await run(['-o', 'markdown'])).stdout;
    expect(markdown).toContain('| 2 `edge-overload` | 1 |  |');
    expect(markdown).toContain('**spread failed, wrong at high confidence**');
  });

  test('what cannot be used is said, the others run, exit 2 before exit 1', async () => {
    await capture('a-good', {}, 'category: quiet');
    await capture('b-wrong', {}, 'category: address-flood');
    await capture('c-unlabelled', {}, null);
    await capture('d-misspelt', {}, 'category: adress-flood\ncaveat: [x]');
    await capture('e-unknown', {}, 'category: quiet\nnot-proposed: [blok-ip]');
    await writeFile(join(folder, 'f-cut.json'), '{"schema": "ratelimit/capt');
    await writeFile(join(folder, 'f-cut.label.yaml'), 'category: quiet');
    await writeFile(join(folder, 'g-lonely.label.yaml'), 'category: quiet');
    await writeFile(join(folder, 'h-other.label.yml'), 'category: quiet');
    await mkdir(join(folder, 'i-folder.json'));
    await writeFile(join(folder, 'i-folder.label.yaml'), 'category: quiet');
    await runTool('mkfifo', [join(folder, 'j-pipe.json')], folder);
    await writeFile(join(folder, 'j-pipe.label.yaml'), 'category: quiet');
    await symlink('/dev/zero', join(folder, 'k-zero.label.yaml'));
    await capture('k-zero', {}, null);
    await capture('l-long', {}, `category: quiet\n${'#'.repeat(64 * 1024)}`);
    // Below it, hidden, or of another kind: none of its business.
    await mkdir(join(folder, 'below'));
    await writeFile(join(folder, 'below', 'x.json'), 'no');
    await writeFile(join(folder, '.hidden.json'), 'no');
    await writeFile(join(folder, 'README.md'), 'no');

    const { code, problems, counts } = await report();
    expect(code).toBe(2);
    expect(counts).toMatchObject({ judged: 2, passed: 1, failed: 1, problems: 10 });
    expect(problems).toEqual([
      'captures/c-unlabelled.json has no label: expected c-unlabelled.label.yaml beside it',
      'captures/g-lonely.label.yaml has no capture: expected g-lonely.json beside it',
      'captures/h-other.label.yml is not read: rename it to h-other.label.yaml',
      expect.stringMatching(
        /^captures\/d-misspelt\.label\.yaml:2: caveat: unknown key, did you mean "caveats"\?/,
      ),
      expect.stringMatching(
        /^captures\/e-unknown\.label\.yaml:2: not-proposed: runbook edge has no response "blok-ip"/,
      ),
      'captures/f-cut.json cannot be judged: it is not complete JSON',
      'captures/i-folder.json cannot be read: it is not a file',
      'captures/j-pipe.json cannot be read: it is not a file',
      'captures/k-zero.label.yaml cannot be read: it is not a file',
      'captures/l-long.label.yaml cannot be used: it is over 64 kB',
    ]);
    const human = await run();
    expect(human.code).toBe(2);
    expect(human.stdout).toContain('! captures/f-cut.json cannot be judged');
    expect(human.stdout.replace(/\n +/g, ' ')).toContain(
      '1 passed, 1 failed; 1 wrong at high confidence; 10 problems',
    );
    // Twice the same, byte for byte.
    expect((await run()).stdout).toBe(human.stdout);
  });

  test('a label that is a pipe does not hold it up', async () => {
    await capture('a', {}, null);
    await runTool('mkfifo', [join(folder, 'a.label.yaml')], folder);
    const { code, problems } = await report();
    expect(code).toBe(2);
    expect(problems).toEqual(['captures/a.label.yaml cannot be read: it is not a file']);
  });

  test('by the runbook as it is written, whatever the context sets', async () => {
    await capture('flood', flood, 'category: address-flood');
    await mkdir(join(home, 'config', 'ratelimit'), { recursive: true });
    await writeFile(
      join(home, 'config', 'ratelimit', 'config.yaml'),
      'current-context: prod\ncontexts: { prod: { redis: { url: redis://x, password-file: /nowhere }, thresholds: { heavy-address: 5000 } } }\n',
    );
    const { code, warnings } = await report();
    expect(code).toBe(0);
    expect(warnings).toEqual([
      'context prod sets heavy-address: left out, a runbook is tested as it is written',
    ]);
  });

  test('a signal that the capture does not hold was not seen', async () => {
    await capture('flood', flood, 'category: address-flood\nconfidence: high');
    const document = evidence({ ...flood, 'rejects-by-client': empty() }, runbook);
    const { 'rejects-by-client': _, ...signals } = document.signals;
    await writeFile(join(folder, 'flood.json'), JSON.stringify(captureOf({ ...document, signals }, 'edge')));
    expect((await report()).captures[0]).toMatchObject({ passed: false });
  });

  test('names are shown as text', async () => {
    await capture('\u001b[2J', flood, 'category: quiet\nwhy: "\\u001b]0;x\\u0007"');
    for (const output of ['human', 'markdown', 'json']) {
      const { stdout } = await run(['-o', output]);
      expect(stdout).not.toContain('\u001b');
      expect(stdout).not.toContain('\u0007');
    }
    expect((await run()).stdout).toContain('\\x1b[2J failed');
  });

  test('a folder without a capture is exit 7, one that is none is exit 2', async () => {
    const none = await run();
    expect(none.code).toBe(7);
    expectError(none);
    expect(none.stderr).toContain('captures holds no capture');
    expect(none.stderr).toContain('ratelimit triage --save captures/<name>.json');
    for (const [dir, message] of [
      ['nowhere', 'nowhere cannot be listed: there is no such folder'],
      ['edge.yaml', 'edge.yaml cannot be listed: it is not a folder'],
    ] as const) {
      const refused = await runProgram(['runbook', 'test', dir, '-o', 'json'], { home });
      expect(refused.code).toBe(2);
      expect(errorDocument(refused).message).toBe(message);
    }
  });

  test('what triage saved of real servers is judged to what triage said', async () => {
    const now = nowSeconds();
    const incident = merge(calm(now), singleIp());
    const [redis, prometheus] = await Promise.all([
      startRedis(),
      startPrometheus({ series: openMetrics(incident.series) }),
    ]);
    await redis.load(incident.redis);
    const words = [
      '--save',
      'captures/real.json',
      '--redis-url',
      redis.url,
      '--prometheus-url',
      prometheus.url,
    ];
    const triage = await runProgram(['triage', '-o', 'json', ...words], { home });
    const { verdict } = JSON.parse(triage.stdout) as { verdict: { category: string; confidence: string } };
    await writeFile(
      join(folder, 'real.label.yaml'),
      `category: ${verdict.category}\nconfidence: ${verdict.confidence}\nsubjects: [203.0.113.42]\n`,
    );
    const tested = await runProgram(['runbook', 'test', 'captures'], { home });
    expect(tested.stdout).toContain('1 passed, 0 failed');
    expect(tested.code).toBe(0);
  });
});
