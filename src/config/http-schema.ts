import { z } from 'zod';
import { hasControl } from '../values/text.ts';
import { parseHttpUrl } from './endpoints.ts';
import { type Fields, file, mapping, sentence, text, tls, withRule } from './schema-parts.ts';

const header = text('text (a number needs quotes)', (value) =>
  /^[\x20-\x7e]+$/.test(value) ? null : 'expected visible ASCII characters, got something else (not shown)',
);

export const httpUrl = text('an http:// or https:// URL', (value) => sentence(parseHttpUrl(value)));

/** Rules that every HTTP connection shares: one credential, and TLS material only where TLS is spoken. */
export function httpRule(fields: Fields, problem: (message: string, key?: string) => void): void {
  const url = typeof fields.url === 'string' ? parseHttpUrl(fields.url) : '';
  if (typeof url === 'string') return;
  const given = ['bearer-token-file', 'basic-auth', 'token-file'].filter((key) => fields[key] !== undefined);
  for (const name of Object.keys(fields.headers ?? {})) {
    if (name.toLowerCase() === 'authorization') given.push('the Authorization header');
  }
  if (url.basicAuth !== null) given.unshift('the userinfo of the URL');
  if (given.length > 1) problem(`expected one kind of credentials, got ${given.join(' and ')}`);
  if (fields.tls !== undefined && !url.url.startsWith('https:')) {
    problem('expected an https:// URL beside tls', 'tls');
  }
}

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~\w-]{1,128}$/, 'the name of an HTTP header');

const basicAuth = mapping(
  {
    username: text('a username', (value) =>
      value.includes(':') || hasControl(value)
        ? 'expected a username without ":" and control characters'
        : null,
    ),
    'password-file': file,
  },
  'a mapping of username, password-file',
);

/** How a Prometheus, an Alertmanager or a Loki is reached. */
export const httpFields = {
  url: httpUrl,
  'bearer-token-file': file.optional(),
  'basic-auth': basicAuth.optional(),
  headers: z.record(headerName, header, 'a mapping of header names to text').optional(),
  tls: tls.optional(),
};

/** A Prometheus or an Alertmanager. */
export const http = withRule(mapping(httpFields, 'a URL, or a mapping with url'), httpRule);

/** A plain URL is short for a mapping that has nothing else. */
export function orUrl<Entry extends z.ZodType>(entry: Entry) {
  return z.preprocess((value) => (typeof value === 'string' ? { url: value } : value), entry);
}
