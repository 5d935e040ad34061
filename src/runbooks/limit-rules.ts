import { limitFor, periodSeconds } from './limits.ts';
import { matchersOf, noneOf } from './match.ts';
import type { Runbook, SourceSpec } from './schema.ts';

type Rated = Extract<SourceSpec, { kind: 'prometheus-rate' | 'prometheus-gauge' }>;

/** The level by entity of those series of which these matchers hold, too. */
type Level = (more: readonly string[]) => string;

/**
 * One comparison for each limit of the signal's table: those who have an entry, each tier, and everybody else. Label
 * values stand in the expression as literals.
 * @param ratio of the limit, as PromQL writes it
 */
export function limitConditions(
  { limits }: Runbook,
  signal: Runbook['signals'][string],
  { by, kind }: Rated,
  ratio: string,
  level: Level,
): string[] {
  const table = signal.limits === null ? undefined : limits[signal.limits];
  if (table === undefined || by === null) return [];
  const period = kind === 'prometheus-rate' ? (periodSeconds(table) ?? 1) : 1;
  const reaches = (expression: string, value: number) =>
    `${expression} >= ${ratio} * ${value}${period === 1 ? '' : ` / ${period}`}`;
  const own = Object.keys(table.entries);
  const label = table['tier-label'];
  const tiers = label === null ? [] : Object.entries(table.tiers);
  return [
    ...own.flatMap((id) => {
      const { value } = limitFor(table, id, null);
      return value === null ? [] : [reaches(level(matchersOf({ [by]: id })), value)];
    }),
    ...tiers.map(([tier, { value }]) =>
      reaches(level([...matchersOf({ [label ?? '']: tier }), ...noneOf({ [by]: own })]), value),
    ),
    ...(table.default === null
      ? []
      : [
          reaches(
            level([...noneOf({ [by]: own }), ...noneOf({ [label ?? '']: tiers.map(([tier]) => tier) })]),
            table.default.value,
          ),
        ]),
  ];
}
