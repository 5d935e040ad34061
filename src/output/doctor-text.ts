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

/** Two commands to paste at the prompt of redis-cli, each on one line however long. Ends with a newline. */
export function aclText({ triage, operator }: AclLines, format: Format): string {
  if (format === 'json') return toJson({ schema: 'ratelimit/acl/v1', triage, operator, warnings: [] });
  if (format === 'markdown') return `\`\`\`\n${triage}\n${operator}\n\`\`\`\n`;
  return `${triage}\n${operator}\n`;
}
