import { isAddress } from '../values/address.ts';

const MAX_ID_CHARS = 256;

/**
 * Can this id become a subject? An address must be one; names of other kinds must be there and of a sane length.
 * (What may go into a command or a URL is stricter still: see `remedies/propose.ts`.)
 */
export function isValidId(kind: string | null, id: string): boolean {
  if (kind === 'ip') return isAddress(id);
  return id !== '' && id.length <= MAX_ID_CHARS;
}
