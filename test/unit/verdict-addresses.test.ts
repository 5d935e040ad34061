import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { networkOf, plainAddress } from '../../src/verdict/addresses.ts';

test.each([
  ['2001:db8:5:9::1', '2001:db8:5:9::/64'],
  ['2001:DB8:5:9:a:b:c:d', '2001:db8:5:9::/64'],
  ['2001:0db8:0005:0009::', '2001:db8:5:9::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8::5:9:0:0:1', '2001:db8:0:5::/64'],
  ['::1', '0:0:0:0::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
])('%s is of %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test.each(['203.0.113.42', '::ffff:203.0.113.42', 'acme', ''])('%j is of no IPv6 network', (address) => {
  expect(networkOf(address)).toBeNull();
});

test('an IPv4 address is the same inside an IPv6 one', () => {
  expect(plainAddress('::FFFF:203.0.113.42')).toBe('203.0.113.42');
  expect(plainAddress('2001:DB8::1')).toBe('2001:db8::1');
  expect(plainAddress('::ffff:cafe')).toBe('::ffff:cafe');
});

test('all addresses of a network are of it, however they are written', () => {
  const group = fc.integer({ min: 0, max: 0xffff });
  fc.assert(
    fc.property(fc.tuple(group, group, group, group), fc.ipV6(), ([a, b, c, d], other) => {
      const hex = [a, b, c, d].map((one) => one.toString(16));
      const network = `${hex.join(':')}::/64`;
      expect(networkOf(`${hex.join(':')}:0:0:0:1`)).toBe(network);
      expect(networkOf(`${hex.map((one) => one.padStart(4, '0')).join(':')}::9`)).toBe(network);
      // A network that can be written down, whatever the address is.
      const found = networkOf(other);
      if (found !== null) expect(isIP(found.replace('/64', ''))).toBe(6);
    }),
  );
});
