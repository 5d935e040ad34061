import { notAFile } from '../config/files.ts';
import { runbookInUse } from '../config/in-use.ts';
import type { Context } from '../context.ts';
import { ConfigError, EXIT, type ExitCode, RatelimitError } from '../errors.ts';
import { completed, readCapture } from '../evidence/capture.ts';
import { compare } from '../labels/compare.ts';
import { captureFile, labelledIn, readLabel } from '../labels/folder.ts';
import type { Label, Trial } from '../labels/types.ts';
import { escapeText } from '../output/escape.ts';
import { progressLine } from '../output/progress.ts';
import { testedText } from '../output/runbook-test.ts';
import { verdictText } from '../output/runbook-test-reasons.ts';
import type { Streams } from '../output/streams.ts';
import type { GlobalFlags } from '../program.ts';
import { proposeAll } from '../remedies/propose.ts';
import { loadRunbook, withThresholds } from '../runbooks/load.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { judge } from '../verdict/judge.ts';
import { screenOf, streamsFor } from './streams.ts';

/**
 * `ratelimit runbook test <folder>`: judges labelled captures by the runbook as it is written, without a context's
 * thresholds, and says where the verdict is not what the label says.
 */
export async function runbookTest(folder: string, flags: GlobalFlags, context: Context): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  const inUse = await runbookInUse({ flags, env: context.env, configHome: context.configHome });
  const runbook = await loadRunbook(inUse.runbook, context.runbooks);
  const { pairs, captures, problems: unpaired } = await labelledIn(folder);
  if (captures === 0 && unpaired.length === 0) throw nothingIn(folder);
  const { trials, problems: broken } = await judgeAll(folder, pairs, runbook, { flags, context, streams });
  const problems = [...unpaired, ...broken];
  const warnings = leftOut(Object.keys(inUse.thresholds), inUse.context);
  const tested = { folder, runbook, trials, problems, warnings };
  streams.out(testedText(tested, flags.output, await screenOf(streams)));
  if (problems.length > 0) return EXIT.usage;
  return trials.some(({ mismatches }) => mismatches.length > 0) ? EXIT.failure : EXIT.done;
}

interface Run {
  readonly flags: GlobalFlags;
  readonly context: Context;
  readonly streams: Streams;
}

/** One after the other: a capture may be large. */
async function judgeAll(
  folder: string,
  names: readonly string[],
  runbook: Runbook,
  { flags, context, streams }: Run,
): Promise<{ readonly trials: readonly Trial[]; readonly problems: readonly string[] }> {
  const trials: Trial[] = [];
  const problems: string[] = [];
  const progress = progressLine(streams, flags.quiet || flags.verbose);
  try {
    for (const [index, name] of names.entries()) {
      context.interrupt.throwIfAborted();
      progress.show(`judging ${index + 1} of ${names.length}`);
      const trial = await judged(folder, name, runbook, context.clock);
      if ('problems' in trial) {
        problems.push(...trial.problems);
        continue;
      }
      trials.push(trial);
      if (flags.verbose) streams.err(`${escapeText(name, 256)}: ${outcomeText(trial)}\n`);
    }
    return { trials, problems };
  } finally {
    progress.clear();
  }
}

/** `passed, quiet (confidence high)`. */
const outcomeText = (trial: Trial): string =>
  `${trial.mismatches.length === 0 ? 'passed' : 'failed'}, ${verdictText(trial)}`;

type Unusable = { readonly problems: readonly string[] };

async function judged(
  folder: string,
  name: string,
  plain: Runbook,
  clock: Context['clock'],
): Promise<Trial | Unusable> {
  const label = await readLabel(folder, name, plain);
  if (isUnusable(label)) return { problems: label };
  const path = captureFile(folder, name);
  const trouble = await notAFile(path);
  if (trouble !== null) return { problems: [trouble] };
  try {
    const capture = await readCapture(path, clock);
    // What the system's own limits were belongs to what happened.
    const runbook = capture.runbook === plain.name ? withThresholds(plain, capture.thresholds) : plain;
    const evidence = completed(capture, runbook);
    const verdict = judge(evidence, runbook, capture.answers);
    const proposed = [...proposeAll(verdict, runbook, evidence).values()].flat().map(({ id }) => id);
    return compare(name, label, verdict, proposed);
  } catch (error) {
    if (error instanceof ConfigError) return { problems: [error.message] };
    throw error;
  }
}

const isUnusable = (label: Label | string[]): label is string[] => Array.isArray(label);

const nothingIn = (folder: string): RatelimitError =>
  new RatelimitError('not-found', `${folder} holds no capture`, {
    exitCode: EXIT.nothing,
    hint: `A capture is written by ratelimit triage --save ${folder}/<name>.json; its label is ${folder}/<name>.label.yaml.`,
  });

/** A test of a runbook must not depend on who runs it. */
const leftOut = (names: readonly string[], context: string | null): string[] =>
  names.length === 0
    ? []
    : [`context ${context} sets ${names.join(', ')}: left out, a runbook is tested as it is written`];
