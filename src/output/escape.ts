/**
 * Characters that a terminal or a page would not show as themselves: every control, format, surrogate, private-use
 * and unassigned code point (C), everything a renderer may ignore (Default_Ignorable_Code_Point: zero-width
 * characters, fillers, variation selectors, tags), line and paragraph separators, and what looks like a space but
 * is not. Sources: Unicode UTS #39 (security mechanisms), UAX #9 and CVE-2021-42574 "Trojan Source" (bidi controls).
 */
const HIDDEN = String.raw`\p{C}\p{DI}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000`;

/**
 * One character, with at most three combining marks (UTS #39 section 5.4 allows four; more is "zalgo"). A mark after
 * a space, a quote, a backslash or an escape has nothing of its own to sit on and would deface its neighbour.
 */
const PIECE = new RegExp(String.raw`[^\p{M} "\\…${HIDDEN}](?:(?![${HIDDEN}])\p{M}){1,3}|.`, 'gsu');
const STARTS_HIDDEN = new RegExp(String.raw`^[\p{M}${HIDDEN}]`, 'u');

/**
 * The text with each hidden character (controls, bidi and zero-width characters, lone surrogates, stray or piled-up
 * combining marks) given to `replace`, one code point at a time. All the rest is kept.
 */
export function replaceHidden(text: string, replace: (character: string) => string): string {
  return text.replace(PIECE, (piece) => (STARTS_HIDDEN.test(piece) ? replace(piece) : piece));
}

/**
 * Untrusted text made safe to read in a terminal or a log: hidden characters become `\xNN` or `\u{N}` (hexadecimal),
 * a backslash `\\`, a leading or trailing space `\x20`, and the empty text `""`. Two texts that fit are never shown
 * alike; that is why a literal `…` and a literal `""` are escaped too.
 * @param maxChars the longest answer in visible characters; a longer one ends with `…`, never within an escape
 */
export function escapeText(text: string, maxChars = 64): string {
  if (text === '') return '""';
  const [start, end] = text === '""' ? [2, 2] : withoutEdgeSpaces(text);
  let shown = '';
  let shortened = '';
  let length = 0;
  // A visible character takes at most two UTF-16 units and three marks of two: no need to read a megabyte to cut it.
  for (const match of text.slice(0, 8 * (maxChars + 1)).matchAll(PIECE)) {
    const [piece] = match;
    const edge = match.index < start || match.index >= end;
    const safe = edge ? escapeCharacter(piece) : safePiece(piece);
    length += safe === piece ? 1 : safe.length;
    if (length > maxChars) return `${shortened}…`;
    shown += safe;
    if (length < maxChars) shortened = shown;
  }
  return shown;
}

/**
 * Untrusted text that renders as itself in GitHub-flavoured Markdown, in and outside of tables: escapes as of
 * `escapeText`, then no emphasis, link, image, code, HTML, math, list, heading, mention, emoji code, issue reference or
 * autolink. `@here`, `:emoji:`, `http://` and the like are recognised after Markdown's own escapes are gone, so these
 * are broken up by a zero-width space, written as an entity. Slack's `<!channel>` is dead by its `&lt;`.
 */
export const escapeMarkdown = (text: string, maxChars?: number): string =>
  literalMarkdown(escapeText(text, maxChars));

/** A sentence that `escapeText` has been over already, so that it renders literally in Markdown. */
export function literalMarkdown(escaped: string): string {
  return escaped
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]()#!|~$]/g, '\\$&')
    .replace(/^(\d{1,9})(?=\.(?: |$))|^(?=[-+=:])/, '$1\\')
    .replace(/@|:(?=\/\/|[\w+\\-]+:)|www(?=\.)|#(?=\d)|GH-(?=\d)/gi, '$&&#8203;');
}

/**
 * Untrusted text in a Markdown code span that it cannot leave, in and outside of tables. Backticks, pipes and `<` are
 * shown as `\xNN`: no other way of writing them is right in a table, outside of one and in Slack alike.
 */
export function codeSpan(text: string, maxChars?: number): string {
  return `\`${escapeText(text, maxChars).replace(/[`|<]/g, escapeCharacter)}\``;
}

function safePiece(piece: string): string {
  if (piece === '\\') return '\\\\';
  return piece === '…' || STARTS_HIDDEN.test(piece) ? escapeCharacter(piece) : piece;
}

/** `\xNN` or `\u{N}`, hexadecimal. */
export function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
}

function withoutEdgeSpaces(text: string): [start: number, end: number] {
  let start = 0;
  let end = text.length;
  while (text[start] === ' ') start++;
  while (text[end - 1] === ' ') end--;
  return [start, end];
}

/** The text with hidden characters shown as `\xNN` or `\u{N}`, but for line breaks, which are ours. All the rest is kept. */
export const visible = (text: string): string =>
  replaceHidden(text, (character) => (character === '\n' ? character : escapeCharacter(character)));
