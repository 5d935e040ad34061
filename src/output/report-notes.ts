import type { Report, Unknown } from '../report/model.ts';
import type { Clock } from '../signals/asked.ts';
import { formatDuration } from '../values/duration.ts';
import { escapeText } from './escape.ts';
import { SENTENCE } from './lines.ts';
import { momentText } from './report-words.ts';
import { explainCaveat } from './sentences.ts';

/** What could not be seen, a sentence each. */
export function unknownsText(report: Report): string[] {
  const { unknowns, charts, alerts, looks } = report;
  const failed = charts.filter(({ cause }) => cause !== null);
  return [
    ...unknowns.filter(({ status }) => status === 'unknown').map((one) => unknownText(one, looks.length)),
    ...absentText(unknowns, looks.length),
    ...failed.map(
      ({ title, reason }) => `chart of ${escapeText(title, 80)}: ${escapeText(reason ?? '', SENTENCE)}`,
    ),
    ...(alerts.cause === null ? [] : [`when alerts fired: ${escapeText(alerts.reason ?? '', SENTENCE)}`]),
  ];
}

/** What a system does not have was not seen either, and is nobody's failure. */
function absentText(unknowns: readonly Unknown[], all: number): string[] {
  const absent = unknowns.filter(({ status }) => status === 'absent');
  const counts = [...new Set(absent.map(({ looks }) => looks.length))].sort((a, b) => b - a);
  return counts.map((count) => {
    const signals = absent.filter(({ looks }) => looks.length === count).map(({ signal }) => signal);
    // A counter that nothing has moved so far is not there yet.
    const when =
      count === all ? 'without any source in this system' : `without any source${lookCount(count, all)}`;
    return `${when}: ${signals.join(', ')}`;
  });
}

/** ` in 1 of 3 looks`; nothing where it is all of them. */
const lookCount = (count: number, all: number): string =>
  all < 2 || count === all ? '' : ` in ${count} of ${all} looks`;

function unknownText({ signal, source, reason, looks }: Unknown, all: number): string {
  const what = source === null ? signal : `${signal}, source ${escapeText(source, 100)}`;
  return `${what} could not be read${lookCount(looks.length, all)}${reason === null ? '' : `: ${escapeText(reason, 300)}`}`;
}

/** Doubts that findings came with. */
export const caveatsText = ({ caveats, runbook, looks: all }: Report): string[] =>
  caveats.map(({ category, caveat, looks }) => {
    const when = lookCount(looks.length, all.length).replace(/^ (.*)/, ' ($1)');
    return `${category}, ${caveat.code}: ${explainCaveat(caveat, runbook)}${when}`;
  });

const PERIODS = {
  asked: 'as asked',
  default: 'the last hour, since no --since was given',
  captures: 'from an hour before the first capture to an hour after the last one, or until now',
} as const;

/** How the report came about, and what it leaves out. */
export function notesOf(report: Report, clock: Clock): string[] {
  const { period, alerts, redacted, charts } = report;
  return [
    `The time from ${momentText(period.fromMs, clock)} to ${momentText(period.toMs, clock)}: ${PERIODS[period.by]}. Made at ${momentText(report.madeAtMs, clock)}.`,
    ...looksNotes(report),
    ...alertNotes(report),
    ...journalNotes(report),
    ...(redacted
      ? [
          'Addresses and ids of the captures stand for others, so the journal, which has the real ones, is left out.',
        ]
      : []),
    ...(charts.some(({ from }) => from === 'capture')
      ? ['Charts are as the captures kept them: the hour before each.']
      : []),
    ...(report.responses.some(({ effects }) => effects.length > 0)
      ? [
          'Means before and after a response are what was measured. That one follows the other does not prove that it is its effect.',
        ]
      : []),
    ...(alerts.periods.length > 0 && alerts.stepSeconds > 0
      ? [
          `Times of alerts are exact to ${formatDuration(alerts.stepSeconds)}, times of this machine's journal are by its own clock.`,
        ]
      : []),
  ].filter((note) => note !== '');
}

/** Which looks it is made of, and which not. */
function looksNotes({ looks, kept, redacted }: Report): string[] {
  if (kept === null) {
    const files = looks.flatMap(({ file }) => (file === null ? [] : [escapeText(file, 200)]));
    return [
      `Looks: ${files.length === 1 ? 'the capture' : `${files.length} captures,`} ${files.join(', ')}. No system was asked.`,
      ...(redacted && files.length > 1
        ? [
            'Each redacted capture has names of its own: the same name in two of them need not be the same address, tenant or agent, and the same one may have two names. Who was affected is to be read for each look alone.',
          ]
        : []),
    ];
  }
  const isLive = looks.some(({ file }) => file === null);
  const before = counted(kept.read, 'look', 'that triage or watch kept on this machine');
  const now = 'the systems as they were when this was made';
  const [first] = kept.skipped;
  return [
    kept.read > 0
      ? `Looks: ${before}${isLive ? `, and ${now}` : ''}. What was seen from other machines is not in it.`
      : isLive
        ? `Looks: ${now}. Triage kept none on this machine of the time before: that is known by charts, alerts and the journal alone.`
        : '',
    ...(kept.left === 0
      ? []
      : [
          `${counted(kept.left, 'more look', 'of this time')} ${are(kept.left)} left out, evenly over it: the first, the last and those where the verdict changed are read first.`,
        ]),
    ...(first === undefined
      ? []
      : [
          `${counted(kept.skipped.length, 'look', 'that was kept')} could not be read, such as ${escapeText(first.file, 300)}: ${escapeText(first.reason, 300)}.`,
        ]),
    ...(kept.elsewhere === 0
      ? []
      : [
          `${counted(kept.elsewhere, 'look', 'that was kept in this time')} ${are(kept.elsewhere)} of other contexts, systems or runbooks and left out.`,
        ]),
  ];
}

const are = (count: number): string => (count === 1 ? 'is' : 'are');

/** `3 looks that ...`. */
const counted = (count: number, what: string, which: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'} ${count === 1 ? which : which.replace('that was', 'that were')}`;

function alertNotes({ alerts }: Report): string[] {
  const names = alerts.names.map((name) => escapeText(name, 80)).join(', ');
  if (alerts.reason !== null)
    return alerts.cause === null ? [`Alerts: ${escapeText(alerts.reason, SENTENCE)}.`] : [];
  if (alerts.periods.length > 0) return [];
  return [`Prometheus has no record that ${names} fired in this time; it may have no such rule.`];
}

function journalNotes(report: Report): string[] {
  const { journal, redacted, context } = report;
  const { state, intact, problems, warnings, elsewhere, team } = journal;
  if (redacted) return [];
  const whose = context === null ? 'other systems' : `other contexts than ${escapeText(context, 80)}`;
  return [
    ...(state === 'missing' ? ['This machine has no journal: nothing was done from it.'] : []),
    ...(state === 'read' && !team
      ? ["What was done is by this machine's journal alone: what others did from theirs is not in it."]
      : []),
    ...(intact
      ? []
      : [
          `The journal shows signs of having been changed, so what it says may not be all that was done, nor as it was done. What can be read of it is told: ${problems.map((one) => escapeText(one, 300)).join('; ')}.`,
        ]),
    ...(isWithoutDeed(report)
      ? [
          'What was done by hand is told once it is noted, later too: ratelimit journal note, with --at for when it was.',
        ]
      : []),
    ...warnings.map((warning) => escapeText(warning, SENTENCE)),
    ...(elsewhere === 0
      ? []
      : [
          `${elsewhere} ${elsewhere === 1 ? 'entry' : 'entries'} of the journal in this time ${elsewhere === 1 ? 'is' : 'are'} about ${whose} and left out.`,
        ]),
  ];
}

/** Was something found, and nothing done about it as far as the journal knows? Many a runbook has steps for people alone. */
const isWithoutDeed = ({ journal, responses, summary }: Report): boolean =>
  journal.state !== 'unreadable' && summary.severity !== null && !responses.some(({ isDeed }) => isDeed);
