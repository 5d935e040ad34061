import type { LimitChange } from '../runbooks/limit-changes.ts';
import type { LimitsView } from '../runbooks/view.ts';
import { literalMarkdown } from './escape.ts';
import { reasonsOf, titleOf } from './limits.ts';
import type { Screen } from './lines.ts';
import { wrap } from './wrap.ts';

/** Tables of limits on the screen: every limit with its reason; nothing where there is no table. */
export function limitLines(tables: readonly LimitsView[], { paint, width }: Screen): string[] {
  if (tables.length === 0) return [];
  return [
    '',
    paint.strong(wrap('Limits (what is used of them: ratelimit limits)', width, '  ')),
    ...tables.flatMap(({ id, table, signals }) => [
      wrap(`  * ${titleOf(id, table)}`, width, '    '),
      ...reasonsOf(table).map((line) => wrap(`      ${line}`, width, '        ')),
      wrap(`      held against it: ${heldText(signals)}`, width, '        '),
    ]),
  ];
}

/** The same for a page. */
export const limitMarkdown = (tables: readonly LimitsView[]): string[] =>
  tables.flatMap(({ id, table, signals }) => [
    `**${literalMarkdown(titleOf(id, table))}**`,
    '',
    ...[...reasonsOf(table), `held against it: ${heldText(signals)}`].map(
      (line) => `- ${literalMarkdown(line)}`,
    ),
    '',
  ]);

const heldText = (signals: readonly string[]): string =>
  signals.length === 0 ? 'no signal' : signals.join(', ');

/** A table for `ratelimit/runbook-show/v1`; `own` is the runbook's where the context has set another one. */
export function limitsData({ id, table, signals, changes }: LimitsView) {
  const { title, unit, per, each, default: all, tiers, entries, 'tier-label': tierLabel } = table;
  const changed = (part: LimitChange['part'], name: string | null) => {
    const change = changes.find((one) => one.part === part && one.name === name);
    return { overridden: change !== undefined, own: change?.own ?? null };
  };
  return {
    ...{ id, title, unit, per, each, tierLabel },
    default: all === null ? null : { ...all, ...changed('default', null) },
    tiers: Object.entries(tiers).map(([tier, one]) => ({ tier, ...one, ...changed('tiers', tier) })),
    entries: Object.entries(entries).map(([entry, one]) => ({
      id: entry,
      ...one,
      ...changed('entries', entry),
    })),
    signals,
  };
}
