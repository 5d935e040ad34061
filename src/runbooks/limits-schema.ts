import { z } from 'zod';
import { parseDuration } from '../values/duration.ts';
import { nearest } from '../values/nearest.ts';
import { PERIOD_SECONDS } from '../values/periods.ts';
import { label, mapping, text } from './fields.ts';
import type { Runbook, SourceSpec } from './schema.ts';

const amount = z.number().positive();

const reasoned = mapping({ value: amount, because: text(400) });

/** An entity's own limit, or the tier whose limit it has. */
const entry = mapping({
  value: amount.nullable().default(null),
  tier: text(80).nullable().default(null),
  because: text(400),
}).refine(({ value, tier }) => (value === null) !== (tier === null), {
  error: 'expected exactly one of `value` and `tier`',
  path: ['value'],
});

/** What entities of one kind may use up, each by an entry of its own, by its tier, or as all others. */
const table = mapping({
  title: text(80),
  /** What is counted, such as requests. */
  unit: text(20),
  /** The time that a limit is for; null: it is on a level, such as connections that are open. */
  per: z.enum(['second', 'minute', 'hour', 'day']).nullable(),
  /** What has a limit: the title of a column, such as caller or endpoint. */
  each: text(30),
  /** What holds for whoever has neither an entry nor a tier; null: no limit is known then. */
  default: reasoned.nullable().default(null),
  /** The label of the series that tells an entity's tier; null: only entries do. */
  'tier-label': label.nullable().default(null),
  tiers: z.record(text(80), reasoned).default({}),
  /** By the entity's id, as the signal has it. */
  entries: z.record(text(200), entry).default({}),
});

/** Tables of limits by name. A signal names the one that its entities are held against. */
export const limitsSchema = z
  .record(
    z.string().regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, {
      error: 'expected lower-case words joined by dashes, such as caller-tps',
    }),
    table,
  )
  .default({});

export type LimitTable = z.infer<typeof limitsSchema>[string];

type Report = (path: readonly (string | number)[], message: string) => void;

/** Reports every table, tier and signal that is referred to and not there, and what cannot be counted. */
export function checkLimits(runbook: Runbook, report: Report): void {
  const { limits, signals } = runbook;
  const tables = Object.keys(limits);
  for (const [name, { tiers, entries }] of Object.entries(limits)) {
    for (const [id, { tier }] of Object.entries(entries)) {
      if (tier === null || Object.hasOwn(tiers, tier)) continue;
      const message = `there is no tier "${tier}"${nearest(tier, Object.keys(tiers))}`;
      report(['limits', name, 'entries', id, 'tier'], message);
    }
  }
  for (const [id, { limits: name, entity, sources }] of Object.entries(signals)) {
    const path = ['signals', id];
    if (name !== null && !Object.hasOwn(limits, name)) {
      report([...path, 'limits'], `there is no table of limits "${name}"${nearest(name, tables)}`);
    } else if (name !== null && entity === null) {
      report([...path, 'limits'], 'only entities have limits: expected an `entity`');
    }
    const per = Object.hasOwn(limits, name ?? '') ? limits[name ?? '']?.per : undefined;
    for (const [at, source] of sources.entries()) {
      if (source.kind === 'prometheus-count' && sources.some((one) => !isOfOneTime(one, source.over))) {
        const message = `it counts the events of ${source.over}, which cannot be one signal with what the other sources tell`;
        report([...path, 'sources', at], message);
      }
      if (
        source.kind === 'prometheus-count' &&
        per != null &&
        parseDuration(source.over) !== PERIOD_SECONDS[per]
      ) {
        report(
          [...path, 'sources', at, 'over'],
          `the limits of "${name}" are for a ${per}, so expected as long a time`,
        );
      }
      if (source.kind !== 'prometheus-sustained') continue;
      const here = [...path, 'sources', at, 'of'];
      const of = Object.hasOwn(signals, source.of) ? signals[source.of] : undefined;
      if (of === undefined) {
        report(here, `there is no signal "${source.of}"${nearest(source.of, Object.keys(signals))}`);
      } else if (of.limits === null || !of.sources.some(({ kind }) => kind === 'prometheus-rate')) {
        report(here, `signal "${source.of}" needs \`limits\` and a source of kind prometheus-rate for this`);
      }
      if (sources.length > 1)
        report(path, 'a source of kind prometheus-sustained is the only one of its signal');
    }
  }
}

/** Does a source count events of that time, too? */
const isOfOneTime = (source: SourceSpec, over: string): boolean =>
  source.kind === 'prometheus-count' && parseDuration(source.over) === parseDuration(over);
