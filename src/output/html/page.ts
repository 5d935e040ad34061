import { createHash } from 'node:crypto';
import { type Html, html } from './markup.ts';
import { STYLE } from './style.ts';

/** Who made a page, and with which version. */
export interface Maker {
  readonly version: string;
  /** The user of this machine, or who was named: any text. */
  readonly operator: string;
}

interface Page {
  readonly title: string;
  readonly body: readonly Html[];
  /** What it is about and when that was, for the last line. */
  readonly about: string;
  readonly maker: Maker;
}

/**
 * Whoever opens the page asks nobody for anything: no script runs, nothing is loaded, sent or framed, and the one style
 * is let in by its hash (Content Security Policy Level 3, source "sha256-"; `frame-ancestors` has no effect here).
 */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** A whole page: one file that needs no other. Ends with a newline. */
export function page({ title, body, about, maker }: Page): string {
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="format-detection" content="telephone=no">
<meta name="robots" content="noindex">
<meta name="generator" content="ratelimit ${maker.version}">
<title>${title}</title>
`;
  // Outside of the template, which would escape it: an entity means nothing in a style.
  return `${markup}<style>${STYLE}</style>\n${rest({ body, about, maker }).markup}`;
}

const rest = ({ body, about, maker }: Omit<Page, 'title'>): Html => html`</head>
<body>
<main>
${body}
</main>
<footer><p>${about}</p><p>Made by ${maker.operator} with ratelimit ${maker.version}. This page is one file; it loads nothing and sends nothing.</p></footer>
</body>
</html>
`;
