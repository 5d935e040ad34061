import type { AlertHistory } from '../evidence/history.ts';
import type { Runbook } from '../runbooks/schema.ts';
import type { Confidence, Finding } from '../verdict/types.ts';
import type { Look, Moment, Period, ReportChart, Response, Summary } from './model.ts';
import { categoriesFound, rootOf, rootsOf } from './roots.ts';
import type { Stretch } from './stretches.ts';

interface Told {
  readonly runbook: Runbook;
  readonly period: Period;
  readonly looks: readonly Look[];
  readonly charts: readonly ReportChart[];
  readonly stretches: readonly Stretch[];
  readonly alerts: AlertHistory;
  readonly responses: readonly Response[];
}

const CONFIDENCE: readonly Confidence[] = ['low', 'medium', 'high'];

/** What it was, from when to when, how bad, who acted, and whether it is over. */
export function summaryOf(told: Told): Summary {
  const { looks, runbook, period, responses } = told;
  const categories = categoriesFound(looks, runbook);
  const [worst, ...also] = categories;
  const saying = worst === undefined ? null : surest(worst.id, looks, runbook);
  const last = looks.at(-1);
  const relevant = relevantStretches(told);
  const began = beganAt(told, relevant);
  const { state, why } = stateOf(told, relevant, began !== null);
  const ended = state === 'over' ? endedAt(told, relevant) : null;
  const lastKnownMs = last?.atMs ?? period.toMs;
  const until = ended?.atMs ?? (state === 'going-on' ? lastKnownMs : null);
  return {
    category: worst?.id ?? last?.verdict.category ?? null,
    look: saying?.index ?? (last === undefined ? null : looks.length - 1),
    also: also.map(({ id }) => id),
    severity: worstSeverity(looks),
    confidence: saying?.finding.confidence ?? last?.verdict.confidence ?? null,
    ...{ began, ended, state, why },
    durationSeconds:
      began === null || until === null ? null : Math.max(0, Math.round((until - began.atMs) / 1_000)),
    operators: [
      ...new Set(
        responses.flatMap(({ entry, undo }) => [
          entry.operator,
          ...(undo === null ? [] : [undo.entry.operator]),
        ]),
      ),
    ],
    lastKnownMs,
  };
}

/**
 * Where a category was found with the most confidence; of those where there was most of what it is about, the first: of an
 * incident that grew, its first look would tell the smallest numbers that there were.
 */
function surest(
  category: string,
  looks: readonly Look[],
  { categories }: Runbook,
): { index: number; finding: Finding } | null {
  const about = categories.find(({ id }) => id === category)?.about ?? '';
  const all = looks.flatMap(({ verdict }, index) =>
    verdict.findings.filter((one) => one.category === category).map((finding) => ({ index, finding })),
  );
  const level = ({ finding }: (typeof all)[number]) => CONFIDENCE.indexOf(finding.confidence);
  const amount = ({ index }: (typeof all)[number]) => looks[index]?.evidence.signals[about]?.total ?? 0;
  return all.reduce<(typeof all)[number] | null>(
    (best, one) =>
      best === null || (level(one) - level(best) || amount(one) - amount(best)) > 0 ? one : best,
    null,
  );
}

/** `P1` is worse than `P2`; words of a runbook's own keep the order of its categories. */
function worstSeverity(looks: readonly Look[]): string | null {
  const all = looks.flatMap(({ verdict }) => verdict.findings.map(({ severity }) => severity));
  const isNumbered = all.every((one) => /^[A-Za-z]+\d$/.test(one));
  return (isNumbered ? [...all].sort()[0] : all[0]) ?? null;
}

/** Stretches of charts that tell of what was found; of all charts where nothing was. */
function relevantStretches({ looks, runbook, charts, stretches }: Told): Stretch[] {
  const roots = categoriesFound(looks, runbook).map((category) => rootsOf(category, runbook));
  if (roots.length === 0) return [...stretches];
  return stretches.filter(({ chart }) => {
    const root = rootOf(charts[chart]?.id ?? '', runbook);
    return roots.some((one) => one.has(root));
  });
}

/** The first sign of it. */
function beganAt({ looks, alerts }: Told, stretches: readonly Stretch[]): Moment | null {
  const first = looks.find(({ verdict }) => verdict.findings.length > 0);
  const moments: Moment[] = [
    ...stretches.map(({ fromMs, open }): Moment => ({ atMs: fromMs, by: 'chart', open })),
    ...alerts.periods.map(({ fromMs, open }): Moment => ({ atMs: fromMs, by: 'alert', open })),
    // What a look finds began at some time before it.
    ...(first === undefined ? [] : [{ atMs: first.atMs, by: 'verdict', open: true } as const]),
  ];
  return moments.reduce<Moment | null>(
    (best, one) => (best === null || one.atMs < best.atMs ? one : best),
    null,
  );
}

/** The last sign of it; where nothing but looks tell, the first look that was quiet again. */
function endedAt({ looks, alerts }: Told, stretches: readonly Stretch[]): Moment | null {
  const lastFinding = looks.findLastIndex(({ verdict }) => verdict.findings.length > 0);
  const quiet = lastFinding < 0 ? undefined : looks[lastFinding + 1];
  const moments: Moment[] = [
    ...stretches.flatMap(({ toMs }): Moment[] =>
      toMs === null ? [] : [{ atMs: toMs, by: 'chart', open: false }],
    ),
  ];
  // An alert goes on firing for as long as its window remembers, so a rate tells better.
  if (moments.length === 0) {
    for (const { toMs, endOpen = false } of alerts.periods)
      if (toMs !== null) moments.push({ atMs: toMs, by: 'alert', open: endOpen });
  }
  const last = moments.reduce<Moment | null>(
    (best, one) => (best === null || one.atMs > best.atMs ? one : best),
    null,
  );
  const found = looks[lastFinding];
  // A finding after the last sign of it: then only the quiet look bounds its end.
  if (quiet !== undefined && (last === null || (found !== undefined && last.atMs < found.atMs))) {
    return { atMs: quiet.atMs, by: 'verdict', open: true };
  }
  return last;
}

function stateOf(
  { looks, alerts, charts, responses }: Told,
  stretches: readonly Stretch[],
  hasBegun: boolean,
): Pick<Summary, 'state' | 'why'> {
  const last = looks.at(-1)?.verdict;
  // What could not be read may have told of more, or of anything at all.
  const isBlind = alerts.cause !== null || charts.some(({ cause }) => cause !== null);
  const open = alerts.periods.some(({ toMs }) => toMs === null)
    ? 'alert-fires'
    : stretches.some(({ toMs }) => toMs === null)
      ? 'chart-above'
      : null;
  if (last === undefined) {
    // Where nobody looked, what began and ended by charts and alerts is over.
    if (hasBegun && open === null)
      return isBlind ? { state: 'unknown', why: 'not-seen' } : { state: 'over', why: null };
    return { state: 'unknown', why: open ?? 'not-looked' };
  }
  if (last.findings.length > 0) {
    const isFading = last.findings.every(({ caveats }) => caveats.some(({ code }) => code === 'seems-over'));
    // What counts failures remembers them for some minutes, so rates that have fallen are a sign that it is over.
    const hasFallen = stretches.length > 0 && stretches.every(({ toMs }) => toMs !== null);
    if (!isFading && hasFallen) return { state: 'unknown', why: 'rates-fell' };
    return isFading ? { state: 'unknown', why: 'seems-over' } : { state: 'going-on', why: null };
  }
  if (last.category !== 'quiet') return { state: 'unknown', why: 'inconclusive' };
  if (open !== null) return { state: 'unknown', why: open };
  if (hasBegun || responses.some(({ isDeed }) => isDeed)) return { state: 'over', why: null };
  return isBlind ? { state: 'unknown', why: 'not-seen' } : { state: 'nothing', why: null };
}
