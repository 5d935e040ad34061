import type { Id } from '../../evidence/types.ts';
import { keyPattern, withDate } from '../../values/template.ts';

/** A key template of the runbook, taken apart for one day: `acp:agent_cost_today:{agent}:{yyyymmdd}`. */
export interface KeyTemplate {
  /** latin1, one character a byte, so that any bytes compare exactly. */
  readonly prefix: string;
  /** The date, where there is one: `:20261121`. */
  readonly suffix: string;
  /** As the runbook's reader knows it: `acp:auth_fail:*`. */
  readonly label: string;
}

/** @param iso the present by the server's clock: its date names today's keys */
export function parseTemplate(template: string, iso: string): KeyTemplate {
  const dated = withDate(template, iso);
  const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
  return {
    prefix: latin1(dated.slice(0, dated.indexOf('{'))),
    suffix: latin1(dated.slice(dated.lastIndexOf('}') + 1)),
    label: keyPattern(template),
  };
}

/**
 * The entity's part of a key, or null when the key is not of this template. All that stands after the prefix (and
 * before the date) is the id: IPv6 addresses contain colons.
 * @param key latin1
 */
export function entityOf(key: string, { prefix, suffix }: KeyTemplate): string | null {
  if (!key.startsWith(prefix)) return null;
  if (suffix === '') return key.slice(prefix.length);
  return key.endsWith(suffix) && key.length >= prefix.length + suffix.length
    ? key.slice(prefix.length, -suffix.length)
    : null;
}

/** The key of an entity, as bytes. Both latin1. */
export const keyOf = (entity: string, { prefix, suffix }: KeyTemplate): Buffer =>
  Buffer.from(`${prefix}${entity}${suffix}`, 'latin1');

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as an exact string, or as hexadecimal when they are not UTF-8. */
export function toId(latin1: string): Id {
  const bytes = Buffer.from(latin1, 'latin1');
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return { hex: bytes.toString('hex') };
  }
}

/** The tightest SCAN pattern that covers all prefixes: their common start, with glob characters made literal. */
export function globFor(prefixes: readonly string[]): Buffer {
  let common = prefixes[0] ?? '';
  for (const prefix of prefixes) {
    while (!prefix.startsWith(common)) common = common.slice(0, -1);
  }
  return Buffer.from(`${common.replaceAll(/[\\*?[\]^]/g, '\\$&')}*`, 'latin1');
}
