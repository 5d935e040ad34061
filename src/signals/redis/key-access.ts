import type { Redis } from 'ioredis';
import type { Key, KeyAccess } from './servers.ts';

/** Single keys of a server that holds all of them: each question is one round trip. */
export function keysOf(connection: () => Redis): KeyAccess {
  const each = async (command: 'pttl' | 'type', keys: readonly Key[]): Promise<unknown[]> => {
    if (keys.length === 0) return [];
    const pipeline = connection().pipeline();
    for (const key of keys) pipeline[command](key);
    return ((await pipeline.exec()) ?? []).map(([error, reply]) => {
      if (error) throw error;
      return reply;
    });
  };
  return {
    values: async (keys) => (keys.length === 0 ? [] : connection().mget([...keys])),
    pttl: async (keys) => (await each('pttl', keys)).map(Number),
    types: async (keys) => (await each('type', keys)).map(String),
  };
}
