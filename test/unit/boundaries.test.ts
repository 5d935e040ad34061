import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Import, readSource } from '../support/sources.ts';

/** What a folder of src (or a file right in it) may import. A type may always be imported of what may be imported. */
interface Rule {
  /** Its own folder goes without saying. */
  readonly imports: string;
  /** Only by `import type`. */
  readonly types?: string;
  readonly packages?: string;
  /** Node's modules. */
  readonly node?: string;
}

/** The table of the design. */
const TABLE: Record<string, Rule> = {
  // argv and context in, exit code out; the only catch-all
  'main.ts': {
    imports: 'commands completion context errors output program values',
    types: 'cli',
    packages: 'commander',
  },
  // starts the built program from V8's cache; it is not part of it
  'boot.ts': { imports: '', node: 'fs module path url vm' },
  // the command tree
  'program.ts': { imports: 'cli commands errors values', types: 'config context', packages: 'commander' },
  // parts of the tree, and what its options accept
  cli: { imports: 'commands completion errors manual values', types: 'context', packages: 'commander' },
  // what the help and the manual say beside the tree of commands: examples and topics; and the page itself
  manual: { imports: 'errors output', packages: 'commander' },
  // what may come next in a line, read from the tree of commands; the scripts that ask for it
  completion: { imports: 'manual', packages: 'commander' },
  // the one place that makes real clients, clock, streams, journal and prompter
  'context.ts': {
    imports: 'errors journal output signals',
    types: 'config evidence runbooks',
    packages: 'xdg-basedir',
    node: 'dns os path stream',
  },
  // error classes beside the exit-code table
  'errors.ts': { imports: '' },
  // one file a subcommand: flags in, text out, no decisions
  commands: {
    imports:
      'alerts completion config doctor drill errors evidence incidents journal labels looks manual output remedies report runbooks signals values verdict watch',
    types: 'context program',
    packages: 'big.js commander ulid',
    node: 'path',
  },
  // where an alert leads, and what is to be said of it: pure
  alerts: { imports: 'values', types: 'config evidence signals' },
  // incidents as data: read, checked, made concrete
  incidents: {
    imports: 'config errors labels runbooks values',
    types: 'signals',
    packages: 'zod',
  },
  // plays an incident to the real clients; talks to nobody else
  drill: {
    imports: 'config errors evidence incidents journal remedies runbooks signals values verdict',
    types: 'context',
    node: 'events fs http net os path stream',
  },
  // flags, environment and file to one typed Config
  config: { imports: 'errors values', packages: 'yaml zod', node: 'fs net path' },
  // YAML (read as strictly as the configuration) and its schema
  runbooks: { imports: 'config errors values', packages: 'zod', node: 'fs path' },
  // read-only adapters
  signals: {
    imports: 'evidence runbooks values',
    types: 'config doctor',
    packages: 'axios axios-retry ioredis',
    node: 'buffer http https timers',
  },
  // the facts, and who asks for them
  evidence: {
    imports: 'config errors runbooks values',
    types: 'signals',
    packages: 'zod',
    node: 'events fs',
  },
  // what a verdict on a capture must be, read from files, and held against the verdict
  labels: {
    imports: 'config errors runbooks values',
    types: 'verdict',
    packages: 'zod',
    node: 'fs path',
  },
  // pure: evidence and runbook to findings
  verdict: { imports: '', types: 'evidence runbooks' },
  // what happened in an incident, from when to when: pure
  report: { imports: 'values', types: 'evidence journal runbooks verdict' },
  // what changes from look to look: pure, and small however long it goes on
  watch: { imports: '', types: 'evidence journal report runbooks verdict' },
  // what was looked at beside the signals, and what all of it means for triage: pure, checks as codes with arguments
  doctor: { imports: 'evidence runbooks values', types: 'config journal signals verdict' },
  // one file a remedy, which plans it; the one door; the one writer
  remedies: {
    imports: 'errors journal signals values',
    types: 'config evidence runbooks verdict',
    packages: 'big.js',
    node: 'crypto timers',
  },
  // what triage keeps of its looks, in a folder that stays small
  looks: { imports: 'journal', types: 'signals', node: 'crypto fs path' },
  // what was intended, done, verified and undone
  journal: { imports: 'errors values', node: 'crypto fs os path timers' },
  // the only place of colours, tables, prompts and escaping
  output: {
    imports: 'errors values watch',
    types: 'alerts config doctor drill evidence journal labels remedies report runbooks signals verdict',
    packages:
      '@inquirer/core chalk cli-table3 echarts/charts echarts/components echarts/core echarts/renderers inquirer shell-quote',
    node: 'crypto readline',
  },
  // durations, addresses, names: text in, values out
  values: { imports: '', packages: 'big.js fastest-levenshtein ipaddr.js parse-duration', node: 'net' },
};

/** Where a folder's permission holds for some of its files only. */
const ONLY_IN: Record<string, RegExp> = {
  'commander of program': /^program\.ts$/,
  'commander of commands': /^commands\/complete\.ts$/,
  'inquirer of output': /^output\/prompt\.ts$/,
  '@inquirer/core of output': /^output\/prompt\.ts$/,
  'big.js of commands': /^commands\/raise-cap\.ts$/,
  'node:crypto of remedies': /^remedies\/compare-and-set\.ts$/,
  'axios of signals': /^signals\/(?:prometheus\/|http-client|api\.ts)/,
  'axios-retry of signals': /^signals\/http-client\.ts$/,
  'ioredis of signals': /^signals\/redis\//,
  'node:buffer of signals': /^signals\/redis\/sorter\.ts$/,
  'node:timers of signals': /^signals\/redis\/(?:node-scan|pass|patience|some-names)\.ts$/,
  'config of runbooks': /^runbooks\/(?:list|load|new|strict-yaml)\.ts$/,
  'config of evidence': /^evidence\/(?:capture|collect)\.ts$/,
  'values of evidence': /^evidence\/(?:captures?(?:-v1)?|redact)\.ts$/,
  'zod of evidence': /^evidence\/(?:alert|capture|history)-schema\.ts$/,
  'node:fs of evidence': /^evidence\/captures?\.ts$/,
  'node:fs of looks': /^looks\/folder\.ts$/,
  'node:path of looks': /^looks\/folder\.ts$/,
  'journal of looks': /^looks\/folder\.ts$/,
  'node:fs of labels': /^labels\/folder\.ts$/,
  'zod of labels': /^labels\/schema\.ts$/,
  'node:fs of runbooks': /^runbooks\/(?:load|new|places)\.ts$/,
  'echarts/charts of output': /^output\/html\/engine\.ts$/,
  'echarts/components of output': /^output\/html\/engine\.ts$/,
  'echarts/core of output': /^output\/html\/(?:engine|drawing)\.ts$/,
  'echarts/renderers of output': /^output\/html\/engine\.ts$/,
  'node:crypto of output': /^output\/html\/page\.ts$/,
  'node:readline of output': /^output\/command-lines\.ts$/,
  'node:fs of drill': /^drill\/(?:home|ignored|library)\.ts$/,
  'zod of incidents': /-?schema\.ts$/,
};

/** Words that only these files may use. */
const WORLD = /(?<![.\w])(?:process|Date|performance|console|globalThis)\b/g;
const MAY_TOUCH_THE_WORLD = ['main.ts', 'boot.ts', 'context.ts', 'output/streams.ts'];
const FORBIDDEN: readonly RegExp[] = [/\bprocess\s*\.\s*exit\b(?!Code)/, /\bas\s+any\b/, /:\s*any\b/];
const MAX_LINES = 300;

const ROOT = new URL('../../src/', import.meta.url);

const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .sort();
const sources = files.map((file) => readSource(file, readFileSync(new URL(file, ROOT), 'utf8')));

/** The row of the table that a file belongs to. */
const rowOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : file);
const words = (list = ''): string[] => list.split(' ').filter((word) => word !== '');
const named = (row: string): string => row.replace(/\.ts$/, '');

/** What is wrong with one import, or null. */
function problemOf({ from, what, typeOnly }: Import): string | null {
  const row = rowOf(from);
  const rule = TABLE[row];
  if (rule === undefined) return `${from} is in no row of the table`;
  const fail = (why: string) => `${from} imports ${typeOnly ? 'a type of ' : ''}${what}: ${why}`;
  const elsewhere = (permission: string) => {
    const where = ONLY_IN[`${permission} of ${named(row)}`];
    return where === undefined || where.test(from) ? null : fail(`only from ${where.source}`);
  };
  if (what.startsWith('.')) {
    if (!what.endsWith('.ts')) return fail('without its extension');
    const target = rowOf(posix.join(posix.dirname(from), what));
    const allowed = [...words(rule.imports), ...(typeOnly ? words(rule.types) : [])];
    if (target === row) return null;
    if (!allowed.includes(named(target))) return fail(`not from ${named(row)}`);
    return typeOnly ? null : elsewhere(named(target));
  }
  const isNode = what.startsWith('node:');
  const name = isNode ? what.slice('node:'.length).split('/')[0] : what;
  const allowed = words(isNode ? rule.node : rule.packages);
  if (!allowed.includes(name ?? '')) return fail(`not from ${named(row)}`);
  return elsewhere(`${isNode ? 'node:' : ''}${name}`);
}

/** Circles among rows, as `a -> b -> a`. */
function circles(edges: readonly (readonly [string, string])[]): string[] {
  const found = new Set<string>();
  const walk = (path: readonly string[]) => {
    for (const [from, to] of edges) {
      if (from !== path.at(-1)) continue;
      const start = path.indexOf(to);
      if (start < 0) walk([...path, to]);
      // Told once, from its first name on.
      else if ([...path.slice(start)].sort()[0] === to) found.add([...path.slice(start), to].join(' -> '));
    }
  };
  for (const row of new Set(edges.map(([from]) => from))) walk([row]);
  return [...found];
}

describe('the reader of sources', () => {
  const sample = readSource(
    'signals/x.ts',
    [
      "import { type A, type B } from '../output/a.ts';",
      "import {\n  c,\n  type D,\n} from 'chalk';",
      "export type { E } from './e.ts';",
      "import './effect.ts';",
      "// import 'axios';",
      'const text = `import "zod"; $(`$(process.pid)$`)$ Date`;',
      "const pattern = [/['\"`]/, a / b, 'new Date()'];",
      "await import('./lazy.ts'); /* console.log() */ await import(text);",
    ]
      .join('\n')
      .replaceAll('$(', '${')
      .replaceAll(')$', '}'),
  );

  test('finds imports of every kind, and none in comments and strings', () => {
    const found = sample.imports.map(({ what, typeOnly }) => `${typeOnly ? 'type ' : ''}${what}`);
    expect(found).toEqual([
      'type ../output/a.ts',
      'chalk',
      'type ./e.ts',
      './effect.ts',
      './lazy.ts',
      'something unknown',
    ]);
    expect(sample.imports.map(problemOf).filter((problem) => problem !== null)).toEqual([
      'signals/x.ts imports a type of ../output/a.ts: not from signals',
      'signals/x.ts imports chalk: not from signals',
      'signals/x.ts imports something unknown: not from signals',
    ]);
  });

  test('leaves code alone, within templates too', () => {
    expect(sample.code.match(WORLD)).toEqual(['process']);
    expect(sample.code).toContain('a / b');
  });

  test('sees circles', () => {
    expect(
      circles([
        ['b', 'c'],
        ['a', 'b'],
        ['c', 'b'],
        ['b', 'a'],
      ]),
    ).toEqual(['b -> c -> b', 'a -> b -> a']);
  });
});

test('every file imports only what its row of the table allows', () => {
  expect(sources.length).toBeGreaterThan(50);
  expect(sources.flatMap(({ imports }) => imports.map(problemOf)).filter((p) => p !== null)).toEqual([]);
});

test('every row of the table is a folder or a file, and every permission is used', () => {
  const used = new Set(
    sources.flatMap(({ imports }) => imports.map(({ from, what }) => `${rowOf(from)} ${what}`)),
  );
  const unused = Object.entries(TABLE).flatMap(([row, { packages }]) =>
    words(packages)
      .filter((name) => !used.has(`${row} ${name}`))
      .map((name) => `${row}: ${name}`),
  );
  expect(unused).toEqual([]);
  expect(Object.keys(TABLE).filter((row) => !files.some((file) => rowOf(file) === row))).toEqual([]);
});

test('folders do not import one another in a circle, other than types', () => {
  const edges = sources.flatMap(({ imports }) =>
    imports.flatMap(({ from, what, typeOnly }): [string, string][] => {
      const target = what.startsWith('.') ? rowOf(posix.join(posix.dirname(from), what)) : rowOf(from);
      return typeOnly || target === rowOf(from) ? [] : [[named(rowOf(from)), named(target)]];
    }),
  );
  const unique = [...new Map(edges.map((edge) => [edge.join(' '), edge])).values()];
  expect(unique.length).toBeGreaterThan(10);
  expect(circles(unique)).toEqual([]);
});

test('the process, the clock and the console stay at the edge, and nothing ends the process', () => {
  const touching = sources.flatMap(({ file, code }) =>
    MAY_TOUCH_THE_WORLD.includes(file) ? [] : [...code.matchAll(WORLD)].map(([word]) => `${file}: ${word}`),
  );
  expect(touching).toEqual([]);
  const forbidden = sources.flatMap(({ file, code }) =>
    FORBIDDEN.flatMap((pattern) => pattern.exec(code)?.map((match) => `${file}: ${match}`) ?? []),
  );
  expect(forbidden).toEqual([]);
});

test('no check is silenced, and files stay small', () => {
  const silenced = /@ts-(?:ignore|expect-error|nocheck)|biome-ignore(?!.*: \S)|eslint-disable/;
  expect(sources.filter(({ source }) => silenced.test(source)).map(({ file }) => file)).toEqual([]);
  const long = sources.filter(({ lines }) => lines > MAX_LINES).map(({ file, lines }) => `${file}: ${lines}`);
  expect(long).toEqual([]);
});
