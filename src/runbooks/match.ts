/**
 * Labels of series and their exact values: one, or several of which any will do. An empty one is that of series without
 * the label.
 */
export type Match = Readonly<Record<string, string | readonly string[]>>;

/** The values of a label that will do. */
export const valuesOf = (value: Match[string]): readonly string[] =>
  typeof value === 'string' ? [value] : value;

/** `.*`, `.+`, a caret first, and words with a bar between them: what an author of patterns writes, and no value often is. */
export const isLikePattern = (value: string): boolean => /\.[*+]|^\^|\w\|\w/.test(value);

/** Does a series with these labels match? As Prometheus tells it of `matchersOf`. */
export const isMatch = (labels: Readonly<Record<string, string>>, match: Match): boolean =>
  Object.entries(match).every(([label, value]) => valuesOf(value).includes(labels[label] ?? ''));

/** Matchers as PromQL writes them, for nothing but these values: each quoted, and of several each as a literal. */
export const matchersOf = (match: Match): string[] =>
  Object.entries(match).map(([label, value]) =>
    typeof value === 'string'
      ? `${label}=${JSON.stringify(value)}`
      : `${label}=~${JSON.stringify(anyLiteral(value))}`,
  );

/** Has a series none of these values? As Prometheus tells it of `noneOf`. */
export const isNone = (labels: Readonly<Record<string, string>>, match: Match): boolean =>
  !Object.entries(match).some(([label, value]) => valuesOf(value).includes(labels[label] ?? ''));

/** Matchers as PromQL writes them, for anything but these values; none where a list has none. */
export const noneOf = (match: Match): string[] =>
  Object.entries(match).flatMap(([label, value]) => {
    if (typeof value === 'string') return `${label}!=${JSON.stringify(value)}`;
    return value.length === 0 ? [] : `${label}!~${JSON.stringify(anyLiteral(value))}`;
  });

/** As a regular expression of RE2 that matches one of these texts and nothing else. PromQL anchors it. */
const anyLiteral = (texts: readonly string[]): string => texts.map(literal).join('|');

/** As a regular expression of RE2 that matches this text and nothing else. */
export const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
