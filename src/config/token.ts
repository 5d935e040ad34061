import type { Connection } from './connections.ts';
import type { Environment } from './given.ts';
import type { Sourced } from './origins.ts';
import { type SecretReader, tokenTrouble } from './secrets.ts';
import { type HttpTarget, Secret } from './types.ts';

/** What the environment says about the API's token: the path of its file, or the token; empty is unset. */
export interface ApiToken {
  readonly file: string;
  readonly text: string;
}

/** The variables that may hold the API's token; null when neither is set. */
export function apiToken(env: Environment): ApiToken | null {
  const file = env.RATELIMIT_API_TOKEN_FILE ?? '';
  const text = env.RATELIMIT_API_TOKEN ?? '';
  return file + text === '' ? null : { file, text };
}

/** The API with the token of the environment in place of any other. What is wrong with it is reported. */
export async function withToken(
  api: Sourced<Connection<HttpTarget> | null>,
  { file, text }: ApiToken,
  reader: SecretReader,
  report: (problem: string) => void,
): Promise<Sourced<Connection<HttpTarget> | null>> {
  // Without an API there is nobody to send the token to, so that nothing about it can be wrong.
  if (api.value === null) return api;
  const where = file === '' ? 'RATELIMIT_API_TOKEN' : 'RATELIMIT_API_TOKEN_FILE';
  if (file !== '' && text !== '') report(`${where}: expected this or RATELIMIT_API_TOKEN, got both`);
  if (api.value.target.basicAuth !== null) {
    report(`${where}: expected one kind of credentials, got this and the userinfo of the API's URL`);
  }
  const trouble = text === '' ? null : tokenTrouble(text);
  if (trouble !== null) report(`RATELIMIT_API_TOKEN: expected a token, but ${trouble}`);
  const token = file === '' ? new Secret(text) : await reader.secret(file, where, 'token');
  return { ...api, value: { ...api.value, target: { ...api.value.target, bearerToken: token } } };
}
