import type { AlertHistory } from '../evidence/history.ts';
import type { Entry } from '../journal/types.ts';
import type { Happening, Look, Response } from './model.ts';
import type { Stretch } from './stretches.ts';
import type { Mark } from './types.ts';

interface Told {
  readonly looks: readonly Look[];
  readonly alerts: AlertHistory;
  readonly stretches: readonly Stretch[];
  readonly responses: readonly Response[];
}

/** Everything that happened, in order of time; of one moment what was seen stands before what was done. */
export function timelineOf({ looks, alerts, stretches, responses }: Told): Happening[] {
  const all: Happening[] = [
    ...stretches.flatMap(({ chart, level, fromMs, toMs, open }): Happening[] => [
      { kind: 'rises', atMs: fromMs, chart, level, open },
      ...(toMs === null ? [] : [{ kind: 'falls', atMs: toMs, chart, level, open: false } as const]),
    ]),
    ...alerts.periods.flatMap(({ fromMs, toMs, open, endOpen = false }, alert): Happening[] => [
      { kind: 'alert-fires', atMs: fromMs, alert, open },
      ...(toMs === null ? [] : [{ kind: 'alert-resolves', atMs: toMs, alert, open: endOpen } as const]),
    ]),
    ...looks.map(({ atMs }, look): Happening => {
      const before = looks[look - 1]?.verdict.category ?? null;
      return { kind: 'verdict', atMs, look, before };
    }),
    ...responses.flatMap(({ entry, atMs, undo }, response): Happening[] => [
      { kind: kindOf(entry), atMs, response },
      ...(undo === null ? [] : [{ kind: 'undo', atMs: undo.atMs, response } as const]),
    ]),
  ];
  return all.sort((a, b) => a.atMs - b.atMs);
}

/** What is marked in every chart; a verdict only where it is another one than before. */
export function marksOf({ looks, alerts, responses }: Omit<Told, 'stretches'>): Mark[] {
  const marks: Mark[] = [
    ...alerts.periods.flatMap(({ name, fromMs, toMs, endOpen }): Mark[] => [
      { kind: 'alert', atMs: fromMs, label: `${name} fires` },
      ...(toMs === null
        ? []
        : [
            { kind: 'alert', atMs: toMs, label: `${name} ${endOpen ? 'has resolved' : 'resolves'}` } as const,
          ]),
    ]),
    ...looks.flatMap(({ atMs, verdict: { category } }, index): Mark[] =>
      looks[index - 1]?.verdict.category === category ? [] : [{ kind: 'verdict', atMs, label: category }],
    ),
    ...responses.flatMap(({ entry, subjects, atMs, undo }): Mark[] => {
      const label = labelOf(entry, subjects);
      return [
        { kind: kindOf(entry), atMs, label },
        ...(undo === null ? [] : [{ kind: 'undo', atMs: undo.atMs, label: `undo ${label}` } as const]),
      ];
    }),
  ];
  return marks.sort((a, b) => a.atMs - b.atMs);
}

const kindOf = ({ note }: Entry): 'remedy' | 'note' => (note === undefined ? 'remedy' : 'note');

/** `block-ip 203.0.113.42`, `tell-crm: told the CRM team`. */
function labelOf({ note, remedy, reason }: Entry, [first]: Response['subjects']): string {
  if (note !== undefined) return `${note.step ?? remedy}: ${reason}`;
  return `${remedy}${first === undefined ? '' : ` ${first.id}`}`;
}
