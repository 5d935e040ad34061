import { isAddress } from './address.ts';

/** Pages of so many subjects are spelled out. */
const MAX_PAGES = 10;
/** Not with a dash at the start, which would make it a flag. */
const SAFE_ID = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/;

/** Somebody or something by its id. */
interface Named {
  readonly kind: string;
  readonly id: string;
}

/** May this id become part of a command or a URL? Checked where it does, whoever made the finding. */
export const isSafeId = ({ kind, id }: Named): boolean => (kind === 'ip' ? isAddress(id) : SAFE_ID.test(id));

/** Where an operator goes next, and the pages there. */
export interface Link {
  readonly title: string;
  /** How it is found without a URL. */
  readonly see: string;
  /** One for each subject that it is for, or one alone; none where nobody said where they are. */
  readonly urls: readonly string[];
}

/**
 * A link with its pages for these subjects. Only checked ids enter a URL, percent-encoded.
 * @param url with a place for the id of a kind (`{user}`) or of any (`{subject}`), or without one; null, or one that does
 *   not begin with a scheme: it is not known where that is
 */
export const linkTo = (
  { title, see, url }: { readonly title: string; readonly see: string; readonly url: string | null },
  subjects: readonly Named[],
): Link => ({
  ...{ title, see },
  urls: url === null || !/^https?:/.test(url) ? [] : pagesAt(url, subjects),
});

function pagesAt(url: string, subjects: readonly Named[]): string[] {
  const [, place] = /\{([a-z]+)\}/.exec(url) ?? [];
  if (place === undefined) return [url];
  const meant = subjects.filter((one) => (place === 'subject' || one.kind === place) && isSafeId(one));
  const ids = [...new Set(meant.map(({ id }) => id))].slice(0, MAX_PAGES);
  return ids.map((id) => url.replaceAll(`{${place}}`, encodeURIComponent(id)));
}
