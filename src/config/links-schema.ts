import { z } from 'zod';
import { parseHttpUrl } from './endpoints.ts';
import { parsed } from './schema-parts.ts';

const name = z
  .string()
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, 'a name of lower-case words joined by dashes');

/** A page is opened by whoever reads the verdict: no credentials belong into it. */
const base = parsed(z.string('an http:// or https:// URL'), (text) => {
  const url = parseHttpUrl(text);
  if (typeof url === 'string') return url;
  return url.basicAuth === null ? { url: url.url } : 'expected a URL without a user and a password';
}).transform(({ url }) => url);

/** Where pages are that the runbook's links lead to, by the names that the runbook has for these places. */
export const linkBases = z.record(name, base, 'a mapping of names to URLs');
