import type { Config } from '../config/types.ts';
import type { Outcome } from '../doctor/diagnose.ts';
import type { Args, Check, Level } from '../doctor/types.ts';
import type { Evidence } from '../evidence/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { escapeText } from './escape.ts';

/** All that a doctor's run has to say; each format renders this and decides nothing. */
export interface DoctorDocument {
  readonly checks: readonly Check[];
  readonly config: Config;
  readonly runbook: Runbook;
  readonly evidence: Evidence;
  readonly outcome: Outcome;
  /** The lines that make the Redis users. */
  readonly acl: AclLines;
  readonly warnings: readonly string[];
  readonly totalMs: number;
}

export interface AclLines {
  readonly triage: string;
  readonly operator: string;
  /** For the sentinels themselves; null: there are none. */
  readonly sentinel: string | null;
}

/** What a check says, and what to do about it; both are escaped. */
export interface Said {
  readonly text: string;
  readonly advice: string | null;
}

export type Teller = (check: Check, document: DoctorDocument) => Said;

export const said = (text: string, advice: string | null = null): Said => ({ text, advice });

/** An argument as a number; 0 for none. */
export const numberOf = (value: Args[string] | undefined): number => (typeof value === 'number' ? value : 0);

/** An argument as text, escaped. */
export const textOf = (value: Args[string] | undefined, max = 120): string =>
  escapeText(Array.isArray(value) ? value.join(', ') : String(value ?? ''), max);

/** An argument as a list, each escaped. */
export const listOf = (value: Args[string] | undefined, max = 80): string[] =>
  Array.isArray(value) ? value.map((one: string) => escapeText(one, max)) : [];

/** What a signal is called. */
export const titleOf = (signal: string | null, { runbook }: DoctorDocument): string =>
  runbook.signals[signal ?? '']?.title ?? signal ?? '';

/** `a`, `a and b`, `a, b and c`. */
export function joined(names: readonly string[], word = 'and'): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} ${word} ${last}`;
}

/** `1 key`, `2,400 keys`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',')} ${count === 1 ? one : many}`;

/** Checks of a level. */
export const ofLevel = ({ checks }: DoctorDocument, level: Level): Check[] =>
  checks.filter((check) => check.level === level);
