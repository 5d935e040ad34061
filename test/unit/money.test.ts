import { Big } from 'big.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatUsd,
  parsePercent,
  parseUsd,
  raiseBy,
  readStoredUsd,
  showUsd,
} from '../../src/values/money.ts';

/** Exactly, as digits: two amounts that print alike are alike. */
const digits = (amount: Big | string | null): string | null =>
  typeof amount === 'string' || amount === null ? amount : amount.toFixed();
const fromCents = (cents: number): string =>
  `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
const anyCents = fc.integer({ min: 1, max: 99_999_999_999 });

describe('an amount that an operator types', () => {
  test.each([
    ['100', '100'],
    ['100.5', '100.5'],
    ['100.50', '100.5'],
    ['0.01', '0.01'],
    ['0.1', '0.1'],
    ['999999999.99', '999999999.99'],
  ])('%s is %s USD', (text, amount) => {
    expect(digits(parseUsd(text))).toBe(amount);
  });

  const SIGN = 'write it without a currency sign';
  const COMMA = 'write it without commas, with a point before the decimals';
  const EXPONENT = 'write all its digits, without an exponent';
  const FINITE = 'it must be a finite number';
  const BELOW = 'it must be less than 1000000000';
  const OVER = 'it must be more than zero';
  const NEGATIVE = 'it must be more than zero, without a sign';
  const TWO = 'write at most two decimals';
  const SIDES = 'write digits on both sides of the point';
  const ZEROS = 'write it without leading zeros';
  const PLAIN = 'write plain digits, with at most two decimals';
  const SPACES = 'write it without spaces';

  test.each([
    ['$100', SIGN],
    ['100$', SIGN],
    ['-$100', SIGN],
    ['€100', SIGN],
    ['100 USD', SIGN],
    ['100usd', SIGN],
    ['100,00', COMMA],
    ['1,000.00', COMMA],
    ['1.000,00', COMMA],
    ['1e400', EXPONENT],
    ['1e2', EXPONENT],
    ['1E+2', EXPONENT],
    ['1.5e-3', EXPONENT],
    ['nan', FINITE],
    ['NaN', FINITE],
    ['inf', FINITE],
    ['-Infinity', FINITE],
    ['-5', NEGATIVE],
    ['-0', NEGATIVE],
    ['−5', NEGATIVE],
    ['0', OVER],
    ['0.00', OVER],
    ['100.005', TWO],
    ['0.001', TWO],
    ['0x64', 'write it in decimal digits'],
    ['', 'write a number'],
    ['+100', 'write it without a sign'],
    ['1 000', SPACES],
    [' 100', SPACES],
    ['100\n', SPACES],
    ['100\u00a0', SPACES],
    ['0100', ZEROS],
    ['00.5', ZEROS],
    ['1000000000', BELOW],
    ['1000000000.00', BELOW],
    ['.5', SIDES],
    ['5.', SIDES],
    ['1_000', 'write it without underscores'],
    ['20%', 'write an amount, not a percentage'],
    ['abc', PLAIN],
    ['1.2.3', PLAIN],
    ['١٠٠', PLAIN],
    ['--5', NEGATIVE],
  ])('%j is refused', (text, advice) => {
    expect(parseUsd(text)).toBe(
      `expected a USD amount such as 100.00, got ${JSON.stringify(text)}: ${advice}`,
    );
  });

  test('that is far too long is cut', () => {
    const message = parseUsd('9'.repeat(100_000));
    expect(String(message).length).toBeLessThan(200);
    expect(message).toContain(BELOW);
  });

  test('is what is stored, and what is stored is read back as it was typed', () => {
    fc.assert(
      fc.property(anyCents, (cents) => {
        const amount = parseUsd(fromCents(cents));
        if (typeof amount === 'string') throw new Error(amount);
        expect(formatUsd(amount)).toBe(fromCents(cents));
        expect(digits(readStoredUsd(formatUsd(amount)))).toBe(digits(amount));
        expect(digits(amount.times('100'))).toBe(String(cents));
      }),
    );
  });

  test('is a positive amount or one line of text, for any text', () => {
    const like = fc.stringMatching(/^[-+$]?[0-9.,e_%x ]{0,12}$/);
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary' }), like, fc.double().map(String)),
        (text) => {
          for (const read of [parseUsd(text), parsePercent(text)]) {
            if (typeof read === 'string')
              expect(read).toMatch(/^expected a (?:USD amount|percentage) [^\p{Cc}]+$/u);
            else expect([read.gt('0'), digits(read.round(2))]).toEqual([true, digits(read)]);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('a percentage', () => {
  test.each([
    ['20%', '20'],
    ['12.5%', '12.5'],
    ['0.01%', '0.01'],
    ['1000%', '1000'],
    ['1000.00%', '1000'],
  ])('%s is %s', (text, percent) => {
    expect(digits(parsePercent(text))).toBe(percent);
  });

  test.each([
    ['20', 'end it with a percent sign'],
    ['0.2', 'end it with a percent sign'],
    ['', 'write a number'],
    ['%', 'write a number'],
    ['0%', 'it must be more than zero'],
    ['0.00%', 'it must be more than zero'],
    ['-20%', 'it must be more than zero, without a sign'],
    ['+20%', 'write it without a sign'],
    ['1000.01%', 'it must be at most 1000%'],
    ['1001%', 'it must be at most 1000%'],
    ['99999999999%', 'it must be at most 1000%'],
    ['20 %', 'write it without spaces'],
    ['20%%', 'write plain digits, with at most two decimals'],
    ['%20', 'write plain digits, with at most two decimals'],
    ['12,5%', 'write it without commas, with a point before the decimals'],
    ['12.555%', 'write at most two decimals'],
    ['020%', 'write it without leading zeros'],
    ['1e1%', 'write all its digits, without an exponent'],
    ['nan%', 'it must be a finite number'],
    ['0x10%', 'write it in decimal digits'],
    ['.5%', 'write digits on both sides of the point'],
  ])('%j is refused', (text, advice) => {
    expect(parsePercent(text)).toBe(
      `expected a percentage such as 20%, got ${JSON.stringify(text)}: ${advice}`,
    );
  });
});

describe('a stored amount', () => {
  test.each([
    ['100.00', '100'],
    ['100', '100'],
    [' 100.00\n', '100'],
    ['+100', '100'],
    ['-3.5', '-3.5'],
    ['0', '0'],
    ['0.00', '0'],
    ['1e2', '100'],
    ['1E+2', '100'],
    ['1.5e-3', '0.0015'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['+.5e1', '5'],
    ['0100', '100'],
    ['112.123456789012345678901234567890', '112.12345678901234567890123456789'],
    ['1e30', '1000000000000000000000000000000'],
    ['1e-30', '0.000000000000000000000000000001'],
  ])('%j is %s USD', (text, amount) => {
    expect(digits(readStoredUsd(text))).toBe(amount);
  });

  test.each([
    ...[
      '',
      ' ',
      'nan',
      'NaN',
      'sNaN',
      'inf',
      '-Infinity',
      'abc',
      '1_000',
      '1,000',
      '$5',
      '5 USD',
      '0x10',
      '1 0',
    ],
    ...[
      '.',
      '+',
      '-',
      '--5',
      '+-5',
      '- 5',
      'e5',
      '1e',
      '1e+',
      '1e1.5',
      '1e31',
      '1e-31',
      '1e400',
      '1.2.3',
      '٥',
    ],
    ...['9'.repeat(65), `1e${'0'.repeat(70)}1`, 'null', '5\u0000'],
  ])('%j is none', (text) => {
    expect(readStoredUsd(text)).toBeNull();
  });

  test('is read or not, for any text, and never is what a float would make of it', () => {
    const like = fc.stringMatching(/^[-+]?[0-9.e+-]{0,12}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), like, fc.double().map(String)), (text) => {
        const amount = readStoredUsd(text);
        if (amount !== null) expect(amount.toNumber()).toBeCloseTo(Number(text.trim()), 6);
      }),
      { numRuns: 1000 },
    );
    expect(digits(readStoredUsd('0.1')?.plus(readStoredUsd('0.2') ?? '') ?? null)).toBe('0.3');
    expect(digits(readStoredUsd('9007199254740993.01'))).toBe('9007199254740993.01');
  });
});

describe('an amount that is written', () => {
  test.each([
    ['100', '100.00', '$100.00'],
    ['1234.5', '1234.50', '$1,234.50'],
    ['1234567.891', '1234567.89', '$1,234,567.89'],
    ['123456', '123456.00', '$123,456.00'],
    ['1.005', '1.01', '$1.01'],
    ['1.004999999999', '1.00', '$1.00'],
    ['0.005', '0.01', '$0.01'],
    ['999.995', '1000.00', '$1,000.00'],
    ['1e21', '1000000000000000000000.00', '$1,000,000,000,000,000,000,000.00'],
  ])('%s is stored as %s and shown as %s', (amount, stored, shown) => {
    expect(formatUsd(new Big(amount))).toBe(stored);
    expect(showUsd(new Big(amount))).toBe(shown);
  });

  test.each([
    ['0', '$0.00'],
    ['-0', '$0.00'],
    ['0.004', '$0.00'],
    ['-0.004', '$0.00'],
    ['-0.5', '-$0.50'],
    ['-1234.5', '-$1,234.50'],
  ])('%s is shown as %s and never stored', (amount, shown) => {
    expect(showUsd(new Big(amount))).toBe(shown);
    expect(() => formatUsd(new Big(amount))).toThrow(RangeError);
  });

  test('is not changed by being written', () => {
    const amount = new Big('1.005');
    formatUsd(amount);
    showUsd(amount);
    raiseBy(amount, new Big('10'));
    expect(digits(amount)).toBe('1.005');
  });

  test('reads back without its dollar sign and commas', () => {
    fc.assert(
      fc.property(anyCents, (cents) => {
        const shown = showUsd(new Big(fromCents(cents)));
        expect(shown).toMatch(/^\$\d{1,3}(?:,\d{3})*\.\d\d$/);
        expect(shown.replace(/[$,]/g, '')).toBe(fromCents(cents));
      }),
    );
  });
});

describe('a raised cap', () => {
  test.each([
    ['100', '20', '120'],
    ['100', '12.5', '112.5'],
    ['33.33', '10', '36.66'],
    ['0.1', '50', '0.15'],
    ['0.3', '5', '0.32'],
    ['1.1', '10', '1.21'],
    ['0.01', '20', '0.01'],
    // Just below a half, at the 26th decimal.
    ['50.00249999999999999999999999', '100', '100'],
    ['999999999.99', '1000', '10999999999.89'],
  ])('%s by %s%% is %s', (cap, percent, raised) => {
    expect(digits(raiseBy(new Big(cap), new Big(percent)))).toBe(raised);
  });

  test('is exact to the cent, a half rounded up, as whole numbers say', () => {
    fc.assert(
      fc.property(anyCents, fc.integer({ min: 1, max: 100_000 }), (cents, hundredths) => {
        const raised = raiseBy(new Big(fromCents(cents)), new Big(fromCents(hundredths)));
        const exact = BigInt(cents) * BigInt(10_000 + hundredths);
        expect(digits(raised.times('100'))).toBe(String((exact + 5000n) / 10_000n));
      }),
    );
  });
});
