import { type Limit, measured, type Row, rowOf } from '../../evidence/types.ts';
import { formatDuration } from '../../values/duration.ts';
import type { Period } from '../../values/template.ts';
import { isValidId } from '../entities.ts';
import {
  type Claim,
  ELSEWHERE,
  type Family,
  type Finished,
  MAX_ENTITY_BYTES,
  Skipped,
  ttlSeconds,
} from './family.ts';
import { entityOf, type KeyTemplate, keyOf, toId } from './keys.ts';
import { limitFrom, readCents, readUsd } from './limit.ts';
import { sampled } from './sampled.ts';
import type { Key, KeyAccess } from './servers.ts';
import { TopK } from './top-k.ts';

const TOP = 200;
/** So many names are given as examples. */
const NAMED = 5;
/** Before that much of the period has passed, a mean since its start says nothing about the rate of spending. */
const MIN_ELAPSED_SECONDS = 600;

/** One key family of spends, and the caps that they are held against. */
export interface SpendSpec {
  readonly spend: KeyTemplate;
  /** null: the system does not keep it where it can be read. */
  readonly cap: KeyTemplate | null;
  readonly unit: 'USD' | 'cents';
  readonly period: Period;
  /** Seconds since the period began. */
  readonly elapsedSeconds: number;
}

/** Whose money it is: one word and the plural, for warnings. */
interface Entity {
  readonly kind: string | null;
  readonly many: string;
}

interface Ranked {
  readonly row: Row;
  /** The keys that hold no string, where there is no spend at all; else none. */
  readonly missing: readonly Buffer[];
  /** Where its cap is; null: it has none. */
  readonly cap: Buffer | null;
}

/** A spend of one family, in USD. */
interface Spent {
  readonly spec: SpendSpec;
  readonly usd: number;
}

/**
 * Spend against cap, each in a key of its own. All keys of an entity are read together whichever of them comes by, so
 * nothing has to be remembered for the other half: the row is made for the first of its keys that is there. Of several
 * spends the one closest to its cap counts: it is the one that refuses.
 */
export class SpendFamily implements Family {
  readonly remembers = false;
  readonly labels: readonly string[];
  readonly prefixes: readonly string[];
  readonly #specs: readonly SpendSpec[];
  /** In the order in which a claim's values come: the spends, then the caps, each family once. */
  readonly #templates: readonly KeyTemplate[];
  readonly #entity: Entity;
  readonly #top = new TopK<Ranked>(TOP);
  readonly #skipped = new Skipped();
  readonly #unusable: string[] = [];
  readonly #ending: string[] = [];
  readonly #found: { entities: number; sample: { entity: string; value: number } | null }[];
  #unusableCount = 0;
  #uncapped = 0;
  #notUtf8 = 0;
  #seen = false;
  #total = 0;
  #squares = 0;
  #distinct = 0;

  constructor(specs: readonly SpendSpec[], entity: Entity) {
    this.#specs = specs;
    this.#entity = entity;
    const caps = specs.flatMap(({ cap }) => (cap === null ? [] : [cap]));
    const once = new Map(
      [...specs.map(({ spend }) => spend), ...caps].map((one) => [one.prefix + one.suffix, one]),
    );
    this.#templates = [...once.values()];
    this.labels = specs.map(({ spend, cap }) =>
      cap === null ? spend.label : `${spend.label} / ${cap.label}`,
    );
    this.prefixes = this.#templates.map(({ prefix }) => prefix);
    this.#found = specs.map(() => ({ entities: 0, sample: null }));
  }

  claim(key: string, name: Key): Claim | null {
    for (const [self, template] of this.#templates.entries()) {
      const entity = entityOf(key, template);
      if (entity === null) continue;
      const wanted = this.#templates.map((one, at) => (at === self ? name : keyOf(entity, one)));
      return { entity, wanted, self };
    }
    return null;
  }

  take({ entity, self }: Claim, values: readonly (string | null)[]): void {
    this.#seen = true;
    // A cap brings its entity's row; without one the first spend that is there does.
    const caps = values.slice(this.#specs.length);
    const first = caps.some(isThere)
      ? this.#specs.length + caps.findIndex(isThere)
      : values.findIndex(isThere);
    if (self !== first) return;
    if (entity.length > MAX_ENTITY_BYTES) {
      this.#skipped.count(`with a name over ${MAX_ENTITY_BYTES} bytes`);
      return;
    }
    const spends = this.#spends(entity, values);
    if (spends === null) return;
    this.#add(entity, spends, values);
  }

  /** What was spent, by family; null when one of them cannot be read. */
  #spends(entity: string, values: readonly (string | null)[]): Spent[] | null {
    const spends: Spent[] = [];
    for (const [index, spec] of this.#specs.entries()) {
      const text = values[this.#templates.indexOf(spec.spend)];
      if (text == null) continue;
      const usd = spec.unit === 'cents' ? readCents(text) : readUsd(text);
      if (usd === null || usd < 0) {
        const what = spec.unit === 'cents' ? 'not a whole number of cents' : 'not a number';
        this.#skipped.count(`with a ${usd === null ? `spend that is ${what}` : 'negative spend'}`);
        return null;
      }
      const found = this.#found[index];
      if (found !== undefined) {
        found.entities += 1;
        if (usd >= (found.sample?.value ?? 0)) found.sample = { entity, value: usd };
      }
      spends.push({ spec, usd });
    }
    return spends;
  }

  #add(entity: string, spends: readonly Spent[], values: readonly (string | null)[]): void {
    const id = toId(entity);
    const held = this.#specs.map((spec): { spent: Spent; limit: Limit | null } => {
      const spent = spends.find((one) => one.spec === spec) ?? { spec, usd: 0 };
      return { spent, limit: this.#limitOf(spent, values) };
    });
    const nearest = held.filter(({ spent }) => spends.includes(spent)).sort(closest)[0] ?? held[0];
    if (nearest === undefined) return;
    const { spent, limit } = nearest;
    this.#distinct += 1;
    this.#total += spent.usd;
    this.#squares += spent.usd * spent.usd;
    if (typeof id !== 'string') this.#notUtf8 += 1;
    if (limit?.problem === 'none') this.#uncapped += 1;
    if (limit?.problem === 'invalid') {
      this.#noteUnusable(showId(id), limit.stored ?? '');
    }
    const row = rowOf({
      id,
      valid: typeof id === 'string' && isValidId(this.#entity.kind, id),
      sources: spends.map(({ spec }) => spec.spend.label),
      value: spent.usd,
      limit,
      period: spent.spec.period,
    });
    const rank = limit?.ratio ?? (limit?.problem === 'invalid' ? 0 : -1 / (1 + spent.usd));
    const missing = spends.length > 0 ? [] : this.#specs.map(({ spend }) => keyOf(entity, spend));
    const { cap } = spent.spec;
    const hasCap = cap !== null && limit?.value != null;
    this.#top.add(rank, { row, missing, cap: hasCap ? keyOf(entity, cap) : null });
  }

  skip(): void {
    this.#seen = true;
    this.#skipped.count('not a string');
  }

  miss(): void {
    this.#seen = true;
    this.#skipped.count(ELSEWHERE);
  }

  async finish(keys: KeyAccess, coverage: number): Promise<Finished | null> {
    if (!this.#seen) return null;
    const readable = await this.#withEnds(await this.#readable(keys), keys);
    const counted = { total: this.#total, squares: this.#squares, distinct: this.#distinct };
    const numbers = sampled(counted, coverage);
    const rows = readable.map((row) => ({
      ...row,
      share: numbers.total > 0 ? row.value / numbers.total : null,
    }));
    const label = [...new Set(this.labels)].join(', ');
    return {
      reading: measured({
        ...numbers,
        rows,
        warnings: [...this.#skipped.warnings(label), ...this.#capWarnings()],
      }),
      sources: this.#found.map(({ entities, sample }) => ({
        entities,
        sample: sample && { id: toId(sample.entity), value: sample.value },
      })),
    };
  }

  /** No spend is nothing spent only where there is no key: one of another type was skipped, and is not zero. */
  async #readable(access: KeyAccess): Promise<Ranked[]> {
    const ranked = this.#top.sorted();
    const keys = ranked.flatMap(({ missing }) => missing);
    const types = await access.types(keys);
    const foreign = new Set(keys.filter((_, index) => types[index] !== 'none' && types[index] !== 'string'));
    const unreadable = new Set(ranked.filter(({ missing }) => missing.some((key) => foreign.has(key))));
    this.#distinct -= unreadable.size;
    return ranked.filter((one) => !unreadable.has(one));
  }

  /** A cap that expires is no cap from then on, which nobody sees coming. */
  async #withEnds(ranked: readonly Ranked[], access: KeyAccess): Promise<Row[]> {
    const capped = ranked.filter(({ cap }) => cap !== null);
    const ttls = await ttlSeconds(
      access,
      capped.flatMap(({ cap }) => cap ?? []),
    );
    const ends = new Map(capped.map((one, index) => [one, ttls[index]]));
    return ranked.map((one) => {
      const { row } = one;
      const ttl = ends.get(one);
      if (typeof ttl !== 'number' || row.limit === null) return row;
      this.#ending.push(`${showId(row.id)} in ${formatDuration(Math.round(ttl))}`);
      return { ...row, limit: { ...row.limit, endsInSeconds: Math.round(ttl) } };
    });
  }

  /** null where the system does not keep a cap that can be read. */
  #limitOf({ spec, usd }: Spent, values: readonly (string | null)[]): Limit | null {
    const { cap, elapsedSeconds } = spec;
    if (cap === null) return null;
    const stored = values[this.#templates.findIndex((one) => one.prefix === cap.prefix)] ?? null;
    const perHour = elapsedSeconds >= MIN_ELAPSED_SECONDS ? usd / (elapsedSeconds / 3600) : null;
    return limitFrom(stored, usd, perHour);
  }

  #noteUnusable(entity: string, stored: string): void {
    this.#unusableCount += 1;
    if (this.#unusable.length < NAMED) this.#unusable.push(`${entity} = ${JSON.stringify(stored)}`);
  }

  #capWarnings(): string[] {
    const warnings: string[] = [];
    const caps = [...new Set(this.#specs.flatMap(({ cap }) => cap?.label ?? []))].join(', ');
    if (this.#unusableCount > 0) {
      const more = this.#unusableCount > this.#unusable.length ? ', ...' : '';
      warnings.push(
        `${this.#unusableCount} of the caps in ${caps} cannot be used, which means no cap at all: ${this.#unusable.join(', ')}${more}`,
      );
    }
    if (this.#ending.length > 0) {
      const more = this.#ending.length > NAMED ? ', ...' : '';
      const named = this.#ending.slice(0, NAMED).join(', ');
      warnings.push(
        `${this.#ending.length} of the caps in ${caps} have a TTL, and with its end there is no cap: ${named}${more}`,
      );
    }
    if (this.#uncapped > 0) {
      warnings.push(`${this.#uncapped} of ${this.#distinct} ${this.#entity.many} have spent and have no cap`);
    }
    if (this.#notUtf8 > 0) {
      warnings.push(
        `${this.#notUtf8} of ${this.#distinct} names are not UTF-8 (shown as hexadecimal): counted in the totals, never proposed for a remedy`,
      );
    }
    return warnings;
  }
}

/** An empty text is one, too. */
const isThere = (value: string | null): boolean => value !== null;

const showId = (id: Row['id']): string => (typeof id === 'string' ? id : id.hex);

/** The one closest to its cap first; without caps the larger spend. */
function closest(a: { spent: Spent; limit: Limit | null }, b: { spent: Spent; limit: Limit | null }): number {
  return (b.limit?.ratio ?? -1) - (a.limit?.ratio ?? -1) || b.spent.usd - a.spent.usd;
}
