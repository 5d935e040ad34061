import type { RedisTarget } from './types.ts';

/**
 * The words that make redis-cli reach the very Redis that was read. Without secrets: a password goes to redis-cli in
 * REDISCLI_AUTH. Not as a URL: redis-cli takes a user name alone in one for the password.
 */
export function redisCliWords({ path, host, port, db, username, tls }: RedisTarget): string[] {
  const flag = (name: string, value: string | null | undefined) => (value ? [name, value] : []);
  return [
    ...(path === null ? ['-h', host, '-p', String(port)] : ['-s', path]),
    ...(db === 0 ? [] : ['-n', String(db)]),
    ...flag('--user', username),
    ...(tls === null ? [] : ['--tls']),
    ...flag('--cacert', tls?.files?.['ca-file']),
    ...flag('--cert', tls?.files?.['cert-file']),
    ...flag('--key', tls?.files?.['key-file']),
  ];
}
