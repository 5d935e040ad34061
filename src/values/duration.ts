import parse from 'parse-duration';

const GRAMMAR = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/;

/**
 * Reads a duration of the one grammar used everywhere: `90s`, `5m`, `24h`, `7d`, `2w`, `1h30m`, and a bare `0`.
 * @returns seconds, or null when the text is not a duration
 */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  if (text.length > 32 || !GRAMMAR.test(text)) return null;
  const seconds = parse(text, 's');
  return seconds !== null && Number.isFinite(seconds) ? seconds : null;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
];

/** Writes seconds with at most two units, `1h30m`, `5m`, `12s`: what `parseDuration` reads back. */
export function formatDuration(seconds: number): string {
  if (seconds > 0 && seconds < 0.9995) return `${Math.round(seconds * 1000)}ms`;
  let left = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    if (count > 0 && parts.length < 2) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
    left -= count * size;
  }
  return parts.length > 0 ? parts.join('') : '0s';
}
