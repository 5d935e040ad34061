import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { RemediesSpec } from '../runbooks/remedies-schema.ts';
import { idIn, keyFor } from '../values/template.ts';
import { listen } from './listen.ts';
import type { Listening } from './redis-server.ts';
import type { Store } from './store.ts';

interface World {
  readonly remedies: RemediesSpec;
  /** The bearer token that is accepted. */
  readonly token: string;
  readonly store: Store;
  /** Brings the store up to the present, and says when that is: milliseconds since the epoch. */
  readonly present: () => number;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** As Aegis does it: engaged by hand it lasts a week. */
const ENGAGED = { value: 'manual_admin_lockdown', ms: 7 * 86_400_000 } as const;

/** The system's own API on loopback: the kill switch and the permanent raise of the runbook, and nothing else. */
export async function startApiServer(world: World): Promise<Listening> {
  const answer = makeApi(world);
  const server = createServer((request, response) => {
    answer(request)
      .catch((error: Error) => failed(500, error.message))
      .then(({ status, body }) => {
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      });
  });
  const port = await listen(server);
  return {
    port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function makeApi({ remedies, token, store, present }: World): (request: IncomingMessage) => Promise<Answer> {
  const kill = remedies['kill-switch'];
  const permanent = remedies['raise-cap']?.permanent ?? null;
  /** Of a runbook that does not say where the system keeps the switch. */
  const engaged = new Set<string>();

  const killSwitch = (method: string, tenant: string, body: string): Answer => {
    if (kill === null) return NOT_FOUND;
    const key = kill.key === null ? null : Buffer.from(keyFor(kill.key, tenant)).toString('latin1');
    const nowMs = present();
    const isEngaged = () => (key === null ? engaged.has(tenant) : store.get(key, nowMs) !== null);
    if (method === 'POST') {
      if (!isJson(body)) return failed(422, 'a JSON body is required');
      engaged.add(tenant);
      if (key !== null) store.set(key, Buffer.from(ENGAGED.value), nowMs + ENGAGED.ms);
    } else if (method === 'DELETE') {
      engaged.delete(tenant);
      if (key !== null) store.delete(key, nowMs);
    } else if (method !== 'GET') return NOT_FOUND;
    const word = isEngaged() ? kill.status.engaged : kill.status.released;
    return done({ [kill.status.field]: word, tenant_id: tenant });
  };

  return async (request) => {
    const body = await text(request);
    const { method = '', url = '', headers } = request;
    if (url.startsWith('/prometheus')) {
      return {
        status: 501,
        body: { status: 'error', error: 'a drill has no Prometheus to be asked directly' },
      };
    }
    if (headers.authorization !== `Bearer ${token}`) return failed(401, 'Unauthorized');
    const tenant = kill === null ? null : idIn(kill.path, url);
    if (tenant !== null) return killSwitch(method, tenant, body);
    const agent = permanent?.method === method ? idIn(permanent.path, url) : null;
    if (agent === null) return NOT_FOUND;
    return isJson(body) ? done({ id: agent, ...JSON.parse(body) }) : failed(422, 'a JSON body is required');
  };
}

const NOT_FOUND: Answer = { status: 404, body: { error: 'Not Found' } };

const done = (data: unknown): Answer => ({
  status: 200,
  body: { success: true, data, error: null, meta: {} },
});

const failed = (status: number, error: string): Answer => ({
  status,
  body: { success: false, data: null, error, meta: { code: status } },
});

function isJson(body: string): boolean {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null;
  } catch {
    return false;
  }
}
