import { ConfigError } from '../errors.ts';
import { DEFAULT_RUNBOOK, pickTimeout, runbookFrom } from './choose.ts';
import {
  DEFAULT_ALERTMANAGER,
  DEFAULT_PROMETHEUS,
  DEFAULT_REDIS,
  httpFromEntry,
  httpFromUrl,
  prometheusFromUrl,
  redisFromUrl,
} from './connections.ts';
import { readStart } from './files.ts';
import { flagOrVariable } from './given.ts';
import { type ConfigInput, givenAlertmanager, openContext } from './in-use.ts';
import { reachWords } from './reach.ts';
import { connect, contextFiles } from './resolve.ts';
import type { AlertRule } from './schema.ts';
import { secretReader } from './secrets.ts';
import type { HttpTarget, Origin } from './types.ts';

/** What is known before an alert has said which context is triaged. */
export interface AlertSource {
  /** The Alertmanager of the context in use. */
  readonly target: HttpTarget;
  readonly origin: Origin;
  /** Deadline of a run, seconds. */
  readonly timeoutSeconds: number;
  /** The context in use, and whether somebody named it for this run. */
  readonly context: string | null;
  readonly isContextGiven: boolean;
  /** The flag or the variable that names a system by itself, so that no alert may lead to another one; null: none. */
  readonly connectedBy: string | null;
  /** The runbook that was named for this run; null: none was. */
  readonly givenRunbook: string | null;
  /** The rules of the file, in its order; a path of a runbook is ready to be used. */
  readonly rules: readonly AlertRule[];
  /** The contexts of the file, each with the runbook that is in use with it. */
  readonly runbookOf: ReadonlyMap<string, string>;
  /** The runbook in use when no context is. */
  readonly defaultRunbook: string;
  /** Words that make another triage ask the same Alertmanager and leave as much to the alert; without secrets. */
  readonly reach: readonly string[];
}

/**
 * Reads what asking about an alert needs of the configuration: no secret of another system is looked at, since the
 * alert may lead to another context. No context need be chosen when the Alertmanager is given by itself.
 * @throws ConfigError with all problems at once
 */
export async function alertSource(input: ConfigInput): Promise<AlertSource> {
  const problems: string[] = [];
  const report = (problem: string) => void problems.push(problem);
  const read = input.readFile ?? readStart;
  const { flags, env } = input;
  const given = {
    redis: flagOrVariable(flags.redisUrl, '--redis-url', env, 'RATELIMIT_REDIS_URL'),
    prometheus: flagOrVariable(flags.prometheusUrl, '--prometheus-url', env, 'RATELIMIT_PROMETHEUS_URL'),
    alertmanager: givenAlertmanager(input),
    runbook: flagOrVariable(flags.runbook, '--runbook', env, 'RATELIMIT_RUNBOOK'),
  };
  const mayHaveNone = given.alertmanager !== null || (given.redis !== null && given.prometheus !== null);
  const { namedFile, file, context } = await openContext(input, read, mayHaveNone, report);
  const files = contextFiles(file, context, secretReader(read, report), ['alertmanager']);
  const alertmanager = await connect(
    { given: given.alertmanager, fromUrl: httpFromUrl, fallback: DEFAULT_ALERTMANAGER, report },
    context.entry.alertmanager,
    (entry) => httpFromEntry(entry, files),
  );
  // Of the other systems only what was given by URL, for the commands that are suggested.
  const redis = await connect(
    { given: given.redis, fromUrl: redisFromUrl, fallback: DEFAULT_REDIS, report },
    ...NO_ENTRY,
  );
  const prometheus = await connect(
    { given: given.prometheus, fromUrl: prometheusFromUrl, fallback: DEFAULT_PROMETHEUS, report },
    ...NO_ENTRY,
  );
  const timeout = pickTimeout(flags.timeout, context.entry.timeout, report);
  if (problems.length > 0) throw new ConfigError('the configuration cannot be used', problems);

  const { alerts = [], contexts = {} } = file.source?.content ?? {};
  const located = (written: string | undefined) =>
    written === undefined ? undefined : runbookFrom(written, file.path);
  const isContextGiven = context.origin === 'flag' || context.origin === 'environment';
  const { target } = alertmanager.value;
  return {
    ...{ target, origin: alertmanager.origin, timeoutSeconds: timeout.seconds },
    ...{ context: context.value, isContextGiven },
    connectedBy: (given.redis ?? given.prometheus)?.where ?? null,
    givenRunbook: given.runbook?.value ?? null,
    rules: alerts.map((rule) => ({ ...rule, runbook: located(rule.runbook) })),
    runbookOf: new Map(
      Object.entries(contexts).map(([name, { runbook }]) => [name, located(runbook) ?? DEFAULT_RUNBOOK]),
    ),
    defaultRunbook: DEFAULT_RUNBOOK,
    reach: reachWords(
      {
        context: isContextGiven ? context.value : null,
        file: file.source?.path ?? null,
        runbook: given.runbook?.value ?? DEFAULT_RUNBOOK,
        redis: redis.value.target,
        prometheus: [prometheus.value[0].target],
        ...{ alertmanager: target, api: null, logs: null },
        from: {
          ...{ file: namedFile?.origin ?? 'default', context: context.origin },
          ...{ runbook: given.runbook?.origin ?? 'default', redis: redis.origin },
          ...{
            prometheus: prometheus.origin,
            alertmanager: alertmanager.origin,
            api: 'default',
            logs: 'default',
          },
        },
      },
      ['redis', 'prometheus', 'alertmanager'],
    ),
  };
}

/** The context may be another one by then. */
const NO_ENTRY = [undefined, async () => 'nothing'] as const;
