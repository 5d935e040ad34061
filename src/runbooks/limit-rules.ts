import { limitFor, periodSeconds } from './limits.ts';
import type { Runbook, SourceSpec } from './schema.ts';
import { literal } from './sources.ts';

type Rated = Extract<SourceSpec, { kind: 'prometheus-rate' | 'prometheus-gauge' }>;

/** The level by entity of those series that match, too. */
type Level = (match: Readonly<Record<string, string>>, more: readonly string[]) => string;

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
  const without = (name: string, values: readonly string[]) =>
    values.length === 0 ? [] : [`${name}!~${JSON.stringify(values.map(literal).join('|'))}`];
  return [
    ...own.flatMap((id) => {
      const { value } = limitFor(table, id, null);
      return value === null ? [] : [reaches(level({ [by]: id }, []), value)];
    }),
    ...tiers.map(([tier, { value }]) => reaches(level({ [label ?? '']: tier }, without(by, own)), value)),
    ...(table.default === null
      ? []
      : [
          reaches(
            level({}, [
              ...without(by, own),
              ...without(
                label ?? '',
                tiers.map(([tier]) => tier),
              ),
            ]),
            table.default.value,
          ),
        ]),
  ];
}
