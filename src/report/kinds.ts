/** Kinds that an incident happens to, in the order in which they are told. */
export const KINDS: readonly string[] = [
  'ip',
  'tenant',
  'agent',
  'account',
  'client',
  'user',
  'realm',
  'endpoint',
];
