import type { Redis } from 'ioredis';
import { measured, type Reading, type Row } from '../../evidence/types.ts';
import { isValidId } from '../entities.ts';
import { type Claim, type Family, MAX_ENTITY_BYTES, Skipped, ttlSeconds } from './family.ts';
import { entityOf, type KeyTemplate, keyOf, toId } from './keys.ts';

const KEPT = 200;
const MAX_TEXT_CHARS = 120;

/** Keys whose presence is the fact, such as blocks: how many, and of some their text and seconds to live. */
export class EntryFamily implements Family {
  readonly label: string;
  readonly prefixes: readonly string[];
  readonly #template: KeyTemplate;
  readonly #kind: string | null;
  readonly #kept: { entity: string; text: string }[] = [];
  readonly #skipped = new Skipped();
  #distinct = 0;
  #seen = false;

  constructor(template: KeyTemplate, kind: string | null) {
    this.#template = template;
    this.#kind = kind;
    this.label = template.label;
    this.prefixes = [template.prefix];
  }

  claim(key: string, bytes: Buffer): Claim | null {
    const entity = entityOf(key, this.#template, '');
    return entity === null ? null : { entity, wanted: [bytes], self: 0 };
  }

  take({ entity }: Claim, [bytes]: readonly (Buffer | null)[]): void {
    if (!bytes) return;
    this.#seen = true;
    if (entity.length > MAX_ENTITY_BYTES) {
      this.#skipped.count(`with a name over ${MAX_ENTITY_BYTES} bytes`);
      return;
    }
    this.#distinct += 1;
    if (this.#kept.length < KEPT)
      this.#kept.push({ entity, text: bytes.toString('utf8').slice(0, MAX_TEXT_CHARS) });
  }

  skip(): void {
    this.#seen = true;
    this.#skipped.count('not a string');
  }

  async finish(redis: Redis): Promise<Reading | null> {
    if (!this.#seen) return null;
    const ttls = await ttlSeconds(
      redis,
      this.#kept.map(({ entity }) => keyOf(entity, this.#template, '')),
    );
    const rows = this.#kept.map(({ entity, text }, index): Row => {
      const id = toId(entity);
      return {
        id,
        valid: typeof id === 'string' && isValidId(this.#kind, id),
        public: null,
        // 0 is a key without an end; one that is about to end has a second left.
        value: ttls[index] === null ? 0 : Math.max(1, Math.round(ttls[index] ?? 0)),
        share: null,
        lastSeenSeconds: null,
        labels: { reason: { [text]: 1 } },
        limit: null,
      };
    });
    // What has no end lasts longest.
    const lasts = ({ value }: Row) => (value === 0 ? Number.POSITIVE_INFINITY : value);
    rows.sort((a, b) => (lasts(a) === lasts(b) ? 0 : lasts(b) - lasts(a)));
    return measured({
      total: this.#distinct,
      distinct: this.#distinct,
      rows,
      warnings: this.#skipped.warnings(this.label),
    });
  }
}
