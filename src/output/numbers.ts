const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const twoDigits = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });
const money = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** `6,812`, `8.9`, `0.05`: as many digits as the size of the number deserves. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1_000) return whole.format(value);
  return (Math.abs(value) >= 1 ? oneDigit : twoDigits).format(value);
}

/** `71 %`, `0.4 %`; never `0 %` for what is not nothing, nor `100 %` for what is not all. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return '<0.1 %';
  if (percent > 99.9 && percent < 100) return '>99.9 %';
  return `${percent < 10 || (percent > 99 && percent < 100) ? oneDigit.format(percent) : whole.format(percent)} %`;
}

/** A number in its unit: `4,812 failures`, `8.9 429s/s`, `$41.20`. */
export function formatAmount(value: number, unit: string): string {
  return unit === 'USD' ? `$${money.format(value)}` : `${formatNumber(value)} ${unit}`;
}
