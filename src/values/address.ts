import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * True for an IPv4 or IPv6 address as people write it. Zone ids are refused, and so are the short, octal and
 * hexadecimal forms that ipaddr.js alone would accept.
 */
export function isAddress(text: string): boolean {
  return text.length <= 45 && !text.includes('%') && isIP(text) !== 0;
}

/**
 * True when an address can be the far end of a connection from the internet. Private, loopback, link-local and
 * reserved addresses are not: such an address among sources is a proxy or a load balancer, an aggregate of many
 * clients. The documentation ranges (RFC 5737, RFC 3849) count as public: they never route and examples use them.
 */
export function isPublicAddress(text: string): boolean {
  if (!isAddress(text)) return false;
  const address = ipaddr.process(text);
  const range: string = address.range();
  return range === 'unicast' || isDocumentation(address) || EMBEDDING.has(range);
}

/** IPv6 ranges that embed an IPv4 address and do route. */
const EMBEDDING = new Set(['6to4', 'teredo', 'rfc6052']);

const DOCUMENTATION = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'].map((range) =>
  ipaddr.parseCIDR(range),
);

function isDocumentation(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return DOCUMENTATION.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
}
