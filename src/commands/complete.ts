import type { Command } from 'commander';
import { type Wanted, type Word, wantedIn } from '../completion/line.ts';
import type { Kind } from '../completion/offered.ts';
import { FILES, FOLDERS } from '../completion/scripts.ts';
import { waitFor } from '../completion/wait.ts';
import type { ConfigFlags } from '../config/types.ts';
import type { Context } from '../context.ts';
import { TOPICS } from '../manual/topics.ts';
import { escapeText } from '../output/escape.ts';

/** How long looking for names may take, whatever it is that hangs: somebody waits at a prompt. */
const LONGEST_MS = 1_000;
/** Longest remark beside a word, characters. */
const ABOUT_CHARS = 60;

/**
 * Names that come from files and systems and may be put into somebody's command line: nothing that a shell would read
 * as more than a word, and nothing that would be taken for a flag.
 */
const SAFE = /^[A-Za-z0-9_][\w.:/@-]{0,127}$/;

/**
 * What a shell is told when TAB is pressed: a word a line, what it is after a tab; or that paths are wanted. It only
 * reads, asks nobody, and whatever goes wrong is silence: an error message would land in the middle of a prompt.
 * @param words those after the program's name; the last one is being typed
 */
export async function completeCommand(
  words: readonly string[],
  tree: Command,
  context: Context,
): Promise<void> {
  const wanted = wantedIn(tree, words);
  const found: Word[] = wanted.words.filter(({ value }) => value.startsWith(wanted.typed));
  for (const kind of wanted.kinds) {
    if (kind === 'file' || kind === 'folder') continue;
    let all: readonly Word[] = [];
    const looking = lookUp(kind, wanted, tree, context).then((words) => {
      all = words;
    });
    await waitFor(looking, LONGEST_MS);
    found.push(...all.filter(({ value }) => value.startsWith(wanted.typed) && SAFE.test(value)));
  }
  const unused = found.filter(({ value }) => !wanted.operands.includes(value));
  const lines = unused.map(({ value, about }) => {
    const remark = about === '' ? '' : `\t${escapeText(about, ABOUT_CHARS)}`;
    return `${wanted.before}${value}${remark}\n`;
  });
  // A path is meant where no name fits.
  if (lines.length === 0 && wanted.kinds.includes('file')) lines.push(`${FILES}\n`);
  if (lines.length === 0 && wanted.kinds.includes('folder')) lines.push(`${FOLDERS}\n`);
  context.streams('never').out(lines.join(''));
}

/** What there is of a kind now. @throws whatever goes wrong */
async function lookUp(kind: Kind, wanted: Wanted, tree: Command, context: Context): Promise<Word[]> {
  const flags = flagsIn(wanted, context);
  const input = { flags, env: context.env, configHome: context.configHome };
  switch (kind) {
    case 'context':
      return (await import('./complete-names.ts')).contexts(input);
    case 'runbook':
      return (await import('./complete-names.ts')).runbooks(context.runbooks);
    case 'category':
      return (await import('./complete-names.ts')).categories(input, context.runbooks);
    case 'step':
      return (await import('./complete-names.ts')).steps(
        input,
        context.runbooks,
        wanted.given.get('--category'),
      );
    case 'incident':
      return (await import('./complete-names.ts')).incidents(context.incidents);
    case 'entry':
    case 'undoable':
      return (await import('./complete-names.ts')).entries(context, kind === 'undoable');
    case 'blocked':
    case 'agent':
      return (await import('./complete-live.ts')).live(kind, wanted.typed, input, context);
    case 'topic':
      return topicsAndCommands(tree, wanted.operands);
    default:
      return [];
  }
}

/** The flags that say where to look. A tilde is still there when a shell completes. */
function flagsIn({ given }: Wanted, { env }: Context): ConfigFlags {
  const value = (name: string) => {
    const text = given.get(name);
    return text?.startsWith('~/') && env.HOME ? `${env.HOME}${text.slice(1)}` : text;
  };
  const flags = {
    config: value('--config'),
    context: given.get('--context'),
    runbook: value('--runbook'),
    redisUrl: given.get('--redis-url'),
    prometheusUrl: given.get('--prometheus-url'),
    apiUrl: given.get('--api-url'),
  };
  return Object.fromEntries(Object.entries(flags).filter(([, text]) => text !== undefined));
}

/** What `help` tells of after these words: the commands below, and at first the topics. */
function topicsAndCommands(tree: Command, words: readonly string[]): Word[] {
  let command: Command | undefined = tree;
  for (const word of words) command = command?.commands.find((one) => one.name() === word);
  const below = (command?.commands ?? []).map((one) => ({ value: one.name(), about: one.description() }));
  const topics = Object.entries(TOPICS).map(([value, { title }]) => ({ value, about: title }));
  return words.length === 0 ? [...below, ...topics] : below;
}
