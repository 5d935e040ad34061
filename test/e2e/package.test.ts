import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { singleIp } from '../support/incidents.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startRedis } from '../support/redis.ts';
import { incidentAt, nowSeconds, prometheusWith, triage } from './systems.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Files of the package, by their path in it. */
let packed: string[] = [];
/** Where it lies unpacked, alone: nothing above it has node_modules. */
let folder = '';
let program = '';
let manifest: Record<string, unknown> = {};
beforeAll(async () => {
  const out = await temporaryFolder('package');
  const { stdout } = await execa(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--offline', '--pack-destination', out],
    { cwd: ROOT, stdin: 'ignore' },
  );
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  packed = files.map(({ path }) => path).sort();
  await execa('tar', ['-xzf', join(out, filename), '-C', out]);
  folder = join(out, 'package');
  program = join(folder, 'bin', 'ratelimit.js');
  manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
});
afterAll(stopEverything);

test('holds the program, its runbooks, the README and the licence, and nothing else', () => {
  const others = packed.filter((path) => !path.startsWith('dist/'));
  expect(others).toEqual(['LICENSE', 'README.md', 'bin/package.json', 'bin/ratelimit.js', 'package.json']);
  expect(packed).toContain('dist/runbooks/aegis.json');
  expect(packed).toContain('dist/incidents/one-ip.json');
  // Compiled code is of one Node on one machine: another one could crash on it.
  expect(packed.filter((path) => /\.(map|ts|yaml|cache)$|test|node_modules/.test(path))).toEqual([]);
});

test('unpacked alone it tells its version', async () => {
  const { code, stdout, stderr } = await runProgram(['--version'], { program, cwd: folder });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
});

test('unpacked alone it triages real servers, reads a configuration and a recording, and draws charts', async () => {
  const incident = incidentAt(nowSeconds(), singleIp());
  const [redis, prometheus] = await Promise.all([startRedis(), prometheusWith(incident)]);
  await redis.load(incident.redis);
  const config = join(dirname(folder), 'config.yaml');
  const recording = join(dirname(folder), 'recording.json');
  await writeFile(
    config,
    `current-context: a\ncontexts: { a: { redis: "${redis.url}", prometheus: "${prometheus.url}" } }\n`,
  );
  const run = (...args: string[]) => triage(['--config', config, ...args], { program, cwd: folder });
  for (const args of [
    ['--save', recording],
    ['--from', recording],
  ]) {
    const { code, document } = await run(...args);
    expect(code).toBe(0);
    expect(document.verdict).toMatchObject({ category: 'single-ip-credential-stuffing', confidence: 'high' });
  }
  const page = await runProgram(['report', '--config', config, '-o', 'html'], { program, cwd: folder });
  expect(page).toMatchObject({ code: 0, stderr: '' });
  expect(page.stdout).toContain('<svg class="wide" viewBox="0 0 880 280" role="img"');
  const colour = await runProgram(['triage', '--config', config, '--color', 'always'], { program });
  expect(colour).toMatchObject({ code: 0, stderr: '' });
});

test("unpacked alone it reads a runbook of the operator's own", async () => {
  const own = join(dirname(folder), 'own.yaml');
  await writeFile(own, await readFile(join(ROOT, 'src/runbooks/aegis.yaml'), 'utf8'));
  const dead = ['--redis-url', 'redis://127.0.0.1:1', '--prometheus-url', 'http://127.0.0.1:1'];
  const { code, document } = await triage(['--runbook', own, ...dead], { program, cwd: folder });
  expect(code).toBe(5);
  expect(document.verdict.category).toBe('inconclusive');
});

test('unpacked alone it plays its incidents', async () => {
  const { code, stdout } = await runProgram(['drill', 'tenant-rate', '--auto'], { program, cwd: folder });
  expect(code).toBe(0);
  expect(stdout).toMatch(/Your last triage said tenant-over-rps-cap \(confidence high\): right\./);
});

test('compiled code of another Node is left alone', async () => {
  const { versions, platform, arch, execPath } = process;
  const makers = [
    ['20.17.0', versions.v8, platform, arch, execPath],
    [versions.node, versions.v8, platform, arch, '/other/node'],
  ];
  for (const maker of makers) {
    await writeFile(join(folder, 'dist', 'program.cjs.cache'), `${JSON.stringify(maker)}\nnot compiled code`);
    const { code, stderr } = await runProgram(['config', 'show'], { program, cwd: folder });
    expect(stderr).toBe('');
    expect(code).toBe(0);
  }
  await rm(join(folder, 'dist', 'program.cjs.cache'));
});

test('asks for nothing when it is installed', () => {
  expect(manifest.bin).toEqual({ ratelimit: 'bin/ratelimit.js' });
  expect(manifest.license).toBe('MIT');
  const scripts = Object.keys((manifest.scripts ?? {}) as object);
  expect(scripts.filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
});

test('no file names a package registry, this machine or a folder of it', async () => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  expect(files.map((file) => relative(folder, file)).sort()).toEqual(packed);
  const { stdout } = await execa('npm', ['config', 'get', 'registry'], { cwd: ROOT });
  // The folders of this checkout and of its user, and the host that packages come from here.
  const host = URL.canParse(stdout.trim()) ? new URL(stdout.trim()).host : '';
  const own = [ROOT.replace(/\/$/, ''), `${homedir()}/`, host].filter((word) => word.length > 5);
  const traces = [...own, 'node_modules/', '_resolved', '//registry.'];
  for (const file of files) {
    const bytes = await readFile(file);
    for (const trace of traces) {
      const found = bytes.includes(trace) || bytes.includes(Buffer.from(trace, 'utf16le'));
      expect(found, `${relative(folder, file)} holds ${JSON.stringify(trace)}`).toBe(false);
    }
  }
});
