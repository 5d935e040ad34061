import type { HttpTarget } from '../config/types.ts';
import type { ApiFacts } from '../doctor/facts.ts';
import type { Api } from './api.ts';
import type { Clock } from './asked.ts';
import { SourceError } from './source-error.ts';

/** Of an answer's body. */
const SHOWN = 200;
/** A tenant that no system has. */
const NOBODY = 'ratelimit-doctor';

interface Question {
  readonly target: HttpTarget | null;
  /** Where the API tells something of a tenant; null: it is only asked whether it is there. */
  readonly path: string | null;
  /** Why the token may not be sent there; null: it may. */
  readonly inTheClear: string | null;
  readonly api: () => Promise<Api>;
  readonly clock: Clock;
}

/** Asks the API one thing that changes nothing: about a tenant that does not exist. Never rejects for what it says. */
export async function apiHealth({ target, path, inTheClear, api, clock }: Question): Promise<ApiFacts> {
  if (target === null) return { state: 'not-configured' };
  if (target.bearerToken === null && target.basicAuth === null) return { state: 'no-token' };
  if (inTheClear !== null) return { state: 'plain-http', reason: inTheClear };
  const url = `${target.url}${path?.replace('{tenant}', NOBODY) ?? '/'}`;
  const startedAt = clock.now();
  try {
    const headers: Record<string, string> = path === null ? {} : { 'X-Tenant-ID': NOBODY };
    const { status, shown, body } = await (await api()).send({ method: 'GET', url, headers, body: null });
    const latencyMs = clock.now() - startedAt;
    return { state: 'answered', url, status, isJson: isJson(body), said: shown.slice(0, SHOWN), latencyMs };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { state: 'unreachable', cause: error.cause, reason: error.message };
  }
}

function isJson(body: string): boolean {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}
