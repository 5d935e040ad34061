import { aboutAlert, notFiring, silencesOf, unreadAlert } from '../alerts/about.ts';
import { type Group, meantBy } from '../alerts/group.ts';
import type { Known, KnownRunbook } from '../alerts/lead.ts';
import { type AlertSource, alertSource } from '../config/alert-source.ts';
import { readOnce } from '../config/contexts.ts';
import { readStart } from '../config/files.ts';
import type { ConfigInput } from '../config/in-use.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { Context } from '../context.ts';
import { ConfigError, EXIT, type ExitCode, UsageError } from '../errors.ts';
import type { Alert } from '../evidence/alert.ts';
import { type AlertList, alertsText, choiceOf } from '../output/alert-list.ts';
import { paintFor } from '../output/paint-for.ts';
import { startProgress } from '../output/progress.ts';
import type { Streams } from '../output/streams.ts';
import { listRunbooks } from '../runbooks/list.ts';
import { isPath, loadRunbook } from '../runbooks/load.ts';
import type { Alertmanager, Silence } from '../signals/alertmanager.ts';
import { SourceError } from '../signals/source-error.ts';
import { quote } from '../values/text.ts';
import { makerOf } from './pages.ts';
import { screenOf } from './streams.ts';
import type { TriageFlags } from './triage.ts';
import { targetOf } from './triage-run.ts';

/** What is triaged for an alert, and as what. */
export interface Asked {
  readonly flags: TriageFlags;
  readonly input: ConfigInput;
  readonly alert: Alert;
}

/** Of the deadline for everything, what an Alertmanager may take: the verdict is not to wait for it longer. */
const PATIENCE = 0.5;

/**
 * Finds the alert that is to be triaged, and what it leads to. One that cannot be read, or does not fire, leads to
 * nothing but what the flags say.
 * @returns the exit code when several alerts were meant, and listed since nobody could be asked
 * @throws UsageError, ConfigError
 */
export async function askAbout(
  flags: TriageFlags,
  context: Context,
  streams: Streams,
): Promise<Asked | ExitCode> {
  const wanted = wantedOf(flags);
  const { env, configHome, clock, interrupt } = context;
  const input = { flags, env, configHome, readFile: readOnce(readStart) };
  const source = await alertSource(input);
  const asking = { source: source.target.url, wanted };
  const unled = (alert: Alert): Asked => ({ flags, input, alert });

  const alertmanager = await context.alertmanager(source.target, source.timeoutSeconds * 1_000 * PATIENCE);
  const stopProgress = startProgress(streams, `asking ${source.target.url} about alerts`, flags.quiet);
  const [{ runbooks, warnings }, all] = await Promise.all([
    runbooksFor(source, context),
    orSourceError(alertmanager.alerts()),
  ]).finally(stopProgress);
  interrupt.throwIfAborted();
  if (all instanceof SourceError) return unled(unreadAlert(asking, all, defaultRemark(source)));
  const meant = meantBy(wanted, all, { ...source, runbooks } satisfies Known);
  const about = (group: Group, silences: ReadonlyMap<string, Silence> = new Map()) =>
    aboutAlert(asking, group, all, silences, clock.now(), clock);
  const groups = meant.groups.slice(0, MOST_CHOICES);
  const more = meant.groups.length - groups.length;
  const remarks = [
    ...warnings,
    ...meant.warnings,
    ...(more > 0
      ? [`${more} more of other names or contexts are not listed: --alert takes one by its name`]
      : []),
  ];
  const [first] = groups;
  if (first === undefined) return unled(notFiring(asking, all, remarks));
  let group = first;
  if (groups.length > 1) {
    const choices = groups.map((one) => choiceOf(about(one), one.lead, source));
    if (!streams.canAsk || !flags.input) {
      const list = { ...asking, at: clock.iso(clock.now()), choices, warnings: remarks };
      streams.out(await listed(list, flags, context, streams));
      return EXIT.refused;
    }
    const prompter = await context.prompter(await paintFor(streams.colorErr));
    group = await prompter.choose(
      'Several alerts fire. Which one?',
      groups.map((value, index) => ({ name: choices[index]?.line ?? '', value })),
    );
  }
  const { silences, troubles } = await silencesFor(group, alertmanager);
  interrupt.throwIfAborted();
  const led = await follow(group, { flags, input, alert: about(group, silences) }, context);
  return { ...led, alert: { ...led.alert, warnings: [...remarks, ...led.alert.warnings, ...troubles] } };
}

async function listed(
  list: AlertList,
  { output }: TriageFlags,
  context: Context,
  streams: Streams,
): Promise<string> {
  if (output !== 'html') return alertsText(list, output, await screenOf(streams));
  const { alertsHtml } = await import('../output/html/alerts.ts');
  return alertsHtml(list, makerOf(context));
}

/** Of these one can be chosen. */
const MOST_CHOICES = 50;

/** null: whichever fires. */
function wantedOf({ alert, from, allContexts, contexts }: TriageFlags): string | null {
  if (from !== undefined) {
    throw new UsageError(
      '--alert is about what fires now, and --from about what was recorded',
      'Leave one of them out: a capture says which alert it was taken for.',
    );
  }
  if (allContexts || contexts.length > 1) {
    throw new UsageError(
      '--alert leads to one context, and several were given',
      'Leave them out, or name one --context.',
    );
  }
  if (typeof alert !== 'string') return null;
  if (alert.trim() === '' || alert.length > 1_024) {
    throw new UsageError(
      `--alert: expected the fingerprint or the name of an alert, got ${quote(alert)}`,
      'Without a value it is the alert that fires.',
    );
  }
  return alert;
}

const orSourceError = <T>(answer: Promise<T>): Promise<T | SourceError> =>
  answer.catch((error) => {
    if (error instanceof SourceError) return error;
    throw error;
  });

const defaultRemark = ({ origin }: AlertSource): string[] =>
  origin === 'default'
    ? [
        'no Alertmanager is configured, so the default was asked: give --alertmanager-url, RATELIMIT_ALERTMANAGER_URL, or alertmanager in the context',
      ]
    : [];

/** The runbooks that an alert may lead to: those that have a name, and those that contexts name by a path. */
async function runbooksFor(
  { runbookOf }: AlertSource,
  { runbooks: places }: Context,
): Promise<{ readonly runbooks: readonly KnownRunbook[]; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const listed = await listRunbooks(places).catch((error) => {
    if (!(error instanceof ConfigError)) throw error;
    warnings.push(error.message);
    return [];
  });
  const paths = [...new Set(runbookOf.values())].filter(isPath);
  const byPath = await Promise.all(
    paths.map(async (name): Promise<KnownRunbook[]> => {
      try {
        const { alerts } = await loadRunbook(name, places);
        return [{ name, alerts, isNamed: false }];
      } catch (error) {
        // Whoever triages with it is told why it cannot be used.
        if (error instanceof ConfigError) return [];
        throw error;
      }
    }),
  );
  const byName = listed.flatMap(({ name, alerts, problems }) =>
    problems.length === 0 ? [{ name, alerts, isNamed: true }] : [],
  );
  return { runbooks: [...byName, ...byPath.flat()], warnings };
}

/** What silences the alerts, as far as it can be read. */
async function silencesFor(
  group: Group,
  alertmanager: Alertmanager,
): Promise<{ readonly silences: ReadonlyMap<string, Silence>; readonly troubles: readonly string[] }> {
  const answers = await Promise.all(
    silencesOf(group).map(async (id) => [id, await orSourceError(alertmanager.silence(id))] as const),
  );
  return {
    silences: new Map(answers.flatMap(([id, one]) => (one instanceof SourceError ? [] : [[id, one]]))),
    troubles: answers.flatMap(([id, one]) =>
      one instanceof SourceError ? [`silence ${id} could not be read: ${one.message}`] : [],
    ),
  };
}

/** The flags as the alert has it. A runbook that somebody else's word led to and that does not fit is left out. */
async function follow({ lead }: Group, asked: Asked, context: Context): Promise<Asked> {
  const { flags, input } = asked;
  const alert = flags.windowGiven ? { ...asked.alert, windowSeconds: null } : asked.alert;
  const window = alert.windowSeconds ?? flags.window;
  const led = { ...flags, window, ...(lead.context === null ? {} : { context: lead.context }) };
  const as = (given: TriageFlags, about: Alert): Asked => ({
    ...{ flags: given, alert: about },
    input: { ...input, flags: given },
  });
  if (lead.runbook === null) return as(led, alert);
  const full = { ...led, runbook: lead.runbook };
  if (lead.by.runbook === 'rule') return as(full, alert);
  try {
    await targetOf(await resolveConfig({ ...input, flags: full }), context);
    return as(full, alert);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [first = error.message] = error.problems;
    const warning = `the runbook ${lead.runbook} is left out, which the alert led to: ${first}`;
    return as(led, {
      ...alert,
      pickedBy: { ...alert.pickedBy, runbook: 'default' },
      warnings: [...alert.warnings, warning],
    });
  }
}
