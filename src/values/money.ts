import { Big } from 'big.js';
import { quote } from './text.ts';

/** What to do about a text that was not accepted, by what it looks like. The first that fits is said. */
type Advice = readonly (readonly [RegExp, string])[];

/** Of amounts and percentages alike. */
const NUMBER_ADVICE: Advice = [
  [/^$/, 'write a number'],
  [/\s/, 'write it without spaces'],
  [/^[+-]?(?:s?nan|inf(?:inity)?)$/i, 'it must be a finite number'],
  [/^[+-]?0[xob]/i, 'write it in decimal digits'],
  [/,/, 'write it without commas, with a point before the decimals'],
  [/_/, 'write it without underscores'],
  [/^[+-]?[\d.]+e[+-]?\d+$/i, 'write all its digits, without an exponent'],
  [/^[-\u2212]/, 'it must be more than zero, without a sign'],
  [/^\+/, 'write it without a sign'],
  [/^\.\d|^\d+\.$/, 'write digits on both sides of the point'],
  [/^0\d/, 'write it without leading zeros'],
  [/^\d+\.\d{3,}$/, 'write at most two decimals'],
  [/^0(?:\.\d+)?$/, 'it must be more than zero'],
];

const USD_ADVICE: Advice = [
  [/\p{Sc}|usd|dollar/iu, 'write it without a currency sign'],
  [/%$/, 'write an amount, not a percentage'],
  ...NUMBER_ADVICE,
  [/^\d{10,}(?:\.\d{1,2})?$/, 'it must be less than 1000000000'],
];

const PERCENT_ADVICE: Advice = [...NUMBER_ADVICE, [/^\d+(?:\.\d{1,2})?$/, 'it must be at most 1000%']];

/** Plain digits without leading zeros, at most two decimals. */
const PLAIN = /^(?:0|[1-9]\d{0,8})(?:\.\d{1,2})?$/;
const MAX_PERCENT = '1000';

/** A positive number of the strict grammar, or null. */
function readPlain(text: string): Big | null {
  const number = PLAIN.test(text) ? new Big(text) : null;
  return number?.gt('0') ? number : null;
}

function adviceFor(text: string, advice: Advice): string {
  return (
    advice.find(([pattern]) => pattern.test(text))?.[1] ?? 'write plain digits, with at most two decimals'
  );
}

/**
 * Reads an amount that an operator typed, to set or to add: `100`, `100.5`, `100.50`. More than zero, less than
 * a billion, at most two decimals.
 * @returns the amount in USD, or a fragment that says what was expected, what was got and what to do. Never throws.
 */
export function parseUsd(text: string): Big | string {
  return (
    readPlain(text) ??
    `expected a USD amount such as 100.00, got ${quote(text)}: ${adviceFor(text, USD_ADVICE)}`
  );
}

/**
 * Reads a percentage that an operator typed: `20%`, `12.5%`. More than 0%, at most 1000%, at most two decimals.
 * @returns the number before the sign (20 for `20%`), or a fragment as `parseUsd` does. Never throws.
 */
export function parsePercent(text: string): Big | string {
  const hasSign = text.endsWith('%');
  const digits = hasSign ? text.slice(0, -1) : text;
  const percent = readPlain(digits);
  if (hasSign && percent?.lte(MAX_PERCENT)) return percent;
  const advice =
    hasSign || percent === null ? adviceFor(digits, PERCENT_ADVICE) : 'end it with a percent sign';
  return `expected a percentage such as 20%, got ${quote(text)}: ${advice}`;
}

const STORED = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e([+-]?\d+))?$/i;
const MAX_STORED_CHARS = 64;
const MAX_STORED_EXPONENT = 30;

/**
 * Reads an amount that a gateway has stored, as leniently as Python's Decimal and float: a sign, any number of
 * decimals, an exponent (`1e2`), whitespace around it. Zero and negative amounts are returned as they are.
 * @returns the amount in USD; null for what is no finite number (`nan`, `inf`, `abc`, `1_000`, nothing), what is
 * longer than 64 characters, and what has an exponent beyond 30 either way
 */
export function readStoredUsd(text: string): Big | null {
  if (text.length > MAX_STORED_CHARS) return null;
  const trimmed = text.trim();
  const match = STORED.exec(trimmed);
  if (match === null || Math.abs(Number(match[1] ?? 0)) > MAX_STORED_EXPONENT) return null;
  return new Big(trimmed.replace(/^\+/, ''));
}

/**
 * Reads a counter of whole cents that a gateway has stored.
 * @returns the amount in USD; null for anything but an integer of at most 15 digits
 */
export const readStoredCents = (text: string): Big | null =>
  /^-?\d{1,15}$/.test(text) ? new Big(text).div('100') : null;

/** Cents, a half rounded away from zero. */
function toCents(amount: Big): Big {
  return amount.round(2, Big.roundHalfUp);
}

/**
 * The form of an amount (USD) that is stored: `100.00`, two decimals, rounded half up.
 * @throws RangeError when that would not be more than zero: the gateway takes such a cap for no cap
 */
export function formatUsd(amount: Big): string {
  const cents = toCents(amount);
  if (!cents.gt('0')) throw new RangeError(`a stored USD amount must be more than zero, not ${amount}`);
  return cents.toFixed(2);
}

/** An amount (USD) for people: `$1,234.50`, `-$0.50`, `$0.00`; rounded half up to the cent. */
export function showUsd(amount: Big): string {
  const cents = toCents(amount);
  const digits = cents
    .abs()
    .toFixed(2)
    .replace(/\B(?=(?:\d{3})+\.)/g, ',');
  return `${cents.lt('0') ? '-' : ''}$${digits}`;
}

/**
 * A cap (USD) raised by a percentage (20 for 20%), rounded half up to the cent: $33.33 by 10% is $36.66. A small
 * raise of a small cap can round to no raise.
 */
export function raiseBy(cap: Big, percent: Big): Big {
  // Multiplied, not divided: a product of decimals is exact.
  return toCents(cap.times(percent.plus('100')).times('0.01'));
}
