import type { Listed } from '../runbooks/list.ts';
import { codeSpan, escapeMarkdown, escapeText, literalMarkdown } from './escape.ts';
import { toJson } from './json.ts';
import { linesOf, marked, type Screen, SENTENCE } from './lines.ts';
import { type Cell, stackOf, tableOf } from './listing.ts';
import type { Format } from './lists.ts';
import { markdownPage, markdownTable } from './markdown.ts';
import { wrap } from './wrap.ts';

const HEAD = ['name', 'title', 'categories', 'rules', 'where'];
/** Longest path that Linux opens. */
const PATH = 4_096;

/**
 * The runbooks that are found by name, `ratelimit/runbooks/v1`. Ends with a newline.
 * @param folder where the user's own are looked for
 */
export function runbooksText(
  { runbooks, folder }: { readonly runbooks: readonly Listed[]; readonly folder: string },
  format: Format,
  screen: Screen,
): string {
  if (format === 'json') {
    const shown = runbooks.map(({ name, title, origin, path, categories, rules, problems }) => {
      return { name, title, origin, path, categories, rules, valid: problems.length === 0, problems };
    });
    return toJson({ schema: 'ratelimit/runbooks/v1', runbooks: shown, folder, warnings: [] });
  }
  const unusable = runbooks.filter(({ problems }) => problems.length > 0);
  if (format === 'markdown') {
    const rows = runbooks.map(({ name, title, categories, rules, path }) => [
      codeSpan(name, PATH),
      title === null ? 'not valid' : escapeMarkdown(title, 80),
      String(categories ?? ''),
      String(rules ?? ''),
      path === null ? 'built in' : codeSpan(path, PATH),
    ]);
    const list = unusable.map((one) => `- ${literalMarkdown(sentenceOf(one))}`);
    return markdownPage([...markdownTable(HEAD, rows), ...list]);
  }
  const rows = runbooks.map(({ name, title, categories, rules, path, problems }): Cell[] => [
    { text: escapeText(name, PATH), tone: problems.length > 0 ? 'bad' : undefined },
    title === null ? { text: 'not valid', tone: 'bad' } : { text: escapeText(title, 80) },
    { text: String(categories ?? '') },
    { text: String(rules ?? '') },
    // Its folder is said below, once and whole.
    { text: path === null ? 'built in' : escapeText(path.split(/[/\\]/).at(-1) ?? '', PATH) },
  ]);
  const listing = { head: HEAD, rows, right: [2, 3] };
  const own = `Your own: files named after the runbook, such as my-system.yaml, in ${escapeText(folder, PATH)}`;
  return linesOf([
    tableOf(listing, screen) ?? stackOf(listing, screen),
    ...unusable.map((one) => marked('!', sentenceOf(one), screen, 'bad')),
    screen.paint.dim(wrap(own, screen.width, '  ')),
  ]);
}

/** Why a runbook cannot be used by its name: its first problem. */
function sentenceOf({ name, problems: [first = '', ...others] }: Listed): string {
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  return `${escapeText(name, PATH)} cannot be used: ${escapeText(first, SENTENCE)}${more}`;
}
