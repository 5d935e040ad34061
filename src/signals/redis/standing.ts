import type { Redis } from 'ioredis';
import { wholeNumber } from '../../values/parse.ts';

/** How far a replica may be behind its primary. */
export interface Behind {
  /** Since it last heard of the primary; null: it does not say. */
  readonly seconds: number | null;
  /** True when it has lost the primary: what it holds grows older. */
  readonly linkDown: boolean;
}

/** What a server says of its own place among others. */
export interface Standing {
  /** True when it is a node of a cluster. */
  readonly clustered: boolean;
  /** True when it follows another one; null: it does not say. */
  readonly replica: boolean | null;
  /** null: it is no replica, or does not say. */
  readonly behind: Behind | null;
}

const UNTOLD: Standing = { clustered: false, replica: null, behind: null };

/**
 * Asks a server for its place. One that does not tell (INFO may be forbidden, and proxies do not know it) is taken as it
 * was configured.
 * @throws the error of ioredis when the connection is gone
 */
export async function standingOf(redis: Redis): Promise<Standing> {
  const replies = (await redis.pipeline().info('replication').info('cluster').exec()) ?? [];
  const texts = replies.flatMap(([error, text]) => {
    if (error !== null && error.name !== 'ReplyError') throw error;
    return error === null ? [String(text)] : [];
  });
  return texts.length === 0 ? UNTOLD : readStanding(texts.join('\n'));
}

/** Reads the sections `replication` and `cluster` of INFO. */
export function readStanding(text: string): Standing {
  const fields = infoFields(text);
  const number = (name: string) => wholeNumber(fields.get(name) ?? '');
  const role = fields.get('role');
  const linkDown = fields.get('master_link_status') === 'down';
  const since = number(linkDown ? 'master_link_down_since_seconds' : 'master_last_io_seconds_ago');
  return {
    clustered: fields.get('cluster_enabled') === '1',
    replica: role === undefined ? null : role === 'slave',
    behind: role === 'slave' ? { seconds: since, linkDown } : null,
  };
}

/** The fields of an answer of INFO. */
export function infoFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}
