/** With commas and at most that many digits after the point. (Intl.NumberFormat costs 10 ms at start-up.) */
function withCommas(value: number, digits: number, trim = true): string {
  const [whole = '0', fraction = ''] = Math.abs(value).toFixed(digits).split('.');
  const kept = trim ? fraction.replace(/0+$/, '') : fraction;
  const sign = value < 0 && Number(value.toFixed(digits)) !== 0 ? '-' : '';
  return `${sign}${whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',')}${kept === '' ? '' : `.${kept}`}`;
}

/** `6,812`, `8.9`, `0.05`: as many digits as the size of the number deserves. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1_000) return withCommas(value, 0);
  return withCommas(value, Math.abs(value) >= 1 ? 1 : 2);
}

/** `71%`, `0.4%`; never `0%` for what is not nothing, nor `100%` for what is not all. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return '<0.1%';
  if (percent > 99.9 && percent < 100) return '>99.9%';
  return `${withCommas(percent, percent < 10 || (percent > 99 && percent < 100) ? 1 : 0)}%`;
}

/** A number in its unit: `4,812 failures`, `8.9 429s/s`, `$41.20`. */
export function formatAmount(value: number, unit: string): string {
  if (unit === 'USD') return `$${withCommas(value, 2, false)}`;
  return `${formatNumber(value)} ${value === 1 ? unit.replace(/^(\w{2,})s$/, '$1') : unit}`;
}
