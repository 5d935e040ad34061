import type { Context } from '../context.ts';
import { type ExitCode, InterruptedError } from '../errors.ts';
import { onlyLooks } from '../remedies/propose.ts';
import type { Confidence } from '../verdict/types.ts';
import { CONTEXT } from './home.ts';

/** Runs one command line of the program in this process, and says what is wrong with it where it is wrong. */
export type Run = (words: readonly string[], context: Context) => Promise<ExitCode>;

/** A command line that was run. */
export interface Ran {
  readonly words: readonly string[];
  readonly exitCode: ExitCode;
}

/** What a triage of the drill said. */
export interface Said {
  readonly category: string;
  readonly confidence: Confidence;
  /** Words of the commands that it proposed, in its order. */
  readonly commands: readonly (readonly string[])[];
}

/** The commands of one drill, one after another. */
export class Session {
  readonly #context: Context;
  readonly #run: Run;
  readonly ran: Ran[] = [];
  readonly triages: Said[] = [];

  constructor(context: Context, run: Run) {
    this.#context = context;
    this.#run = run;
  }

  /**
   * Runs one; whatever becomes of it, the drill goes on.
   * @throws InterruptedError when the operator leaves the drill itself
   */
  async run(words: readonly string[]): Promise<ExitCode> {
    const context: Context = {
      ...this.#context,
      argv: words,
      onTriage: ({ verdict: { category, confidence }, remedies }) => {
        const commands = [...remedies.values()].flat().flatMap(({ argv }) => (argv === null ? [] : [argv]));
        this.triages.push({ category, confidence, commands });
      },
    };
    const exitCode = await this.#run(words, context);
    if (this.#context.interrupt.aborted) throw new InterruptedError();
    this.ran.push({ words, exitCode });
    return exitCode;
  }

  /** The last word on what is going on; null: nobody has looked. */
  get said(): Said | null {
    return this.triages.at(-1) ?? null;
  }
}

/**
 * Triages, does the first thing that the runbook proposes, and triages again: for whoever only watches.
 * @returns false when the runbook proposes no command that changes anything
 */
export async function demonstrate(
  session: Session,
  echo: (words: readonly string[]) => void,
): Promise<boolean> {
  const run = (words: readonly string[]) => {
    echo(words);
    return session.run([...words, '--no-input']);
  };
  await run(['triage']);
  const [, ...remedy] = session.said?.commands.find((argv) => !onlyLooks(argv)) ?? [];
  if (remedy.length === 0) return false;
  await run([...withoutReach(remedy), '--yes']);
  await run(['triage']);
  return true;
}

/** What makes a command hit the drill's systems from elsewhere says nothing within it. */
const withoutReach = (words: readonly string[]): readonly string[] =>
  words.slice(-2).join(' ') === `--context ${CONTEXT}` ? words.slice(0, -2) : words;
