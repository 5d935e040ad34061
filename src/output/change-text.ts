import type { Change, State, Stored } from '../journal/types.ts';
import type { Clock } from '../signals/asked.ts';
import { escapeText } from './escape.ts';
import { labelled, type Screen } from './lines.ts';
import { showTime } from './times.ts';
import { wrap } from './wrap.ts';

/** Longest key or URL that is shown, in characters: long enough for every one that this program makes. */
const TARGET = 400;

export const showTarget = ({ target }: Pick<Change, 'target'>): string => escapeText(target, TARGET);

/** A stored value as it is, escaped; bytes that are not UTF-8 as hexadecimal. */
export const showStored = (value: Stored, max = 200): string =>
  escapeText(typeof value === 'string' ? value : `0x${value.hex}`, max);

/** Words that could be taken for something else than a value are quoted. */
const PLAIN = /^(?!0x|nothing$)[\w.:$%/+-]+$/;

/** A value within a sentence: `credential_stuffing`, `"two words"`, `0x00ff`. */
export function quoteStored(value: Stored): string {
  const shown = showStored(value);
  return typeof value !== 'string' || PLAIN.test(shown) ? shown : `"${shown.replaceAll('"', '\\x22')}"`;
}

/** How the two sides of a change are called, and from where their times are seen. */
export interface Sides {
  readonly before: string;
  readonly after: string;
  /** True of what was seen just now: then the system's own word counts for how long it lasts. */
  readonly fresh: boolean;
}

/** One side of a change: `credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)`, `100.00, no expiry`, `nothing`. */
function stateText(state: State | null, { system }: Change, clock: Clock, fresh: boolean): string {
  if (state === null) return 'nothing';
  const value = quoteStored(state.value);
  if (state.expiresAt !== null) {
    return `${value}, until ${showTime(state.expiresAt, clock, fresh ? state.ttlSeconds : null)}`;
  }
  return system === 'redis' ? `${value}, no expiry` : value;
}

/** What was there before; of an API it may not be known. */
const beforeText = (change: Change, clock: Clock, fresh: boolean): string =>
  change.before === null && change.system === 'api'
    ? 'not known'
    : stateText(change.before, change, clock, fresh);

export const afterText = (change: Change, clock: Clock, fresh: boolean): string => {
  const text = stateText(change.after, change, clock, fresh);
  return change.momentary === true ? `${text} (undo does not bring it back)` : text;
};

/** A change as lines: its target, then both sides, then what else there is to say. */
export function changeLines(
  change: Change,
  sides: Sides,
  screen: Screen,
  clock: Clock,
  notes: readonly { readonly name: string; readonly value: string }[] = [],
): string[] {
  return [
    ...targetLines(change, screen),
    ...labelled(
      [
        { name: sides.before, value: beforeText(change, clock, sides.fresh) },
        { name: sides.after, value: afterText(change, clock, sides.fresh) },
        ...notes,
      ],
      screen.width,
      '    ',
    ),
  ];
}

export const targetLines = (change: Change, { paint, width }: Screen): string[] =>
  wrap(`  ${showTarget(change)}`, width, '    ')
    .split('\n')
    .map((line) => paint.name(line));
