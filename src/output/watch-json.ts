import type { Clock } from '../signals/asked.ts';
import { isTurned } from '../watch/history.ts';
import { toJsonLine } from './json.ts';
import { quoteCommand } from './quote.ts';
import { triageData } from './triage-json.ts';
import { changeText } from './watch-changes.ts';
import type { Watching } from './watch-view.ts';

/** One look as a line: the document `ratelimit/watch/v1`. Its shape is a contract: keys are only ever added. */
export function watchJson(seen: Watching, clock: Clock): string {
  const { document, history, marks, rhythm, next, warnings } = seen;
  const { category, confidence } = document.verdict;
  const seconds = (ms: number) => Math.round(ms) / 1_000;
  return toJsonLine({
    schema: 'ratelimit/watch/v1',
    look: history.count,
    at: document.evidence.at,
    category,
    confidence,
    since: clock.iso(history.since.atMs),
    before: history.since.before,
    changed: isTurned(history),
    changes: history.changes.map((change) => ({
      ...{ code: change.code, category: change.category, signal: change.signal, kind: change.kind },
      ...{ id: change.id, before: change.before, after: change.after, subjects: change.subjects },
      text: changeText(change, document.runbook),
    })),
    remedies: marks.map(({ atMs, kind, label }) => ({ at: clock.iso(atMs), kind, text: label })),
    next: next === null ? null : quoteCommand(next.argv),
    nextFor: next === null ? null : next.category,
    tookSeconds: seconds(rhythm.tookMs),
    everySeconds: seconds(rhythm.everyMs),
    warnings,
    triage: triageData(document),
  });
}
