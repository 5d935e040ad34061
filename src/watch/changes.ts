import type { Id } from '../evidence/types.ts';
import type { Finding } from '../verdict/types.ts';
import type { Look, Measure, Seen } from './looks.ts';
import type { Watched } from './signals.ts';

type ChangeCode =
  | 'category'
  | 'confidence'
  | 'finding-began'
  | 'finding-ended'
  /** It may hold still: what it rests on cannot be seen any more. */
  | 'finding-unseen'
  | 'unreadable'
  | 'readable'
  | 'appeared'
  | 'gone'
  | 'rose'
  | 'fell';

/** One thing that is not as it was at the look before. The sentence for it is made in `output/`. */
export interface Change {
  readonly code: ChangeCode;
  /** The category that it is about; null where it is about a signal. */
  readonly category: string | null;
  readonly signal: string | null;
  /** Kind of the entity, where its signal holds several. */
  readonly kind: string | null;
  readonly id: Id | null;
  /** Categories, confidences or amounts in the signal's unit; null: none, or not known. */
  readonly before: string | number | null;
  readonly after: string | number | null;
  /** Whom the finding is about. */
  readonly subjects: readonly { readonly kind: string; readonly id: string }[];
}

/** An amount has changed when it is a tenth more or less: rates of the same traffic differ by less. */
const NOTABLE = 0.1;
/** Of the total; whoever has less comes and goes all the time. */
const NOTABLE_SHARE = 0.05;

const changeOf = (change: Pick<Change, 'code'> & Partial<Change>): Change => ({
  ...{ category: null, signal: null, kind: null, id: null, before: null, after: null, subjects: [] },
  ...change,
});

/**
 * What changed from one look to the next: verdict first, then findings, then what can be read, then entities.
 * @param top of each signal, the so many largest entities are looked at
 */
export function changesBetween(before: Look, after: Look, watched: Watched, top: number): Change[] {
  const signals = [...watched.tables, ...watched.entries].flatMap((signal) => {
    const [old, now] = [before.measures.get(signal), after.measures.get(signal)];
    return old === undefined || now === undefined ? [] : [{ signal, old, now }];
  });
  return [
    ...verdictChanges(before, after),
    ...findingChanges(before, after),
    ...signals.flatMap(({ signal, old, now }) => readingChanges(signal, old, now)),
    ...signals.flatMap(({ signal, old, now }) => {
      const weigh = isAmount(signal, watched) ? weightOf(signal, old, now, watched) : null;
      return entityChanges(signal, old, now, top, weigh);
    }),
  ];
}

/** What only counts down falls at every look. */
const isAmount = (signal: string, { tables }: Watched): boolean => tables.includes(signal);

/** Is an amount worth telling of? */
function weightOf(
  signal: string,
  old: Measure,
  now: Measure,
  { floors, limited }: Watched,
): (amount: number) => boolean {
  const total = limited.has(signal) ? 0 : Math.max(old.total ?? 0, now.total ?? 0);
  const least = Math.max(floors.get(signal) ?? 0, NOTABLE_SHARE * total);
  return (amount) => amount >= least;
}

function verdictChanges(before: Look, after: Look): Change[] {
  const [from, to] = [before.category, after.category];
  if (from !== to) {
    const found = after.findings.find(({ category }) => category === to);
    const subjects = found === undefined ? [] : subjectsOf(found);
    return [changeOf({ code: 'category', category: to, before: from, after: to, subjects })];
  }
  if (before.confidence === after.confidence) return [];
  const { confidence } = after;
  return [changeOf({ code: 'confidence', category: to, before: before.confidence, after: confidence })];
}

function findingChanges(before: Look, after: Look): Change[] {
  const missing = (all: Look['findings'], others: Look['findings']) =>
    all.filter(({ category }) => !others.some((one) => one.category === category));
  const told = (code: ChangeCode, found: Look['findings'][number]) =>
    changeOf({ code, category: found.category, subjects: subjectsOf(found) });
  return [
    ...missing(after.findings, before.findings).map((found) => told('finding-began', found)),
    ...missing(before.findings, after.findings).map((found) =>
      told(after.undecided.has(found.category) ? 'finding-unseen' : 'finding-ended', found),
    ),
  ];
}

const subjectsOf = ({ subjects }: Pick<Finding, 'subjects'>): Change['subjects'] =>
  subjects.map(({ kind, id }) => ({ kind, id }));

function readingChanges(signal: string, old: Measure, now: Measure): Change[] {
  if (old.status === now.status) return [];
  const change = { signal, before: old.status, after: now.status };
  if (now.status === 'unknown') return [changeOf({ code: 'unreadable', ...change })];
  return old.status === 'unknown' ? [changeOf({ code: 'readable', ...change })] : [];
}

/** @param weigh null: these are no amounts, and all count */
function entityChanges(
  signal: string,
  old: Measure,
  now: Measure,
  top: number,
  weigh: ((amount: number) => boolean) | null,
): Change[] {
  const isRead = ({ status }: Measure) => status === 'measured' || status === 'empty';
  if (!isRead(old) || !isRead(now)) return [];
  const isWorth = (amount: number) => weigh === null || weigh(amount);
  const about = (code: ChangeCode, { id, kind }: Seen, before: number | null, after: number | null) =>
    changeOf({ code, signal, kind, id, before, after });
  const present = now.notable.slice(0, top).flatMap((key): Change[] => {
    const [was, is] = [old.seen.get(key), now.seen.get(key)];
    if (is === undefined || !isWorth(Math.max(was?.value ?? 0, is.value))) return [];
    if (was === undefined) return [about('appeared', is, old.whole ? 0 : null, is.value)];
    const difference = is.value - was.value;
    if (weigh === null || difference === 0 || Math.abs(difference) < NOTABLE * was.value) return [];
    return [about(difference > 0 ? 'rose' : 'fell', is, was.value, is.value)];
  });
  const gone = old.notable.slice(0, top).flatMap((key): Change[] => {
    const was = old.seen.get(key);
    if (was === undefined || now.seen.has(key) || !now.whole || !isWorth(was.value)) return [];
    return [about('gone', was, was.value, 0)];
  });
  return [...present, ...gone];
}
