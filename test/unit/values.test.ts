import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isValidId } from '../../src/signals/entities.ts';
import { isAddress, isPublicAddress } from '../../src/values/address.ts';
import { formatDuration, parseDuration } from '../../src/values/duration.ts';
import { nearest } from '../../src/values/nearest.ts';

describe('an address', () => {
  test.each([
    '203.0.113.42',
    '0.0.0.0',
    '2001:db8::42',
    '::1',
    '::ffff:203.0.113.42',
    '2001:0db8:0000:0000:0000:0000:0000:0042',
  ])('%s is one', (text) => {
    expect(isAddress(text)).toBe(true);
  });

  test.each([
    '',
    ' 203.0.113.42',
    '203.0.113.42\n',
    '203.0.113',
    '203.0.113.256',
    '0313.0.0161.052',
    '010.0.0.1',
    '0xcb007100',
    '3405803818',
    '203.0.113.0/24',
    '203.0.113.42:443',
    '[::1]',
    'fe80::1%eth0',
    '2001:db8:::1',
    '::ffff:203.0.113.42:1',
    'localhost',
    '203.0.113.42, 10.0.0.1',
  ])('%j is none', (text) => {
    expect(isAddress(text)).toBe(false);
    expect(isPublicAddress(text)).toBe(false);
  });

  test('of any four numbers is one, as is every IPv6 address', () => {
    fc.assert(fc.property(fc.ipV4(), (ip) => isAddress(ip)));
    fc.assert(fc.property(fc.ipV6(), (ip) => isAddress(ip)));
  });

  test.each([
    '203.0.113.42',
    '192.0.2.1',
    '198.51.100.9',
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '2001:db8::1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
  ])('%s is public', (ip) => {
    expect(isPublicAddress(ip)).toBe(true);
  });

  test.each([
    ...['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '127.0.0.1', '169.254.1.1', '100.64.0.1'],
    ...['0.0.0.0', '255.255.255.255', '224.0.0.1', '240.0.0.1', '198.18.0.1'],
    ...['::1', '::', 'fe80::1', 'fd00::1', 'ff02::1', '::ffff:10.0.0.1', '::ffff:127.0.0.1'],
  ])('%s is not public', (ip) => {
    expect(isPublicAddress(ip)).toBe(false);
  });
});

test('a valid id is an address for an IP, and something of a sane length for anything else', () => {
  expect(isValidId('ip', 'acme')).toBe(false);
  expect(isValidId('ip', '203.0.113.42')).toBe(true);
  expect(isValidId('tenant', 'acme')).toBe(true);
  expect(isValidId('tenant', '')).toBe(false);
  expect(isValidId('tenant', 'a'.repeat(256))).toBe(true);
  expect(isValidId('tenant', 'a'.repeat(257))).toBe(false);
});

describe('a duration', () => {
  test.each([
    ['90s', 90],
    ['5m', 300],
    ['24h', 86_400],
    ['7d', 604_800],
    ['2w', 1_209_600],
    ['1h30m', 5400],
    ['250ms', 0.25],
    ['1.5h', 5400],
    ['0', 0],
  ])('%s is %f s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each([
    '',
    ' ',
    '5',
    '5 m',
    '5m ',
    '-5m',
    '5M',
    'm',
    '5y',
    '1e3s',
    '5m 30s',
    '5minutes',
    '.5s',
    '1_0s',
    '٥m',
    `${'9'.repeat(40)}s`,
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test.each([
    [0, '0s'],
    [0.25, '250ms'],
    [12.4, '12s'],
    [59.6, '1m'],
    [60, '1m'],
    [3605, '1h'],
    [5400, '1h30m'],
    [90_000, '1d1h'],
    [1_209_600, '14d'],
  ])('%f s is written %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  test('that is written is read back, to the second below an hour and to two units above', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3599 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds))).toBe(seconds);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 3600, max: 400 * 86_400 }), (seconds) => {
        const back = parseDuration(formatDuration(seconds)) ?? Number.NaN;
        expect(back).toBeLessThanOrEqual(seconds);
        expect(seconds - back).toBeLessThan(seconds < 86_400 ? 60 : 3600);
        expect(formatDuration(back)).toBe(formatDuration(seconds));
      }),
    );
  });

  test('is a number of seconds or nothing, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.smhdw]{0,12}$/)), (text) => {
        const seconds = parseDuration(text);
        expect(seconds === null || (Number.isFinite(seconds) && seconds >= 0)).toBe(true);
      }),
    );
  });
});

test('the nearest name is offered only when it is near', () => {
  const names = ['triage', 'block-ip', 'runbook'];
  expect(nearest('triag', names)).toBe('; did you mean "triage"?');
  expect(nearest('blockip', names)).toBe('; did you mean "block-ip"?');
  expect(nearest('x', [])).toBe('');
  expect(nearest('completely-different', names)).toBe('');
});
