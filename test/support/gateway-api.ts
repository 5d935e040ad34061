import type { IncomingHttpHeaders } from 'node:http';
import type { Redis } from 'ioredis';
import { type Fault, hang } from './faulty-http.ts';
import type { Answer } from './gateway-traffic.ts';

/** A request to the API, recorded before it is answered. */
export interface ApiRequest {
  readonly method: string;
  /** As it was sent, with `/api` and the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body byte for byte, so that `100.00` can be told from `100`. */
  text: string;
  /** The body parsed; undefined when it is not JSON. */
  body: unknown;
}

/**
 * One scripted answer. `ok`: does what is asked. `lost`: does it, then cuts the connection before the answer.
 * `cut`: does nothing and cuts the connection. `hang`: does nothing and never answers. Else nothing is done
 * and this is the answer.
 */
type Scripted = Answer | Fault | 'ok' | 'lost' | 'cut' | 'hang';
/** Played request by request, its last item forever. */
type Script = 'ok' | readonly Scripted[];

const METHODS = ['GET', 'POST', 'DELETE'] as const;

export interface Api {
  /** The bearer token that is accepted. */
  readonly token: string;
  /** The role that the token has; the kill switch is for ADMIN and SECURITY. */
  readonly role: 'ADMIN' | 'SECURITY' | 'VIEWER';
  readonly patch: Script;
  /** One script for all methods in turn, or one for each. */
  readonly killSwitch: Script | Readonly<Partial<Record<(typeof METHODS)[number], Script>>>;
}

const KILL_SECONDS = 604_800;

const done = (data: unknown): Answer => ({
  status: 200,
  body: { success: true, data, error: null, meta: {} },
});
const failed = (status: number, error: string): Answer => ({
  status,
  body: { success: false, data: null, error, meta: { code: status } },
});
const cut: Fault = (response) => response.socket?.resetAndDestroy();

/** The API below `/api`: what to do with one request after another, the scripts' answers included. */
export function makeApi(redis: Redis, given: Api): (request: ApiRequest) => Promise<Answer | Fault> {
  const scriptFor = players(given);
  return async (request) => {
    const [, kind = '', id = ''] =
      /^\/api\/(agents|decision\/kill-switch)\/([^/?]+)$/.exec(request.path) ?? [];
    const act = kind === 'agents' ? patchAgent : killSwitch;
    const next = kind === '' ? undefined : scriptFor(kind, request.method);
    if (!next) return { status: 404, body: { error: 'Not Found' } };
    const scripted = next();
    if (scripted === 'cut') return cut;
    if (scripted === 'hang') return hang;
    if (scripted !== 'ok' && scripted !== 'lost') return scripted;
    if (request.headers.authorization !== `Bearer ${given.token}`) return failed(401, 'Unauthorized');
    const answer = await act(request, decodeURIComponent(id), redis, given.role);
    return scripted === 'lost' ? cut : answer;
  };
}

/** The script of an endpoint as a function that answers its next item; undefined is a method that is not there. */
function players(given: Api) {
  const play = (script: Script = 'ok') => {
    const items = script === 'ok' ? [script] : script;
    let turn = 0;
    return (): Scripted => items[turn++] ?? items.at(-1) ?? 'ok';
  };
  const { killSwitch: kill } = given;
  const oneForAll = kill === 'ok' || Array.isArray(kill) ? play(kill as Script) : null;
  const byMethod = kill as Exclude<typeof kill, Script>;
  const endpoints = new Map<string, () => Scripted>([
    ['agents PATCH', play(given.patch)],
    ...METHODS.map((method) => {
      return [`decision/kill-switch ${method}`, oneForAll ?? play(byMethod[method])] as const;
    }),
  ]);
  return (kind: string, method: string) => endpoints.get(`${kind} ${method}`);
}

async function patchAgent(request: ApiRequest, agent: string): Promise<Answer> {
  if (!request.headers['x-tenant-id']) return failed(422, 'X-Tenant-ID is required');
  const cap = field(field(request.body, 'metadata'), 'daily_cost_cap_usd');
  if (typeof cap !== 'number') return failed(422, 'metadata.daily_cost_cap_usd: a number is required');
  return done({ id: agent, metadata: { daily_cost_cap_usd: cap } });
}

async function killSwitch(
  request: ApiRequest,
  tenant: string,
  redis: Redis,
  role: Api['role'],
): Promise<Answer> {
  const key = `acp:tenant_kill:${tenant}`;
  if (role === 'VIEWER') {
    const detail = 'Kill switch requires ADMIN or SECURITY role';
    return { status: 403, body: { error: 'Forbidden', detail } };
  }
  if (request.method === 'GET') {
    const reason = await redis.get(key);
    return done({ status: reason === null ? 'disengaged' : 'engaged', tenant_id: tenant, reason });
  }
  const action = request.method === 'DELETE' ? 'disengage' : field(request.body, 'action');
  if (action === 'engage') {
    await redis.set(key, 'manual_admin_lockdown', 'EX', KILL_SECONDS);
    return done({ status: 'engaged', tenant_id: tenant });
  }
  if (action !== 'disengage') return failed(422, 'action: engage or disengage is required');
  await redis.del(key);
  return done({ status: 'disengaged', tenant_id: tenant });
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
