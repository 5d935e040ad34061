import type { Id } from '../../evidence/types.ts';
import { keyPattern } from '../../runbooks/sources.ts';

/** A key template of the runbook, taken apart: `acp:agent_cost_today:{agent}:{yyyymmdd}`. */
export interface KeyTemplate {
  /** latin1, one character a byte, so that any bytes compare exactly. */
  readonly prefix: string;
  readonly dated: boolean;
  /** As the runbook's reader knows it: `acp:auth_fail:*`. */
  readonly label: string;
}

export function parseTemplate(template: string): KeyTemplate {
  const open = template.indexOf('{');
  const prefix = Buffer.from(template.slice(0, open), 'utf8').toString('latin1');
  return { prefix, dated: template.endsWith(':{yyyymmdd}'), label: keyPattern(template) };
}

/**
 * The entity's part of a key, or null when the key is not of this template. All that stands after the prefix (and
 * before the date) is the id: IPv6 addresses contain colons.
 * @param key latin1 @param date the day that a dated template is read for, yyyymmdd
 */
export function entityOf(key: string, template: KeyTemplate, date: string): string | null {
  if (!key.startsWith(template.prefix)) return null;
  if (!template.dated) return key.slice(template.prefix.length);
  const suffix = `:${date}`;
  return key.endsWith(suffix) && key.length >= template.prefix.length + suffix.length
    ? key.slice(template.prefix.length, -suffix.length)
    : null;
}

/** The key of an entity, as bytes. Both latin1. */
export const keyOf = (entity: string, template: KeyTemplate, date: string): Buffer =>
  Buffer.from(`${template.prefix}${entity}${template.dated ? `:${date}` : ''}`, 'latin1');

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
