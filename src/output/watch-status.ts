import type { Signal } from '../evidence/types.ts';
import type { Clock } from '../signals/asked.ts';
import { formatDuration } from '../values/duration.ts';
import { lookAfter } from '../watch/marks.ts';
import { escapeText } from './escape.ts';
import { capital, someOf } from './lines.ts';
import { formatNumber } from './numbers.ts';
import { type Line, type Span, span, spread } from './spans.ts';
import { showId } from './triage-document.ts';
import type { Moment, Watching } from './watch-view.ts';
import { wrap } from './wrap.ts';

/** Marks on the time line what was done. */
const DONE = '◆';

/** `03:12:04`, UTC. */
export const timeOfDay = (ms: number, { iso }: Pick<Clock, 'iso'>): string => iso(ms).slice(11, 19);

/**
 * `for 2m10s, since 03:10:04 UTC`, the longest way of saying it first; what was there at the first look may have begun
 * long before.
 */
export function sinceTexts({ history }: Watching, nowMs: number, clock: Clock): readonly [string, string] {
  const { atMs, before } = history.since;
  const age = formatDuration(Math.max(0, Math.floor((nowMs - atMs) / 1_000)));
  const short = before === null ? `at least ${age}` : `for ${age}`;
  return [`${short}, ${before === null ? 'watched ' : ''}since ${timeOfDay(atMs, clock)} UTC`, short];
}

/** `2h05m`-like times would stand still: `23:59:41`, `4:05`. */
function countdown(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds));
  const [hours, minutes, rest] = [Math.floor(left / 3_600), Math.floor((left % 3_600) / 60), left % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** What is in force and ends by itself, a line each signal: those that end first come first. */
export function entryLines({ document, watched }: Watching, nowMs: number, clock: Clock): Line[] {
  const { evidence, runbook } = document;
  const passed = (nowMs - clock.ms(evidence.at)) / 1_000;
  return watched.entries.flatMap((id): Line[] => {
    const signal = evidence.signals[id];
    if (signal?.status !== 'measured' || signal.rows.length === 0) return [];
    const spans = endingFirst(signal).map(({ id: name, value }, index): Span => {
      const left = value === 0 ? 'no end' : value > passed ? countdown(value - passed) : 'has ended';
      return span(`${index === 0 ? '' : ','} ${showId(name, 48)} ${left}`);
    });
    const title = `${capital(runbook.signals[id]?.title ?? id)}: ${formatNumber(signal.distinct ?? 0)},`;
    return [[span(title, 'strong'), ...spans]];
  });
}

const endingFirst = ({ rows }: Signal): Signal['rows'] => {
  const left = (value: number) => (value === 0 ? Number.POSITIVE_INFINITY : value);
  return [...rows].sort((a, b) =>
    left(a.value) < left(b.value) ? -1 : left(a.value) > left(b.value) ? 1 : 0,
  );
};

/** Below the sparklines: when something was done, and the last of it in words. */
export function timeLine({ history, marks }: Watching, nowMs: number, columns: number, spark: number): Line {
  const shown = history.looks.slice(-spark);
  const axis: string[] = Array.from({ length: spark }, (_, index) =>
    index < spark - shown.length ? ' ' : '─',
  );
  for (const mark of marks) {
    const index = lookAfter(mark, shown);
    if (index !== null) axis[spark - shown.length + index] = DONE;
  }
  const spans = axis.map((glyph) => span(glyph, glyph === DONE ? 'strong' : 'dim'));
  return spread(lastRemedy(marks, nowMs), spans, columns);
}

function lastRemedy(marks: Watching['marks'], nowMs: number): Line {
  const last = marks.at(-1);
  if (last === undefined) return [span('No remedy in the last hour', 'dim')];
  const age = formatDuration(Math.max(0, Math.floor((nowMs - last.atMs) / 1_000)));
  const remedies = marks.filter(({ kind }) => kind !== 'note').length;
  // A note needs the room for what it says.
  const more = last.kind !== 'note' && remedies > 1 ? `${remedies} remedies, the last ` : '';
  return [span(`${DONE} `, 'strong'), span(`${more}${age} ago: ${escapeText(last.label, 120)}`)];
}

/**
 * What could not be read, the reason before the signals that share it; what else is to be known; what is not there at all.
 * @param columns to wrap at, with room for a sign that there is more
 */
export function unseenLines({ document, warnings }: Watching, columns: number): Line[] {
  const { signals, scan } = document.evidence;
  const reasons = new Map<string, string[]>();
  const absent: string[] = [];
  for (const [id, signal] of Object.entries(signals)) {
    if (signal.status === 'absent' && signal.cause !== 'not-configured') absent.push(id);
    const unread =
      signal.status === 'unknown' ? signal : signal.sources.find(({ status }) => status === 'unknown');
    if (unread === undefined) continue;
    const reason = unread.reason ?? 'could not be read';
    reasons.set(reason, [...(reasons.get(reason) ?? []), id]);
  }
  if (scan?.reason != null && !reasons.has(scan.reason)) reasons.set(scan.reason, []);
  const marked = (mark: string, text: string): Line[] =>
    wrap(text, columns - 4)
      .split('\n')
      .map((line, index) => [span(index === 0 ? `${mark} ` : '  ', 'warn'), span(line)]);
  return [
    ...[...reasons].flatMap(([reason, ids]) =>
      marked('?', `${escapeText(reason, 240)}${ids.length === 0 ? '' : `; unknown: ${someOf(ids)}`}`),
    ),
    ...warnings.flatMap((warning) => marked('!', escapeText(warning, 240))),
    ...(absent.length > 0 ? [[span(`? absent: ${absent.join(', ')}`, 'dim')]] : []),
  ];
}

/** Keys at the left, what the watch does at the right: as much of it as there is room for. */
export function footerLine(view: Watching | null, { phase, nowMs }: Moment, columns: number): Line {
  const keys = columns >= 60 ? 'q quit  space pause  r look now' : 'q quit';
  const parts = [...doing(phase), ...(view === null ? [] : rhythmText(view, nowMs))];
  let right = '';
  for (const part of parts) {
    const longer = right === '' ? part : `${right}, ${part}`;
    if (keys.length + 1 + longer.length <= columns) right = longer;
  }
  const tone = phase.kind === 'paused' ? 'warn' : 'dim';
  return spread([span(keys, 'dim')], right === '' ? [] : [span(right, tone)], columns);
}

function doing(phase: Moment['phase']): string[] {
  if (phase.kind === 'paused') return ['PAUSED'];
  if (phase.kind === 'resting') return [`next look in ${Math.ceil(phase.leftMs / 1_000)}s`];
  const seconds = Math.floor(phase.forMs / 1_000);
  return [seconds === 0 ? 'looking' : `looking for ${seconds}s`];
}

/** That the interval is stretched goes before how old the numbers are: it is why they are. */
function rhythmText({ rhythm, history }: Watching, nowMs: number): string[] {
  const seconds = (ms: number) => formatDuration(Math.round(ms / 1_000));
  const seen = `seen ${seconds(Math.max(0, nowMs - (history.looks.at(-1)?.atMs ?? nowMs)))} ago`;
  const { everyMs, intervalMs, tookMs } = rhythm;
  if (everyMs <= intervalMs) return [seen, `every ${seconds(intervalMs)}`];
  return [`every ${seconds(everyMs)} (a look takes ${formatDuration(tookMs / 1_000)})`, seen];
}
