import { ConfigError } from '../errors.ts';
import { type Chosen, chooseContext, NO_CONTEXT, pickRunbook } from './choose.ts';
import { readStart } from './files.ts';
import { type Environment, flagOrVariable, type Given } from './given.ts';
import { type LoadedFile, loadFile } from './load.ts';
import type { Sourced } from './origins.ts';
import type { ContextEntry } from './schema.ts';
import type { ReadFile } from './secrets.ts';
import type { Config, ConfigFlags } from './types.ts';

/** What a configuration is made of. Nothing else is consulted: no environment, no home folder. */
export interface ConfigInput {
  readonly flags: ConfigFlags;
  readonly env: Environment;
  /** `$XDG_CONFIG_HOME`; the default file is `ratelimit/config.yaml` in it, and may be missing. */
  readonly configHome: string;
  readonly readFile?: ReadFile;
}

/** The Alertmanager that a flag or the environment gives. */
export const givenAlertmanager = ({ flags, env }: ConfigInput): Given | null =>
  flagOrVariable(flags.alertmanagerUrl, '--alertmanager-url', env, 'RATELIMIT_ALERTMANAGER_URL');

type Report = (problem: string) => void;

interface InUse {
  /** The file, when a flag or a variable names it. */
  readonly namedFile: Given | null;
  readonly file: LoadedFile;
  readonly context: Chosen;
}

/**
 * Opens the configuration file and chooses the context in use; what is wrong is reported.
 * @param mayHaveNone true when a file with contexts of which none is chosen is no problem
 */
export async function openContext(
  { flags, env, configHome }: ConfigInput,
  read: ReadFile,
  mayHaveNone: boolean,
  report: Report,
): Promise<InUse> {
  const namedFile = flagOrVariable(flags.config, '--config', env, 'RATELIMIT_CONFIG');
  const file = await loadFile(namedFile, configHome, read, report);
  const wanted = flagOrVariable(flags.context, '--context', env, 'RATELIMIT_CONTEXT');
  // A file that cannot be used is reported already: what it would say about contexts is unknown.
  const chosen = file.isBroken ? NO_CONTEXT : chooseContext(wanted, file.source, file.path, mayHaveNone);
  if (typeof chosen === 'string') report(chosen);
  return { namedFile, file, context: typeof chosen === 'string' ? NO_CONTEXT : chosen };
}

/** The runbook that a flag, the environment or the context names, else the default. */
export function runbookIn(
  { flags, env }: ConfigInput,
  entry: ContextEntry,
  configFile: string,
  report: Report,
): Sourced<string> {
  const named = flagOrVariable(flags.runbook, '--runbook', env, 'RATELIMIT_RUNBOOK');
  return pickRunbook(named, entry.runbook, configFile, report);
}

/** The part of the configuration that says how is judged. */
export type RunbookInUse = Pick<
  Config,
  'context' | 'file' | 'runbook' | 'thresholds' | 'limits' | 'links'
> & {
  readonly from: Pick<Config['from'], 'file' | 'context' | 'runbook'>;
};

/**
 * The runbook in use and the context's thresholds, for a command that reaches no system: no connection is looked at
 * and no file with a secret is read. No context need be chosen.
 * @throws ConfigError with all problems at once
 */
export async function runbookInUse(input: ConfigInput): Promise<RunbookInUse> {
  const problems: string[] = [];
  const report = (problem: string) => void problems.push(problem);
  const { namedFile, file, context } = await openContext(input, input.readFile ?? readStart, true, report);
  const runbook = runbookIn(input, context.entry, file.path, report);
  if (problems.length > 0) throw new ConfigError('the configuration cannot be used', problems);
  return {
    context: context.value,
    file: file.source?.path ?? null,
    runbook: runbook.value,
    thresholds: context.entry.thresholds ?? {},
    limits: context.entry.limits ?? {},
    links: context.entry.links ?? {},
    from: { file: namedFile?.origin ?? 'default', context: context.origin, runbook: runbook.origin },
  };
}
