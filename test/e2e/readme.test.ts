import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { leadOf } from '../../src/alerts/lead.ts';
import { effectOf } from '../../src/cli/effects.ts';
import { parseConfigFile } from '../../src/config/read.ts';
import type { Context } from '../../src/context.ts';
import { aclLine } from '../../src/doctor/acl.ts';
import { needsOf } from '../../src/doctor/needs.ts';
import { EXIT, EXIT_MEANINGS } from '../../src/errors.ts';
import { parseLabel } from '../../src/labels/parse.ts';
import { alertsText, choiceOf } from '../../src/output/alert-list.ts';
import { makePaint } from '../../src/output/paint.ts';
import { watchFrame } from '../../src/output/watch-frame.ts';
import { watchJson } from '../../src/output/watch-json.ts';
import { buildProgram } from '../../src/program.ts';
import { startingPoint } from '../../src/runbooks/new.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { alertOf, known } from '../support/alerts.ts';
import { clock } from '../support/collecting.ts';
import { firstScreen } from '../support/first-screen.ts';
import { shipped } from '../support/incident.ts';
import { stopEverything } from '../support/processes.ts';
import {
  anchorOf,
  chapterOf,
  DOCUMENTS,
  documentText,
  expectRegion,
  PAGES,
} from '../support/readme-region.ts';
import {
  byRank,
  cell,
  checksTable,
  markdownTable,
  signalsTable,
  thresholdsTable,
} from '../support/runbook-tables.ts';
import { attack, moment } from '../support/watching.ts';

// What the README and docs/ show of the program is made from the program. `npm run readme` writes it anew.

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const runbooks = await Promise.all(
  readdirSync(path('src/runbooks'))
    .filter((file) => file.endsWith('.yaml'))
    .map(async (file) => parseRunbook(await readFile(path(`src/runbooks/${file}`), 'utf8'), file)),
);
const aegis = runbooks.find(({ name }) => name === 'aegis') as Runbook;

afterAll(stopEverything);

const region = (name: string, body: string) => expectRegion(name, body, 'npm run readme');

/** The ids among the headings of the third level, and among the first cells of tables. */
const headedIds = (text: string) => [...text.matchAll(/^### ([a-z]+(?:-[a-z]+)+)$/gm)].map(([, id]) => id);
const listedIds = (text: string) => [...text.matchAll(/^\| `([a-z]+(?:-[a-z]+)+)` \|/gm)].map(([, id]) => id);

/** The first example of YAML that begins so. */
const yamlIn = (text: string, beginning: string): string =>
  text
    .split('```yaml\n')
    .find((part) => part.startsWith(beginning))
    ?.split('```')[0] ?? '';

/** The sections of a screen that are shown; the others are left out, and that is marked. */
function shortened(screen: string, titles: readonly string[]): string {
  const sections = screen.split('\n\n');
  const isShown = (section: string, index: number) =>
    index === 0 || index === sections.length - 1 || titles.some((title) => section.startsWith(title));
  const parts = sections.map((section, index) => (isShown(section, index) ? section : '[...]'));
  const once = parts.filter((part, index) => part !== '[...]' || parts[index - 1] !== part);
  return `\`\`\`text\n${once.join('\n\n')}\n\`\`\``;
}

/** Every name of a key in a document; ids that systems chose are none of ours. */
function keysOf(node: unknown, keys = new Set<string>()): Set<string> {
  if (Array.isArray(node)) for (const one of node) keysOf(one, keys);
  else if (typeof node === 'object' && node !== null) {
    for (const [key, value] of Object.entries(node)) {
      keys.add(key);
      if (key === 'signals') for (const signal of Object.values(value ?? {})) keysOf(signal, keys);
      else if (key !== 'labels') keysOf(value, keys);
    }
  }
  return keys;
}

/** Every command that does something, by its full name. */
const leaves = (command: Command, path: readonly string[] = []): [string, Command][] =>
  command.commands.flatMap((child) => {
    const name = [...path, child.name()];
    const own = effectOf(child) === null ? [] : [[`\`${name.join(' ')}\``, child] as [string, Command]];
    return [...own, ...leaves(child, name)];
  });

const WRITING = ['block-ip', 'unblock-ip', 'raise-cap', 'kill-switch engage', 'kill-switch release', 'undo'];

/** A flag that several commands have is one row. */
function grouped(rows: readonly string[][]): string[][] {
  const of = new Map<string, string[]>();
  for (const [flag = '', name = '', meaning = ''] of rows) {
    const key = `${flag}\n${meaning}`;
    of.set(key, [...(of.get(key) ?? []), name]);
  }
  const all = WRITING.map((name) => `\`${name}\``).join(', ');
  return [...of].map(([key, names]) => {
    const [flag = '', meaning = ''] = key.split('\n');
    const which = names.join(', ');
    return [flag, which === all ? 'every command that writes' : which, meaning];
  });
}

/** The names of the flags alone, a row for each command. */
function namesByCommand(rows: readonly string[][]): string[][] {
  const of = new Map<string, string[]>();
  for (const [flag = '', which = ''] of rows) {
    for (const name of which.split(', '))
      of.set(name, [...(of.get(name) ?? []), `\`${/--[a-z-]+/.exec(flag)?.[0]}\``]);
  }
  // Those of several commands come last.
  const isShared = ([name]: readonly [string, ...unknown[]]) => Number(!name.startsWith('`'));
  return [...of].sort((a, b) => isShared(a) - isShared(b)).map(([name, flags]) => [name, flags.join(', ')]);
}

function flagRows(command: Command, name: string): string[][] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => option.long !== '--help')
    .map((option) => {
      const choices = option.argChoices ? ` (${option.argChoices.join(', ')})` : '';
      const preset = option.defaultValueDescription ?? option.defaultValue;
      const fallback = preset === undefined || typeof preset === 'boolean' ? '' : ` Default: \`${preset}\`.`;
      return [`\`${cell(option.flags)}\``, name, `${cell(option.description)}${choices}.${fallback}`];
    });
}

describe('the README and the pages of docs', () => {
  test('show the demo as it begins', async () => {
    const screen = await firstScreen('one-ip', 'triage --top 3');
    const titles = ['Why', 'What speaks', 'Authentication failures by IP', 'Could not be seen', 'Next'];
    region('screen', shortened(screen, titles));
  });

  test('show a system that speaks another contract than the runbook', async () => {
    const screen = await firstScreen(path('test/incidents/one-ip-gateway-noise.yaml'), 'triage --top 2');
    region(
      'gateway-screen',
      shortened(screen, ['What speaks', 'Authentication failures by IP', '429s by layer', 'Next']),
    );
  });

  test('show the screen of a watch', () => {
    const lines = watchFrame(attack, moment, { columns: 80, rows: 24 }, makePaint(false), clock);
    region('watch-screen', `\`\`\`text\n${lines.join('\n')}\n\`\`\``);
  });

  test('list every incident that can be drilled', () => {
    const rows = Object.entries(shipped).map(([name, { title }]) => [`\`${name}\``, cell(title)]);
    region('incidents', markdownTable(['incident', 'what it is'], rows));
  });

  test('list every flag', () => {
    const program = buildProgram(
      { streams: () => ({ columns: 80, colorOut: false }) } as unknown as Context,
      () => {},
    );
    const own = leaves(program).flatMap(([name, command]) => flagRows(command, name));
    const rows = [...grouped(own), ...flagRows(program, 'all')];
    region('flags', markdownTable(['flag', 'of', 'meaning'], rows));
    region('flag-names', markdownTable(['command', 'flags'], namesByCommand(rows)));
  });

  test('give the exact Redis users', () => {
    const needs = needsOf(aegis, { journalStream: 'ratelimit:journal', db: 0 });
    const lines = [aclLine('triage', needs), aclLine('operator', needs)];
    region('acl', `\`\`\`\n${lines.join('\n\n')}\n\`\`\``);
  });

  test('list every exit code', () => {
    const rows = Object.entries(EXIT_MEANINGS).map(([name, meaning]) => [
      String(EXIT[name as keyof typeof EXIT]),
      meaning,
    ]);
    region('exit-codes', markdownTable(['code', 'meaning'], rows));
  });

  test('show configurations that are valid, one with every query that the runbook asks for', () => {
    const read = (document: string) => {
      const yaml = yamlIn(documentText(document), 'current-context');
      return parseConfigFile('/c.yaml', new TextEncoder().encode(yaml)).content.contexts?.prod;
    };
    expect(Object.keys(read('README.md') ?? {})).toContain('redis');
    const asked = Object.values(aegis.signals).flatMap(({ sources }) =>
      sources.flatMap((source) => (source.kind === 'prometheus-query' ? [source.setting] : [])),
    );
    expect(asked).not.toEqual([]);
    expect(Object.keys(read('docs/configuration.md')?.queries ?? {}).sort()).toEqual(asked.sort());
  });

  test('tell of every remedy, with every guard that can be overridden', () => {
    const remedies = documentText('docs/remedies.md');
    const program = buildProgram({} as Context, () => {});
    for (const [name, command] of leaves(program)) {
      if (effectOf(command)?.kind !== 'destructive') continue;
      const [heading] = name.replaceAll('`', '').split(' ');
      expect(chapterOf('README.md', 'remedies')).toContain(`ratelimit ${heading} `);
      expect(remedies).toMatch(new RegExp(`^## (?:[a-z-]+, )*${heading}\\b`, 'm'));
      const forces = command.options.flatMap(({ long }) => (long?.startsWith('--force-') ? [long] : []));
      for (const flag of forces) expect(remedies).toContain(`\`${flag}\``);
    }
  });

  test('leave no page out of reach', () => {
    for (const page of PAGES) expect(documentText('README.md'), page).toContain(`](${page})`);
  });

  test('begin with the commands that the checks run', async () => {
    const checks = await readFile(path('.ci/run'), 'utf8');
    const commands = [...checks.matchAll(/^command_step '(npm ci .*)'$/gm)].map(([, line = '']) => line);
    expect(commands).toHaveLength(2);
    for (const line of commands) expect(documentText('README.md')).toMatch(new RegExp(`^${line} `, 'm'));
  });
});

describe.each(runbooks)('the runbook $name', (runbook) => {
  const page = `docs/runbooks/${runbook.name}.md`;
  const ids = byRank(runbook).map(({ id }) => id);

  test('has a section for every category in the chapter that its alerts point to, and none for others', () => {
    const [document = '', anchor = ''] = runbook.url?.split('#') ?? [];
    expect(document).toBe('README.md');
    expect(headedIds(chapterOf(document, anchor))).toEqual(ids);
  });

  test('has a page that tells of every category and every alerting rule', () => {
    expect(headedIds(chapterOf(page, 'categories'))).toEqual(ids);
    expect(listedIds(chapterOf(page, 'alerting-rules'))).toEqual(runbook.rules.map(({ id }) => id));
  });

  test('lists every signal with its sources, by contract', () => {
    region(`${runbook.name}-signals`, signalsTable(runbook));
  });

  test('lists every check before belief with what it costs', () => {
    region(`${runbook.name}-checks`, checksTable(runbook));
  });

  test('lists every threshold with its reason', () => {
    region(`${runbook.name}-thresholds`, thresholdsTable(runbook));
  });
});

test('every link of the documents leads to a file and a heading that exist', () => {
  const anchors = (document: string) =>
    [...documentText(document).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => anchorOf(title));
  for (const document of DOCUMENTS) {
    for (const [, target = ''] of documentText(document).matchAll(/\]\(([^)\s]+)\)/g)) {
      const { protocol, pathname, hash } = new URL(target, `file:///${document}`);
      // What is elsewhere cannot be looked at from here.
      if (protocol !== 'file:') continue;
      const file = pathname.slice(1);
      expect(existsSync(path(file)), `${document}: ${target}`).toBe(true);
      if (hash !== '') expect(anchors(file), `${document}: ${target}`).toContain(hash.slice(1));
    }
  }
});

test('CONTRIBUTING.md tells of every folder of src', () => {
  const rows = [...documentText('CONTRIBUTING.md').matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name);
  const folders = readdirSync(path('src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(rows).toEqual(folders.map(({ name }) => name).sort());
});

test('docs/json.md tells of every key of a verdict', async () => {
  const text = documentText('docs/json.md');
  for (const incident of Object.keys(shipped)) {
    const document: unknown = JSON.parse(await firstScreen(incident, 'triage -o json'));
    for (const key of keysOf(document)) expect(text, `${incident}: ${key}`).toContain(`\`${key}\``);
  }
});

test('docs/json.md tells of every key of an alert, and of a list of them', () => {
  const alert = alertOf({
    silencedBy: [
      { id: 's', createdBy: null, comment: null, endsAt: null, endsInSeconds: null, instances: 1 },
    ],
    inhibitedBy: [{ fingerprint: 'f', name: null, instances: 1 }],
  });
  const choice = choiceOf(alert, leadOf({}, known()), { reach: [] });
  const list = { source: '', wanted: null, at: '', choices: [choice], warnings: [] };
  const document: unknown = JSON.parse(alertsText(list, 'json', { paint: makePaint(false), width: 80 }));
  const text = documentText('docs/json.md');
  for (const key of keysOf(document)) expect(text, key).toContain(`\`${key}\``);
});

test('docs/json.md tells of every key of a verdict over several contexts', async () => {
  const document: unknown = JSON.parse(await firstScreen('one-ip', 'triage --all-contexts -o json'));
  expect(document).toMatchObject({ schema: 'ratelimit/triage-contexts/v1' });
  const text = documentText('docs/json.md');
  for (const key of keysOf(document)) expect(text, key).toContain(`\`${key}\``);
});

test('docs/json.md tells of every key of a look', async () => {
  const document: unknown = JSON.parse(await firstScreen('one-ip', 'watch -o json --count 1'));
  expect(document).toMatchObject({ schema: 'ratelimit/watch/v1' });
  const change: unknown = JSON.parse(watchJson(attack, clock));
  const text = documentText('docs/json.md');
  for (const key of [...keysOf(document), ...keysOf(change)]) expect(text, key).toContain(`\`${key}\``);
});

test('docs/runbooks.md shows a label that is valid for the runbook to start from', () => {
  const yaml = yamlIn(documentText('docs/runbooks.md'), 'category: ');
  const edge = parseRunbook(startingPoint('edge').yaml, 'edge.yaml');
  expect(parseLabel(Buffer.from(yaml), 'runbooks.md', edge)).toMatchObject({
    category: ['client-over-limit'],
    also: [],
  });
});

test('docs/runbooks.md shows alerting rules that are valid for the runbook to start from', () => {
  const example = yamlIn(documentText('docs/runbooks.md'), 'rules:\n');
  const { yaml } = startingPoint('edge');
  const edge = parseRunbook(
    yaml.slice(0, yaml.indexOf('\nrules:\n') + 1) + example + yaml.slice(yaml.indexOf('\ncategories:\n')),
    'edge.yaml',
  );
  expect(edge.rules.map(({ id }) => id)).toEqual(['client-rejects', 'connections-near-limit']);
  expect(edge['not-alerted']).toHaveLength(1);
});
