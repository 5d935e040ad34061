import { isRecord } from '../values/parse.ts';

/** What a 2xx answer says all the same when nothing was done: `{"success": false}`. */
export function envelopeProblem(body: string): string | null {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer !== 'object' || answer === null) return null;
    const { success, error } = answer as { success?: unknown; error?: unknown };
    const isDone = success === undefined ? error === undefined || error === null : success === true;
    return isDone ? null : 'the API says that it did not succeed';
  } catch {
    return body.trim() === '' ? null : 'the answer is not JSON';
  }
}

/** A field of an answer, or of the `data` of its envelope. */
export function fieldOf(body: string, field: string): unknown {
  try {
    const answer: unknown = JSON.parse(body);
    if (!isRecord(answer)) return undefined;
    const { data } = answer;
    return isRecord(data) && field in data ? data[field] : answer[field];
  } catch {
    return undefined;
  }
}
