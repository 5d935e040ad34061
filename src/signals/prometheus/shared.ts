import { type Match, valuesOf } from '../../runbooks/match.ts';
import type { SourceSpec } from '../../runbooks/schema.ts';
import type { Of } from './question.ts';

type Rate = Of<'prometheus-rate'>;

/** The rates that are asked for, so that one source or several find theirs among them. */
export interface Shared {
  readonly match: Match;
  /** The rates are told apart by these. */
  readonly labels: readonly string[];
  /** Of the rates those that are the source's own. */
  readonly own: Match;
}

/**
 * What a source asks together with others of the same counter: what the widest of them counts, told apart by all their
 * labels. All of them ask the very same, and a rate of thousands of series is worked out once for a runbook that counts
 * what was accepted, what was rejected and both. Only sources of the same entities share, or the rates would be many more.
 * @param sources all that are asked in this run
 * @returns null where nobody shares it
 */
export function sharedBy(source: Rate, sources: readonly SourceSpec[]): Shared | null {
  if (source.by === null) return null;
  const alike = sources.filter(
    (other): other is Rate =>
      other.kind === 'prometheus-rate' &&
      other.metric === source.metric &&
      other.ago === source.ago &&
      other.by === source.by,
  );
  const widest = widestOf(source, alike);
  const sharing = alike.filter((other) => widestOf(other, alike) === widest);
  if (sharing.length < 2) return null;
  const owns = sharing.map((other) => narrowed(other.match, widest.match));
  const labels = sharing.flatMap(({ by, mix }) => [by, mix]).filter((label) => label !== null);
  return {
    match: widest.match,
    labels: [...new Set([...labels, ...owns.flatMap(Object.keys)])],
    own: narrowed(source.match, widest.match),
  };
}

/** Of those that count all that the source counts, itself among them, the first with the fewest labels. */
function widestOf(source: Rate, alike: readonly Rate[]): Rate {
  const breadth = ({ match }: Rate) => Object.keys(match).length;
  const [first = source, ...others] = alike.filter(({ match }) => isWithin(source.match, match));
  return others.reduce((widest, other) => (breadth(other) < breadth(widest) ? other : widest), first);
}

/** Is every series that the one matches matched by the other too? */
const isWithin = (match: Match, wide: Match): boolean =>
  Object.entries(wide).every(([label, values]) => {
    const own = match[label];
    return own !== undefined && valuesOf(own).every((value) => valuesOf(values).includes(value));
  });

/** What the one asks beyond the other. */
const narrowed = (match: Match, wide: Match): Match =>
  Object.fromEntries(
    Object.entries(match).filter(([label, values]) => JSON.stringify(values) !== JSON.stringify(wide[label])),
  );
