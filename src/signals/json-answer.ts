import { SourceError } from './source-error.ts';

/** What a body holds. @throws SourceError for what is no JSON, such as a page */
export function jsonIn(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    const looks = /^\s*</.test(body) ? 'HTML, not JSON (a login page or a proxy?)' : 'not complete JSON';
    throw new SourceError('malformed', `the answer is ${looks}`);
  }
}
