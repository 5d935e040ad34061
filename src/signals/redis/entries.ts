import { measured, type Row, rowOf } from '../../evidence/types.ts';
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
import { sampled } from './sampled.ts';
import type { Key, KeyAccess } from './servers.ts';

const KEPT = 200;
const MAX_TEXT_CHARS = 120;

interface Options {
  readonly template: KeyTemplate;
  /** Where the reason is kept; null: the value is the reason. */
  readonly reason: KeyTemplate | null;
  /** The value that the system itself writes; null: it does not say who put it there. */
  readonly automatic: string | null;
  readonly kind: string | null;
}

interface Kept {
  readonly entity: string;
  readonly value: string;
  readonly reason: string;
}

/** Keys whose presence is the fact, such as blocks: how many, and of some their text and seconds to live. */
export class EntryFamily implements Family {
  readonly remembers = false;
  readonly labels: readonly string[];
  readonly prefixes: readonly string[];
  readonly #options: Options;
  readonly #kept: Kept[] = [];
  readonly #skipped = new Skipped();
  #distinct = 0;
  #seen = false;

  constructor(options: Options) {
    this.#options = options;
    this.labels = [options.template.label];
    this.prefixes = [options.template.prefix];
  }

  claim(key: string, name: Key): Claim | null {
    const { template, reason } = this.#options;
    const entity = entityOf(key, template);
    if (entity === null) return null;
    return { entity, wanted: reason === null ? [name] : [name, keyOf(entity, reason)], self: 0 };
  }

  take({ entity }: Claim, [value, reason]: readonly (string | null)[]): void {
    if (value == null) return;
    this.#seen = true;
    if (entity.length > MAX_ENTITY_BYTES) {
      this.#skipped.count(`with a name over ${MAX_ENTITY_BYTES} bytes`);
      return;
    }
    this.#distinct += 1;
    if (this.#kept.length >= KEPT) return;
    const text = (held: string) => held.slice(0, MAX_TEXT_CHARS);
    this.#kept.push({ entity, value: text(value), reason: text(reason ?? value) });
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
    const { template, automatic, kind } = this.#options;
    const ttls = await ttlSeconds(
      keys,
      this.#kept.map(({ entity }) => keyOf(entity, template)),
    );
    const rows = this.#kept.map(({ entity, value, reason }, index): Row => {
      const id = toId(entity);
      return rowOf({
        id,
        valid: typeof id === 'string' && isValidId(kind, id),
        sources: [template.label],
        // 0 is a key without an end; one that is about to end has a second left.
        value: secondsLeft(ttls[index] ?? null),
        labels: {
          reason: { [reason]: 1 },
          ...(automatic === null ? {} : { by: { [value === automatic ? 'automatic' : 'hand']: 1 } }),
        },
      });
    });
    // What has no end lasts longest.
    const lasts = ({ value }: Row) => (value === 0 ? Number.POSITIVE_INFINITY : value);
    rows.sort((a, b) => (lasts(a) === lasts(b) ? 0 : lasts(b) - lasts(a)));
    const [first] = rows;
    const count = this.#distinct;
    return {
      reading: measured({
        ...sampled({ total: count, squares: count, distinct: count }, coverage),
        rows,
        warnings: this.#skipped.warnings(template.label),
      }),
      sources: [
        {
          entities: this.#distinct,
          sample: first === undefined ? null : { id: first.id, value: first.value },
        },
      ],
    };
  }
}

const secondsLeft = (ttl: number | 'gone' | null): number =>
  ttl === null ? 0 : Math.max(1, Math.round(ttl === 'gone' ? 0 : ttl));
