import type { Argument, Command, Option } from 'commander';
import { exampleLines, pathOf } from './help.ts';
import { TOPICS, type Topic } from './topics.ts';

/**
 * The manual page, in the man macros of roff (groff_man(7)): from the tree of commands, the examples and the topics of
 * the help, so that none of it is written twice.
 * @param date of the page, `2026-05-29`
 */
export function manualPage(program: Command, version: string, date: string): string {
  const name = program.name();
  const summary = program.description().replace(/\.$/, '');
  const lines = [
    `.TH ${name.toUpperCase()} 1 "${date}" ${quoted(`${name} ${version}`)} "User Commands"`,
    section('NAME'),
    `${escaped(name)} \\- ${escaped(lowered(summary))}`,
    section('SYNOPSIS'),
    `.B ${escaped(name)}`,
    `.RI [ options "] " command " [" arguments ]`,
    section('EXAMPLES'),
    ...examplesOf(program).slice(1),
    section('COMMANDS'),
    ...commandsBelow(program).flatMap(commandPart),
    section('OPTIONS'),
    'Every command has these.',
    ...optionsOf(program).flatMap(optionPart),
    ...Object.values(TOPICS).flatMap(topicPart),
    section('SEE ALSO'),
    `Each command tells more with ${bold('--help')}.`,
    '.BR redis\\-cli (1),',
    '.BR promtool (1)',
  ];
  return `${lines.join('\n')}\n`;
}

const section = (title: string): string => `.SH ${quoted(title.toUpperCase())}`;

/** Every command that does something or holds others, in the order of the help. */
const commandsBelow = (command: Command): Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help' || command.parent === null)
    .flatMap((child) => [child, ...commandsBelow(child)]);

function commandPart(command: Command): string[] {
  const usage = [...pathOf(command), ...command.registeredArguments.map(usageOf)].join(' ');
  return [
    `.SS ${quoted(usage)}`,
    sentence(command.description()),
    ...examplesOf(command),
    ...command.registeredArguments.flatMap(argumentPart),
    ...optionsOf(command).flatMap(optionPart),
  ];
}

function usageOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

const argumentPart = (argument: Argument): string[] => [
  '.TP',
  `.I ${escaped(argument.name())}`,
  escaped(`${argument.description}${choices(argument.argChoices)}`),
];

function optionPart(option: Option): string[] {
  const preset = option.defaultValueDescription ?? option.defaultValue;
  const shown = preset === undefined || typeof preset === 'boolean' ? '' : `; default ${String(preset)}`;
  return [
    '.TP',
    `.B ${escaped(option.flags)}`,
    escaped(`${option.description}${choices(option.argChoices)}${shown}`),
  ];
}

const choices = (all: readonly string[] | undefined): string => (all ? `: ${all.join(', ')}` : '');

/** What `-h` and the like are goes without saying. */
const optionsOf = (command: Command): readonly Option[] => command.options.filter(({ hidden }) => !hidden);

function examplesOf(command: Command): string[] {
  const lines = exampleLines(command, EXAMPLE_WIDTH).map(escaped);
  return lines.length === 0 ? [] : ['.PP', '.nf', '.RS 4', ...lines, '.RE', '.fi'];
}

/** What a page of 80 columns leaves for them. */
const EXAMPLE_WIDTH = 68;

const topicPart = ({ title, before, rows, after }: Topic): string[] => [
  // As man-pages(7) calls it.
  section(title === 'Exit codes' ? 'EXIT STATUS' : title),
  ...before.map(escaped),
  ...rows.flatMap(([term, meaning]) => ['.TP', `.B ${escaped(term)}`, escaped(meaning)]),
  ...after.flatMap((text) => ['.PP', escaped(text)]),
];

const bold = (text: string): string => `\\fB${escaped(text)}\\fR`;

/** The first letter small, unless it begins a word in capitals. */
const lowered = (text: string): string =>
  /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;

/** With a capital and a full stop. */
function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return escaped(/[.?!]$/.test(start) ? start : `${start}.`);
}

const quoted = (text: string): string => `"${escaped(text).replaceAll('"', '\\(dq')}"`;

/** Characters that roff would read as requests or set in another way than they are typed (groff_char(7)). */
const SPECIAL: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

function escaped(text: string): string {
  const safe = text.replaceAll(/[\\\-'`^~]/g, (character) => SPECIAL[character] ?? character);
  // A dot at the start of a line would be a request.
  return safe.startsWith('.') ? `\\&${safe}` : safe;
}
