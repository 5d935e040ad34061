import type { SourceSpec } from '../../runbooks/schema.ts';
import { labelOf } from '../../runbooks/sources.ts';
import { parseDuration } from '../../values/duration.ts';
import { groupedBy } from '../../values/grouped.ts';
import { periodOf } from '../../values/template.ts';
import type { Asked, Clock } from '../asked.ts';
import { SourceError } from '../source-error.ts';
import { CounterTotal } from './counter-total.ts';
import { CounterFamily, type CounterSpec } from './counters.ts';
import { EntryFamily } from './entries.ts';
import type { Family } from './family.ts';
import { parseTemplate } from './keys.ts';
import { SpendFamily, type SpendSpec } from './spend.ts';

/** Sources that are read together: those of one signal that count the same entities, so that none counts twice. */
export function bySignal(asked: readonly Asked[]): Asked[][] {
  const nameOf = ({ signal, source }: Asked) => {
    const isJoined =
      (source.kind === 'redis-counter' && !source['per-second']) || source.kind === 'redis-spend';
    return isJoined ? `${signal} ${source.kind}` : `${signal} ${source.kind} ${labelOf(source)}`;
  };
  return [...groupedBy(asked, nameOf).values()];
}

/**
 * What collects a part's numbers in the pass; null: it is about the servers and not about keys.
 * @param now milliseconds since the epoch by the server's clock: its date names today's keys
 */
export function familyFor(part: readonly Asked[], now: number, clock: Clock): Family | null {
  const iso = clock.iso(now);
  const [first] = part;
  const kind = first?.kind ?? null;
  const source = first?.source;
  switch (source?.kind) {
    case 'redis-counter':
      if (source['per-second']) {
        return new CounterTotal(parseTemplate(source.key, iso), parseDuration(source.window ?? '') ?? 1);
      }
      return new CounterFamily(
        part.flatMap(({ source }) => (source.kind === 'redis-counter' ? [counterSpec(source, iso)] : [])),
        kind,
      );
    case 'redis-entry':
      return new EntryFamily({
        template: parseTemplate(source.key, iso),
        reason: source.reason === null ? null : parseTemplate(source.reason, iso),
        ...{ automatic: source.automatic, kind },
      });
    case 'redis-spend':
      return new SpendFamily(
        part.flatMap(({ source }) => (source.kind === 'redis-spend' ? [spendSpec(source, now, clock)] : [])),
        { kind, many: first?.many ?? 'entities' },
      );
    case 'redis-eviction':
      return null;
    default:
      throw new SourceError('malformed', `${source?.kind} is not a source in Redis`);
  }
}

type Of<K extends SourceSpec['kind']> = Extract<SourceSpec, { kind: K }>;

const counterSpec = (source: Of<'redis-counter'>, iso: string): CounterSpec => ({
  template: parseTemplate(source.key, iso),
  windowSeconds: source.window === null ? null : parseDuration(source.window),
  renewed: source.renewed,
  stopsAt: source['stops-at'],
  claimed: source['named-by'] === 'client',
  period: periodOf(source.key),
});

function spendSpec(source: Of<'redis-spend'>, now: number, clock: Clock): SpendSpec {
  const iso = clock.iso(now);
  const period = periodOf(source.spend) ?? 'day';
  const start = period === 'day' ? iso.slice(0, 10) : `${iso.slice(0, 7)}-01`;
  return {
    spend: parseTemplate(source.spend, iso),
    cap: source.cap === null ? null : parseTemplate(source.cap, iso),
    ...{ unit: source.unit, period },
    elapsedSeconds: Math.floor((now - clock.ms(`${start}T00:00:00Z`)) / 1000),
  };
}
