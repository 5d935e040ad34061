import type { Scan, Signal } from '../evidence/types.ts';
import { LEVELS, level } from './finding.ts';
import type { Judged } from './judge.ts';
import type { Because, Finding, Rejected } from './types.ts';
import { isCutShort } from './worlds.ts';

interface Known {
  readonly scan: Scan;
  readonly signals: Readonly<Record<string, Signal>>;
  /** All categories, the worst first. */
  readonly order: readonly string[];
}

/** From here on what was not visited costs one step of confidence, below it two: it may hide whatever it likes. */
const NEARLY_ALL = 0.9;

/**
 * What the worlds that fit the visited part agree on. A finding that holds in all of them is proven, and as sure as in
 * the one where it is least so; one that holds in what was seen and in more of the same is likely; what holds in some
 * of them only is undecided.
 * @param seen judged as if the visited part were all there is
 * @param alike the same, with more of what was seen
 * @param louder what else it may be
 */
export function agreed(
  seen: Judged,
  alike: Judged,
  louder: readonly Judged[],
  { scan, signals, order }: Known,
): Judged {
  const doubt = doubtOf(scan);
  const all = [seen, alike, ...louder];
  const inEach = (category: string) =>
    all.map(({ findings }) => findings.find((one) => one.category === category));
  const mayHide = (category: string) => {
    const each = inEach(category);
    return each.some((one) => one !== undefined) && each.some((one) => one === undefined);
  };
  const findings = seen.findings.flatMap((found): Finding[] => {
    const each = inEach(found.category);
    if (each[1] === undefined) return [];
    const least = Math.min(
      ...each.flatMap((one) => (one === undefined ? [] : [LEVELS.indexOf(one.confidence)])),
    );
    const isProven = each.every((one) => one !== undefined);
    const cost = isProven ? 0 : scan.coverage >= NEARLY_ALL ? 1 : 2;
    // Something worse may be in the rest: then this is not surely what it is about.
    const most = order.slice(0, order.indexOf(found.category)).some(mayHide) ? 1 : 2;
    const confidence = level(Math.min(most, least - cost));
    const rests = found.because.some(({ signal }) => {
      const read = signals[signal ?? ''];
      return read !== undefined && isCutShort(read, scan);
    });
    if (isProven && !rests) return [{ ...found, confidence }];
    const because = { ...doubt, args: { ...doubt.args, proven: Number(isProven) } };
    return [
      {
        ...found,
        confidence,
        caveats: [{ code: 'incomplete-scan', text: null, because: [because] }, ...found.caveats],
      },
    ];
  });
  const isFound = (category: string) => findings.some((one) => one.category === category);
  const mayBe = (category: string) => inEach(category).some((one) => one !== undefined);
  const open = [...seen.findings, ...seen.ruledOut].filter(
    ({ category }) => mayBe(category) && !isFound(category),
  );
  return {
    findings,
    ruledOut: seen.ruledOut.filter(({ category }) => !mayBe(category)),
    undecided: [...seen.undecided, ...open.map(({ category }): Rejected => ({ category, because: [doubt] }))],
    unexplained: seen.unexplained,
  };
}

/** How much was not seen, as a condition that could not be evaluated. */
const doubtOf = ({ coverage }: Scan): Because => ({
  code: 'visited',
  ...{ signal: null, measured: coverage, threshold: 1, met: null, args: {} },
});
