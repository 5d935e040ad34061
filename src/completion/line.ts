import type { Argument, Command, Option } from 'commander';
import { pathOf } from '../manual/help.ts';
import { type Kind, OFFERED } from './offered.ts';

/** One word that may come next. */
export interface Word {
  readonly value: string;
  /** What it is, in a few words; empty when there is nothing to say. */
  readonly about: string;
}

/** What may stand where the cursor is. */
export interface Wanted {
  /** The command that the line names so far, its words: `journal show`. */
  readonly path: readonly string[];
  /** What the tree of commands knows by itself. */
  readonly words: readonly Word[];
  /** What has to be looked up. */
  readonly kinds: readonly Kind[];
  /** What was typed of the value; with `before` in front of it, the word as it stands. */
  readonly typed: string;
  /** `--context=` when the value is part of the same word; else empty. */
  readonly before: string;
  /** Values of the flags that stand before the cursor, by their names (`--config`). The last one counts. */
  readonly given: ReadonlyMap<string, string>;
  /** The words before the cursor that are values of the command's arguments. */
  readonly operands: readonly string[];
}

/** Where in a line of words somebody is. */
interface Place {
  readonly command: Command;
  readonly operands: readonly string[];
  readonly given: ReadonlyMap<string, string>;
  readonly used: ReadonlySet<Option>;
  /** The flag whose value comes next. */
  readonly pending: Option | null;
  /** After `--`. */
  readonly isLiteral: boolean;
}

/** What may come next in a line. @param words those after the program's name; the last one is being typed, and may be empty */
export function wantedIn(program: Command, words: readonly string[]): Wanted {
  const current = words.at(-1) ?? '';
  const place = placeAfter(program, words.slice(0, -1));
  const { command, given, operands, pending, isLiteral } = place;
  const path = pathOf(command);
  const wanted = { path, given, operands, typed: current, before: '' };
  const isFlag = !isLiteral && current.startsWith('-');
  if (pending !== null && !(pending.optional && isFlag)) {
    const value = { ...wanted, words: choicesOf(pending), kinds: kindsOf(pending) };
    return pending.optional ? withOthers(value, nextIn(place)) : value;
  }
  if (!isFlag) return { ...wanted, ...nextIn(place) };
  const [, name = '', typed] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (typed === undefined) return { ...wanted, words: flagsFor(place), kinds: [] };
  const option = optionsOf(command).find(({ long }) => long === name);
  const taken = option?.required || option?.optional ? option : null;
  return {
    ...wanted,
    ...{ before: `${name}=`, typed },
    ...{ words: taken ? choicesOf(taken) : [], kinds: taken ? kindsOf(taken) : [] },
  };
}

/** Reads words as commander does: flags of the command and of those above it, wherever they stand. */
function placeAfter(program: Command, words: readonly string[]): Place {
  let command = program;
  let pending: Option | null = null;
  let isLiteral = false;
  const operands: string[] = [];
  const given = new Map<string, string>();
  const used = new Set<Option>();
  const take = (option: Option, value: string) => given.set(option.long ?? '', value);
  for (const word of words) {
    const isFlag = !isLiteral && word.length > 1 && word.startsWith('-');
    if (pending !== null && !(pending.optional && isFlag)) {
      take(pending, word);
      pending = null;
    } else if (isFlag && word === '--') {
      isLiteral = true;
    } else if (isFlag) {
      pending = null;
      const { option, value } = readFlag(command, word);
      if (option === undefined) continue;
      used.add(option);
      if (value !== null) take(option, value);
      else if (option.required || option.optional) pending = option;
    } else {
      pending = null;
      const sub = operands.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (sub === undefined) operands.push(word);
      else command = sub;
    }
  }
  return { command, operands, given, used, pending, isLiteral };
}

/** `--flag`, `--flag=value`, `-f`, `-fvalue`; of several short ones together (`-vq`) the last one. */
function readFlag(command: Command, word: string): { option: Option | undefined; value: string | null } {
  const options = optionsOf(command);
  const [, name = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  if (word.startsWith('--'))
    return { option: options.find(({ long }) => long === name), value: value ?? null };
  for (let at = 1; at < word.length; at += 1) {
    const option = options.find(({ short }) => short === `-${word[at]}`);
    const rest = word.slice(at + 1);
    if (option?.required) return { option, value: rest === '' ? null : rest };
    if (rest === '') return { option, value: null };
  }
  return { option: undefined, value: null };
}

/** What comes next when it is no flag's value: a command below, or an argument; else the flags that are left. */
function nextIn(place: Place): Pick<Wanted, 'words' | 'kinds'> {
  const { command, operands, isLiteral } = place;
  const commands =
    operands.length === 0 && !isLiteral
      ? command
          .createHelp()
          .visibleCommands(command)
          .map((one): Word => ({ value: one.name(), about: one.description() }))
      : [];
  const argument = argumentAt(command, operands.length);
  const words = [...commands, ...(argument?.argChoices ?? []).map(bare)];
  const kinds =
    argument === undefined ? [] : (OFFERED[`${pathOf(command).join(' ')} ${argument.name()}`] ?? []);
  // Among commands, a word that is none of them.
  const isLost = argument === undefined && operands.length > 0 && command.commands.length > 0;
  if (words.length > 0 || kinds.length > 0 || isLiteral || isLost) return { words, kinds };
  // An argument that only the operator knows: a flag in its place would be wrong.
  return { words: argument?.required ? [] : flagsFor(place), kinds };
}

function argumentAt(command: Command, index: number): Argument | undefined {
  const all = command.registeredArguments;
  const last = all.at(-1);
  return all[index] ?? (last?.variadic ? last : undefined);
}

const withOthers = (wanted: Wanted, next: Pick<Wanted, 'words' | 'kinds'>): Wanted => ({
  ...wanted,
  words: [...wanted.words, ...next.words],
  kinds: [...wanted.kinds, ...next.kinds],
});

/** The flags that a command takes, those of all commands last. */
const optionsOf = (command: Command): Option[] => [
  ...command.createHelp().visibleOptions(command),
  ...(command.parent === null ? [] : optionsOf(command.parent)),
];

/** The flags that have not been given; `--context` may be given again. */
function flagsFor({ command, used }: Place): Word[] {
  const words = optionsOf(command).flatMap((option): Word[] => {
    const isLeft = !used.has(option) || option.long === '--context';
    return option.long && isLeft ? [{ value: option.long, about: option.description }] : [];
  });
  return [...new Map(words.map((word) => [word.value, word])).values()];
}

const bare = (value: string): Word => ({ value, about: '' });
const choicesOf = (option: Option): Word[] => (option.argChoices ?? []).map(bare);
const kindsOf = ({ long }: Option): readonly Kind[] => OFFERED[long ?? ''] ?? [];
