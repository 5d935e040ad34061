import type { Capture } from '../../src/evidence/capture-schema.ts';
import { doneAt } from '../../src/journal/entries.ts';
import type { Entry } from '../../src/journal/types.ts';
import { buildReport } from '../../src/report/build.ts';
import type { JournalView, Report } from '../../src/report/model.ts';
import { judge } from '../../src/verdict/judge.ts';
import { aegis } from './evidence.ts';

export const WHOLE_JOURNAL: JournalView = {
  ...{ state: 'read', intact: true, problems: [], warnings: [], elsewhere: 0, team: false },
};

/** The report that captures and a journal give. */
export function reportOf(
  captures: readonly Capture[],
  entries: readonly Entry[],
  journal: JournalView = WHOLE_JOURNAL,
): Report {
  const looks = captures.map((capture, index) => ({
    ...{ atMs: Date.parse(capture.evidence.at), file: `look-${index + 1}.json`, evidence: capture.evidence },
    verdict: judge(capture.evidence, aegis),
  }));
  const times = looks.map(({ atMs }) => atMs);
  return buildReport({
    ...{ context: 'prod', runbook: aegis, madeAtMs: Math.max(...times) + 600_000, redacted: false, looks },
    period: { fromMs: Math.min(...times) - 3_600_000, toMs: Math.max(...times) + 600_000, by: 'captures' },
    ranges: {
      from: 'capture',
      histories: captures.flatMap(({ history, alertHistory }) =>
        alertHistory === null ? [] : [{ charts: history, alerts: alertHistory }],
      ),
    },
    ...{ done: entries.map((entry) => ({ entry, atMs: Date.parse(doneAt(entry)) })), journal, kept: null },
  });
}
