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
  const embedded = embeddedIPv4(address);
  if (embedded !== null) return isPublicAddress(embedded);
  return address.range() === 'unicast' || isDocumentation(address);
}

/** The IPv4 address inside an IPv6 one of a range that carries them (6to4, RFC 3056; NAT64, RFC 6052), or null. */
function embeddedIPv4(address: ipaddr.IPv4 | ipaddr.IPv6): string | null {
  const range: string = address.range();
  const bytes = address.toByteArray();
  if (range === '6to4') return bytes.slice(2, 6).join('.');
  return range === 'rfc6052' ? bytes.slice(12).join('.') : null;
}

const DOCUMENTATION = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'].map((range) =>
  ipaddr.parseCIDR(range),
);

function isDocumentation(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return DOCUMENTATION.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
}
