import { readdirSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { OFFERED } from '../../src/completion/offered.ts';
import type { Context } from '../../src/context.ts';
import { EXAMPLES } from '../../src/manual/examples.ts';
import { pathOf, topicText } from '../../src/manual/help.ts';
import { manualPage } from '../../src/manual/page.ts';
import { TOPICS } from '../../src/manual/topics.ts';
import { buildProgram } from '../../src/program.ts';
import { splitCommand } from '../../src/values/command-line.ts';

/** All that a help writes to. */
const written: string[] = [];
const streams = () => ({ columns: 80, colorOut: false, out: (text: string) => written.push(text) });
const tree = (argv: readonly string[] = []) =>
  buildProgram({ streams } as unknown as Context, () => {}, argv);

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
const named = (command: Command) => pathOf(command).join(' ');
const program = tree();
const commands = all(program);
const helpOf = (command: Command): string => {
  written.length = 0;
  command.outputHelp();
  return written.join('');
};

describe('the help', () => {
  test.each(commands.map((command) => [named(command), command] as const))(
    '%s: an example first, the exit codes named, 80 columns',
    (name, command) => {
      const text = helpOf(command);
      const [title, ...lines] = text.slice(0, text.indexOf('\nUsage:')).trimEnd().split('\n');
      expect(title).toMatch(/^Examples?:$/);
      expect(lines.some((line) => line.includes(`ratelimit ${name}`.trim()))).toBe(true);
      expect(text).toMatch(/Exit codes:/);
      expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );

  test('has no example of what there is not', () => {
    expect(Object.keys(EXAMPLES).filter((name) => !commands.some((one) => named(one) === name))).toEqual([]);
  });

  test.each(
    Object.values(EXAMPLES)
      .flat()
      .map(([line]) => line)
      .filter((line) => !line.startsWith('source ')),
  )('%s is a command line that is understood', async (line) => {
    const words = splitCommand(line.replace(/ > \S+$/, ''));
    if (typeof words === 'string') throw new Error(words);
    const [name, ...argv] = words;
    expect(name).toBe('ratelimit');
    const mute = tree();
    const ran: string[] = [];
    for (const command of all(mute)) command.action(() => void ran.push(named(command)));
    await mute.parseAsync(argv, { from: 'user' });
    expect(ran).toEqual([argv.slice(0, ran[0]?.split(' ').length).join(' ')]);
  });

  test.each(Object.entries(TOPICS))('topic %s fits a terminal, wide or narrow', (_, topic) => {
    for (const width of [40, 80, 200]) {
      const lines = topicText(topic, width).split('\n');
      const tooLong = lines.filter((line) => line.length > width && line.trim().includes(' '));
      // A term is never broken.
      expect(tooLong.filter((line) => !topic.rows.some(([term]) => line.includes(term)))).toEqual([]);
    }
  });

  test('names every variable of the environment that the program reads, and no other', () => {
    const src = new URL('../../src/', import.meta.url);
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !file.startsWith('manual/'),
    );
    const read = files.flatMap(
      (file) => readFileSync(new URL(file, src), 'utf8').match(/\bRATELIMIT_[A-Z_]*[A-Z]\b/g) ?? [],
    );
    const told = TOPICS.environment?.rows.flatMap(([term]) => term.match(/RATELIMIT_\w+/g) ?? []);
    expect([...(told ?? [])].sort()).toEqual([...new Set(read)].sort());
  });
});

describe('what is offered', () => {
  /** As the table names it: `--config`, `undo id`. */
  const places = commands.flatMap((command) => [
    ...command.options.map(({ long }) => long ?? ''),
    ...command.registeredArguments.map((argument) => `${named(command)} ${argument.name()}`),
  ]);

  test('is for flags and arguments that there are', () => {
    expect(Object.keys(OFFERED).filter((place) => !places.includes(place))).toEqual([]);
  });

  test('is a path wherever a file or a folder is to be given', () => {
    const pathlike = commands.flatMap((command) => [
      ...command.options.flatMap(({ long, flags }) =>
        /<(?:file|dir|folder|path)>/.test(flags) ? (long ?? '') : [],
      ),
      ...command.registeredArguments.flatMap((argument) =>
        /^(?:file|dir|folder|path)$/.test(argument.name()) ? `${named(command)} ${argument.name()}` : [],
      ),
    ]);
    expect(pathlike.length).toBeGreaterThan(4);
    const without = pathlike.filter(
      (place) => !OFFERED[place]?.some((kind) => kind === 'file' || kind === 'folder'),
    );
    expect(without).toEqual([]);
  });
});

describe('the manual page', () => {
  const page = manualPage(program, '1.2.3', '2026-05-29');

  test('has every command, every flag and every topic', () => {
    const plain = page.replaceAll('\\-', '-');
    for (const command of commands.slice(1)) expect(plain).toContain(`.SS "${named(command)}`);
    for (const { flags } of commands.flatMap(({ options }) => options))
      expect(plain).toContain(`.B ${flags}\n`);
    for (const { rows } of Object.values(TOPICS)) {
      for (const [term] of rows) expect(plain.replaceAll('\\(ti', '~')).toContain(`.B ${term}\n`);
    }
  });

  test('leaves roff nothing to read but the requests that are meant', () => {
    const requests = page.split('\n').flatMap((line) => /^['.](\S*)/.exec(line)?.[1] ?? []);
    expect([...new Set(requests)].sort()).toEqual(
      ['B', 'BR', 'I', 'PP', 'RE', 'RI', 'RS', 'SH', 'SS', 'TH', 'TP', 'fi', 'nf'].sort(),
    );
    expect(page).not.toMatch(/[^\n\x20-\x7e]/);
    expect(page).not.toMatch(/\\(?![-e&]|\((?:aq|ga|ha|ti|dq)|f[BR])/);
  });
});
