import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { effectOf } from '../../src/cli/effects.ts';
import type { Context } from '../../src/context.ts';
import { aclLine } from '../../src/doctor/acl.ts';
import { needsOf } from '../../src/doctor/needs.ts';
import { EXIT, EXIT_MEANINGS } from '../../src/errors.ts';
import { buildProgram } from '../../src/program.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { stopEverything } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';

// The README's tables and its screen are made from the program. `npm run readme` writes them anew.

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const readme = await readFile(path('README.md'), 'utf8');
const runbook = parseRunbook(await readFile(path('src/runbooks/aegis.yaml'), 'utf8'), 'aegis.yaml');
const updating = process.env.UPDATE_README === '1';
const fresh = new Map<string, string>();

afterAll(async () => {
  if (updating) {
    const text = [...fresh].reduce(
      (all, [region, body]) => all.replace(pattern(region), () => wrapped(region, body)),
      readme,
    );
    await writeFile(path('README.md'), text);
  }
  await stopEverything();
});

const pattern = (region: string) => new RegExp(`<!-- ${region} -->\\n[\\s\\S]*?<!-- /${region} -->`);
const wrapped = (region: string, body: string) => `<!-- ${region} -->\n${body}\n<!-- /${region} -->`;

function expectRegion(region: string, body: string): void {
  fresh.set(region, body);
  if (!updating) expect(pattern(region).exec(readme)?.[0], 'run: npm run readme').toBe(wrapped(region, body));
}

/** What stands under a heading that starts so. */
const chapter = (title: string): string => readme.split(/^## /m).find((text) => text.startsWith(title)) ?? '';

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const cell = (text: string) => text.replaceAll('|', '\\|');

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

describe('the README', () => {
  test('shows the demo as it is', async () => {
    const { code, stdout } = await runProgram(['triage', '--from', path('scripts/demo/incident.json')]);
    expect(code).toBe(0);
    expectRegion('screen', `\`\`\`text\n${stdout.trimEnd()}\n\`\`\``);
  });

  test('lists every flag', () => {
    const program = buildProgram(
      { streams: () => ({ columns: 80, colorOut: false }) } as unknown as Context,
      () => {},
    );
    const own = leaves(program).flatMap(([name, command]) => flagRows(command, name));
    expectRegion('flags', table(['flag', 'of', 'meaning'], [...grouped(own), ...flagRows(program, 'all')]));
  });

  test('gives the exact Redis users', () => {
    const needs = needsOf(runbook, { journalStream: 'ratelimit:journal', db: 0 });
    const lines = [aclLine('triage', needs), aclLine('operator', needs)];
    expectRegion('acl', `\`\`\`\n${lines.join('\n\n')}\n\`\`\``);
  });

  test('lists every exit code', () => {
    const rows = Object.entries(EXIT_MEANINGS).map(([name, meaning]) => [
      String(EXIT[name as keyof typeof EXIT]),
      meaning,
    ]);
    expectRegion('exit-codes', table(['code', 'meaning'], rows));
  });

  test('lists every threshold with its reason', () => {
    const rows = Object.entries(runbook.thresholds).map(([name, { value, unit, because }]) => [
      `\`${name}\``,
      `${value ?? 'not known'} ${unit}`,
      cell(because),
    ]);
    expectRegion('thresholds', table(['threshold', 'value', 'because'], rows));
  });

  test('has a section for every category and none for others', () => {
    const sections = [...chapter('The categories').matchAll(/^### ([a-z]+(?:-[a-z]+)+)$/gm)].map(
      ([, id]) => id,
    );
    const ids = [...runbook.categories].sort((a, b) => a.rank - b.rank).map((category) => category.id);
    expect(sections).toEqual(ids);
  });

  test('has a section for every remedy, with every guard that can be overridden', () => {
    const remedies = chapter('Remedies');
    const program = buildProgram({} as Context, () => {});
    for (const [name, command] of leaves(program)) {
      if (effectOf(command)?.kind !== 'destructive') continue;
      const [heading] = name.replaceAll('`', '').split(' ');
      expect(remedies).toMatch(new RegExp(`^### (?:[a-z-]+, )*${heading}\\b`, 'm'));
      const forces = command.options.flatMap(({ long }) => (long?.startsWith('--force-') ? [long] : []));
      for (const flag of forces) expect(remedies).toContain(`\`${flag}\``);
    }
  });
});
