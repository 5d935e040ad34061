import type { ContextsDocument } from './contexts-document.ts';
import { contextsHuman } from './contexts-human.ts';
import { contextsJson } from './contexts-json.ts';
import { contextsMarkdown } from './contexts-markdown.ts';
import type { Screen } from './lines.ts';
import type { Format } from './lists.ts';

/** The triage of several contexts, `ratelimit/triage-contexts/v1`. Ends with a newline. */
export function contextsText(
  document: ContextsDocument,
  format: Format,
  screen: Screen,
  isTerminal: boolean,
): string {
  if (format === 'json') return contextsJson(document);
  return format === 'markdown' ? contextsMarkdown(document) : contextsHuman(document, screen, isTerminal);
}
