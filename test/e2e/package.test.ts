import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { singleIp } from '../support/incidents.ts';
import { searchPath, stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startRedis } from '../support/redis.ts';
import { incidentAt, nowSeconds, prometheusWith, triage } from './systems.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Files of the package, by their path in it. */
let packed: string[] = [];
/** Where it lies unpacked, alone: nothing above it has node_modules. */
let folder = '';
let archive = '';
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
  archive = join(out, filename);
  await execa('tar', ['-xzf', archive, '-C', out]);
  folder = join(out, 'package');
  program = join(folder, 'bin', 'ratelimit.js');
  manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
});
afterAll(stopEverything);

/** All that may be in it. Compiled code is not: it is of one Node on one machine, another one could crash on it. */
const CONTENTS = [
  /^(?:LICENSE|README\.md|package\.json)$/,
  /^bin\/(?:package\.json|ratelimit\.js)$/,
  /^dist\/(?:main|program|charts)\.cjs$/,
  /^dist\/ratelimit\.1$/,
  /^dist\/THIRD-PARTY\.txt$/,
  /^dist\/(?:runbooks|incidents)\/[a-z0-9-]+\.json$/,
];

test('holds the program, its runbooks, its documents and the licences, and nothing else', () => {
  expect(packed.filter((path) => !CONTENTS.some((pattern) => pattern.test(path)))).toEqual([]);
  for (const pattern of CONTENTS)
    expect(
      packed.some((path) => pattern.test(path)),
      String(pattern),
    ).toBe(true);
  expect(packed).toEqual(expect.arrayContaining(['dist/runbooks/aegis.json', 'dist/incidents/one-ip.json']));
});

test('is about as large as the program', async () => {
  const size = async (paths: readonly string[]) => {
    const all = await Promise.all(paths.map(async (path) => (await stat(join(folder, path))).size));
    return all.reduce((sum, one) => sum + one, 0);
  };
  const program = await size(packed.filter((path) => path.endsWith('.cjs')));
  expect((await size(packed)) / program).toBeLessThan(1.3);
});

test('carries no source along', async () => {
  const text = await readFile(join(folder, 'dist', 'program.cjs'), 'latin1');
  expect(/sourceMappingURL|sourcesContent/.test(text)).toBe(false);
});

test('depends on exactly the packages that the built program asks for', async () => {
  const scripts = packed.filter((path) => path.endsWith('.cjs'));
  const asked = await Promise.all(
    scripts.map(async (path) => {
      const text = await readFile(join(folder, path), 'latin1');
      return [...text.matchAll(/\brequire\(["']([^"'.][^"']*)["']\)/g)].map(([, name = '']) => name);
    }),
  );
  const packages = asked.flat().filter((name) => !isBuiltin(name));
  expect([...new Set(packages)].sort()).toEqual(Object.keys((manifest.dependencies ?? {}) as object).sort());
});

test('passes on the licences of what it holds, each of which allows that', async () => {
  const text = await readFile(join(folder, 'dist', 'THIRD-PARTY.txt'), 'utf8');
  const licences = [...text.matchAll(/^(@?[a-z][\w./-]*) \d+\.\d+\.\d+ \((.+)\)$/gm)];
  const names = licences.map(([, name]) => name);
  expect(names).toEqual(expect.arrayContaining(['axios', 'commander', 'ioredis', 'inquirer', 'yaml', 'zod']));
  const other = licences.filter(
    ([, , licence = '']) => !/^(?:MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0)$/.test(licence),
  );
  expect(other).toEqual([]);
});

test('installed, it starts, and man finds its page', async () => {
  const prefix = join(dirname(folder), 'prefix');
  const flags = ['--global', '--prefix', prefix, '--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await execa('npm', ['install', ...flags, archive], { cwd: dirname(folder), stdin: 'ignore' });
  expect(await readdir(join(prefix, 'lib', 'node_modules'))).toEqual(['ratelimit']);
  // Nothing but the package itself is there to be loaded.
  expect(await readdir(join(prefix, 'lib', 'node_modules', 'ratelimit'))).not.toContain('node_modules');
  const { code, stdout } = await runProgram(['completion', 'bash'], {
    program: join(prefix, 'bin', 'ratelimit'),
  });
  expect(code).toBe(0);
  expect(stdout).toContain('complete -F _ratelimit ratelimit');
  const page = await readFile(join(prefix, 'share', 'man', 'man1', 'ratelimit.1'), 'utf8');
  expect(page).toMatch(
    new RegExp(`^\\.TH RATELIMIT 1 "\\d{4}-\\d\\d-\\d\\d" "ratelimit ${manifest.version}"`),
  );
});

/** What complains about a page, and what it says of one that is sound. */
const CHECKERS = [
  ['groff', ['-man', '-ww', '-z', '-Tutf8']],
  ['mandoc', ['-T', 'lint', '-W', 'warning']],
] as const;

test('the page is one that no reader of pages complains about', async () => {
  const page = join(folder, 'dist', 'ratelimit.1');
  const checked = await Promise.all(
    CHECKERS.map(async ([file, args]) => {
      const { failed, code, all } = await execa(file, [...args, page], {
        ...{ env: { PATH: searchPath }, reject: false, all: true, stdin: 'ignore' },
      });
      // Not every machine has one.
      return code === 'ENOENT' ? [] : [{ file, failed, all }];
    }),
  );
  for (const { file, failed, all } of checked.flat())
    expect({ file, failed, all }).toEqual({ file, failed: false, all: '' });
});

test('unpacked alone it tells its version', async () => {
  const { code, stdout, stderr } = await runProgram(['--version'], { program, cwd: folder });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
});

test('unpacked alone it triages real servers, reads a configuration and a recording', async () => {
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

test('unpacked alone it draws charts', async () => {
  const input = 'report -o html\n';
  const { stdout } = await runProgram(['drill', 'tenant-rate'], { program, cwd: folder, input });
  expect(stdout).toContain('<svg class="wide" viewBox="0 0 880 280" role="img" aria-label="429s by tenant');
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
