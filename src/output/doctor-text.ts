import type { AclLines, DoctorDocument } from './doctor-document.ts';
import { doctorHuman } from './doctor-human.ts';
import { doctorJson } from './doctor-json.ts';
import { doctorMarkdown } from './doctor-markdown.ts';
import { toJson } from './json.ts';
import type { Paint } from './paint.ts';

type Format = 'human' | 'json' | 'markdown';

/** The doctor's report in the format that was asked for. Ends with a newline. */
export function doctorText(document: DoctorDocument, format: Format, paint: Paint, width: number): string {
  if (format === 'json') return doctorJson(document);
  return format === 'markdown' ? doctorMarkdown(document) : doctorHuman(document, paint, width);
}

/**
 * Two commands to paste at the prompt of redis-cli, each on one line however long; where there are sentinels, one more for
 * theirs. Ends with a newline.
 */
export function aclText({ triage, operator, sentinel }: AclLines, format: Format): string {
  if (format === 'json') {
    return toJson({ schema: 'ratelimit/acl/v1', triage, operator, sentinel, warnings: [] });
  }
  const own = sentinel === null ? '' : `\n${SENTINEL_TEXT}\n`;
  const theirs =
    sentinel === null ? '' : `${own}${format === 'markdown' ? `\n\`\`\`\n${sentinel}\n\`\`\`` : sentinel}\n`;
  if (format === 'markdown') return `\`\`\`\n${triage}\n${operator}\n\`\`\`\n${theirs}`;
  return `${triage}\n${operator}\n${theirs}`;
}

const SENTINEL_TEXT =
  'On each sentinel, where sentinels ask for a user at all (sentinel.username in the context):';
