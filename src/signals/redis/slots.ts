/** Hash slots of a cluster. */
export const SLOTS = 16_384;

/** CRC16 as Redis's clusters use it (XMODEM: polynomial 0x1021, from 0), by the byte. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/**
 * The hash slot of a key: of what stands in its first braces, when something does, else of all of it.
 * https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model
 */
export function slotOf(key: Buffer): number {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  const [from, to] = close > open + 1 ? [open + 1, close] : [0, key.length];
  let crc = 0;
  for (let at = from; at < to; at += 1) {
    crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ (key[at] ?? 0)] ?? 0);
  }
  return crc % SLOTS;
}
