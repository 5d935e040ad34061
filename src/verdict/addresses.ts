/** An IPv4 address inside an IPv6 one, as a socket for both families writes it. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/** One way to write an address that may be written in several; nothing is checked. */
export const plainAddress = (id: string): string => id.replace(MAPPED, '').toLowerCase();

/** The network of an IPv6 address that one machine or one household has: its first 64 bits. null for anything else. */
export function networkOf(id: string): string | null {
  const address = plainAddress(id);
  if (!address.includes(':')) return null;
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [first, last] = [groups(head), groups(tail ?? '')];
  // A dotted end stands for two groups.
  const width = first.length + last.length + (address.includes('.') ? 1 : 0);
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - width) }, () => '0');
  const network = [...first, ...zeros, ...last].slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''));
  return network.length === 4 ? `${network.join(':')}::/64` : null;
}
