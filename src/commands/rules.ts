import { resolve } from 'node:path';
import { type RunbookInUse, runbookInUse } from '../config/in-use.ts';
import { contextWords } from '../config/reach.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode, RatelimitError } from '../errors.ts';
import { escapeText } from '../output/escape.ts';
import { SENTENCE } from '../output/lines.ts';
import { rulesText } from '../output/rules.ts';
import type { GlobalFlags } from '../program.ts';
import { withLinks } from '../runbooks/links.ts';
import { findRunbook, isPath, loadFound } from '../runbooks/load.ts';
import { alertingRules } from '../runbooks/rules.ts';
import { viewOf } from '../runbooks/view.ts';
import { streamsFor } from './streams.ts';

/** `ratelimit rules`: Prometheus's alerting rules for the runbook, with the thresholds of the context. Reads no system. */
export async function rulesCommand(flags: GlobalFlags, context: Context): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  const inUse = await runbookInUse({ flags, env: context.env, configHome: context.configHome });
  const found = await findRunbook(inUse.runbook, context.runbooks);
  const { runbook: own, warnings } = viewOf(await loadFound(found, context.runbooks), inUse);
  const runbook = withLinks(own, inUse.links);
  if (runbook.rules.length === 0) {
    throw new RatelimitError('no-rules', `runbook ${runbook.name} has no alerting rules`, {
      exitCode: EXIT.nothing,
      hint: 'They are data, under `rules:` of the runbook; ratelimit runbook new prints one that has some.',
    });
  }
  const shown = {
    runbook,
    rules: alertingRules(runbook),
    isNamed: found.origin !== 'path',
    context: inUse.context,
    words: contextWords(whole(inUse)),
    warnings: [...warnings, ...withoutContext(inUse)],
  };
  streams.out(rulesText(shown, flags.output));
  // The answer goes into a file mostly, which nobody may look at.
  if (flags.output === 'human' && !flags.quiet) {
    for (const warning of shown.warnings) streams.err(`${escapeText(warning, SENTENCE)}\n`);
  }
  return EXIT.done;
}

/** An annotation is pasted wherever its reader is, so a file is named whole. */
function whole(inUse: RunbookInUse): RunbookInUse {
  const { file, runbook } = inUse;
  return {
    ...inUse,
    file: file === null ? null : resolve(file),
    runbook: isPath(runbook) ? resolve(runbook) : runbook,
  };
}

const withoutContext = ({ file, context }: RunbookInUse): string[] =>
  file === null || context !== null
    ? []
    : ['no context is in use, so the command in the annotations names none: give --context'];
