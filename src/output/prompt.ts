import {
  AbortPromptError,
  CancelPromptError,
  createPrompt,
  ExitPromptError,
  isEnterKey,
  type KeypressEvent,
  useKeypress,
  useRef,
  useState,
} from '@inquirer/core';
import inquirer from 'inquirer';
import { InterruptedError } from '../errors.ts';
import type { Ask } from '../remedies/door.ts';
import { problemWithReason } from '../values/text.ts';
import { escapeCharacter, escapeText, replaceHidden } from './escape.ts';
import { makePaint, type Paint } from './paint.ts';

/** Somebody at a terminal. Each question throws an InterruptedError when the operator leaves: Ctrl-C, Ctrl-D, a signal. */
export interface Prompter extends Ask {
  /** A menu; Enter takes the first choice. */
  choose<T>(message: string, choices: readonly { readonly name: string; readonly value: T }[]): Promise<T>;
}

interface PrompterOptions {
  /** The terminal's keys. */
  readonly input: NodeJS.ReadableStream & { readonly isRaw?: boolean; setRawMode?(raw: boolean): unknown };
  /** Where questions and answers are shown: stderr, since stdout is for the answer of the run. */
  readonly output: NodeJS.WritableStream;
  /** Ends a question when it is aborted. */
  readonly signal?: AbortSignal;
  /** For `output`; without it nothing is coloured. */
  readonly paint?: Paint;
}

/** The only place where inquirer is used. What the questions quote is escaped here. */
export function makePrompter(options: PrompterOptions): Prompter {
  const paint = options.paint ?? makePaint(false);
  const theme = themeOf(paint);
  const transformer = (value: string, { isFinal }: { isFinal: boolean }) =>
    isFinal ? paint.name(visible(value)) : visible(value);
  return {
    async reason() {
      const question = {
        message: 'Reason (it is stored with the change):',
        validate: (text: string) => problemWithReason(text) ?? true,
      };
      const reason = await ask<string>(options, { type: 'input', ...question, transformer, theme });
      return reason.trim();
    },
    async typed(what, word) {
      const message = `Type ${escapeText(word, 128)} (${escapeText(what)}) to go on:`;
      return (await ask<string>(options, { type: 'input', message, transformer, theme })) === word;
    },
    async confirm(question) {
      await drain(options.input);
      return ask(options, { type: 'one-key', message: escapeText(question, MESSAGE_CHARS), paint });
    },
    choose<T>(message: string, choices: readonly { readonly name: string; readonly value: T }[]) {
      const list = choices.map(({ name, value }) => ({ name: escapeText(name, MESSAGE_CHARS), value }));
      const shown = { message: escapeText(message, MESSAGE_CHARS), choices: list, loop: false };
      return ask<T>(options, { type: 'select', ...shown, theme });
    },
  };
}

const MESSAGE_CHARS = 400;

/** What was pasted must not act on the terminal when it is shown. */
const visible = (text: string): string => replaceHidden(text, escapeCharacter);

/** Long enough for what waits in the terminal to arrive. */
const DRAIN_MS = 20;

/** Throws away what was typed before the question could be read: it answers another one. */
async function drain(input: PrompterOptions['input']): Promise<void> {
  const ignore = () => {};
  input.setRawMode?.(true);
  input.on('data', ignore).resume();
  await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
  input.off('data', ignore).pause();
  input.setRawMode?.(false);
}

/** Asks one question through inquirer. @throws InterruptedError when the operator leaves */
async function ask<T>(
  { input, output, signal }: PrompterOptions,
  question: Readonly<Record<string, unknown>>,
): Promise<T> {
  const left = new AbortController();
  // Ctrl-D closes readline, which inquirer does not notice: it pauses its input. So does the way back from Ctrl-Z,
  // but then the terminal is read key by key again.
  const whenPaused = () =>
    queueMicrotask(() => {
      if (input.isRaw) input.resume();
      else left.abort();
    });
  const whenGone = () => left.abort();
  input.on('pause', whenPaused).on('end', whenGone).on('close', whenGone).on('error', whenGone);
  const signals = [left.signal, ...(signal ? [signal] : [])];
  const prompt = inquirer.createPromptModule({ input, output, signal: AbortSignal.any(signals) });
  prompt.registerPrompt('one-key', oneKey);
  try {
    const answers: Record<string, unknown> = await prompt([{ ...question, name: 'answer' }] as never);
    return answers.answer as T;
  } catch (error) {
    const isLeaving =
      error instanceof ExitPromptError ||
      error instanceof AbortPromptError ||
      error instanceof CancelPromptError;
    throw isLeaving ? new InterruptedError() : error;
  } finally {
    input.off('pause', whenPaused).off('end', whenGone).off('close', whenGone).off('error', whenGone);
  }
}

/** A person presses one key and waits; what comes faster was pasted, and a pasted text answers nothing. */
const PASTE_MS = 60;

/** Yes or no by one key, without Enter. Enter and Esc decline; anything else does nothing. */
const oneKey = createPrompt<boolean, { message: string; paint: Paint }>(({ message, paint }, done) => {
  const [answer, setAnswer] = useState<boolean | null>(null);
  const [, setIgnored] = useState(0);
  const burst = useRef<{ keys: string[]; timer: NodeJS.Timeout | undefined }>({ keys: [], timer: undefined });
  useKeypress((key, readline) => {
    // The line holds what was typed; asked again with an empty one, the cursor stays where it is.
    readline.clearLine(0);
    const { current } = burst;
    current.keys.push(nameOf(key));
    clearTimeout(current.timer);
    current.timer = setTimeout(() => {
      const said = answerOf(current.keys);
      current.keys = [];
      if (said === null) return setIgnored((count) => count + 1);
      setAnswer(said);
      done(said);
    }, PASTE_MS);
  });
  const shown = answer === null ? '' : paint.name(answer ? 'yes' : 'no');
  return `${paint.name('?')} ${paint.strong(message)} ${paint.dim('(y/N)')} ${shown}`;
});

function nameOf(key: KeypressEvent & { readonly meta?: boolean }): string {
  if (isEnterKey(key)) return 'enter';
  if (key.name === 'escape') return 'escape';
  return key.ctrl || key.meta ? 'other' : key.name;
}

/** What keys that came together mean: a word, with Enter after it or without; null: nothing. */
function answerOf(keys: readonly string[]): boolean | null {
  const end = keys.findLastIndex((key) => key !== 'enter') + 1;
  const word = keys.slice(0, end).join(' ');
  if (word === 'y' || word === 'y e s') return true;
  return word === '' || word === 'n' || word === 'n o' || word === 'escape' ? false : null;
}

/** Inquirer's own colours ask the wrong stream, and Node 20's do not ask at all. */
const themeOf = (paint: Paint) => ({
  prefix: paint.name('?'),
  icon: { cursor: '>' },
  style: {
    // Called with more than the text, which the painter would print.
    answer: (text: string) => paint.name(text),
    message: (text: string) => paint.strong(text),
    error: (text: string) => paint.bad(`! ${text}`),
    highlight: (text: string) => paint.name(text),
    keysHelpTip: () => paint.dim('(arrows move, Enter takes it)'),
  },
});
