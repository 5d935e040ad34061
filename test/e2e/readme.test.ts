import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import type { Context } from '../../src/context.ts';
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

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const cell = (text: string) => text.replaceAll('|', '\\|');

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
    const own = program.commands.flatMap((command) => flagRows(command, `\`${command.name()}\``));
    expectRegion('flags', table(['flag', 'of', 'meaning'], [...own, ...flagRows(program, 'all')]));
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
    const sections = [...readme.matchAll(/^### ([a-z]+(?:-[a-z]+)+)$/gm)].map(([, id]) => id);
    const ids = [...runbook.categories].sort((a, b) => a.rank - b.rank).map((category) => category.id);
    expect(sections).toEqual(ids);
  });
});
