import type { Clock } from '../signals/asked.ts';
import { toldOnce } from '../watch/history.ts';
import { showMoment } from './times.ts';
import { summarise, verdictName } from './triage-document.ts';
import { changeMark, changeText } from './watch-changes.ts';
import { sinceTexts, unseenLines } from './watch-status.ts';
import type { Watching } from './watch-view.ts';

/** So many changes of one look are told. */
const TOLD = 8;

/** One look in a log: the verdict on a line of its own, what changed below it, and at first and whenever it changes what could not be seen. */
export function watchLines(seen: Watching, clock: Clock): string {
  const { document, history } = seen;
  const { at } = document.evidence;
  const [since] = sinceTexts(seen, clock.ms(at), clock);
  const first = `${showMoment(at, clock)} ${verdictName(document.verdict)}, ${since}: ${summarise(document)}`;
  const changes = toldOnce(history.changes);
  const told = changes.slice(0, TOLD).map((change) => {
    return `  ${changeMark(change).mark} ${changeText(change, document.runbook)}`;
  });
  const more = changes.length > TOLD ? [`  and ${changes.length - TOLD} more changes`] : [];
  const unseen =
    history.count === 1 || changes.some(({ code }) => code === 'unreadable')
      ? unseenLines(seen, Number.POSITIVE_INFINITY).map(
          (line) => `  ${line.map(({ text }) => text).join('')}`,
        )
      : [];
  return [first, ...told, ...more, ...unseen].map((line) => `${line}\n`).join('');
}
