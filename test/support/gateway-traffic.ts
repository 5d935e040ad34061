import type { IncomingMessage } from 'node:http';
import type { Redis } from 'ioredis';

/** What the gateway answers; a body that is not text is sent as JSON. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Traffic {
  /** False: `acp:ip_block:{ip}` is stored by the tool and read by nobody. */
  readonly enforcesBlocks: boolean;
  /** Which counters failed authentications are kept in: the runbook's, or those of the published gateway. */
  readonly authFailureKey: 'runbook' | 'gateway';
  /** USD, decimal. */
  readonly spendPerCall: string;
}

const FREE_FAILURES = 25;
const WINDOW_SECONDS = 60;
const RENEWED_SECONDS = 300;
const POSITIVE_USD = /^(?=.*[1-9])\d+(\.\d+)?$/;

const unauthorized: Answer = { status: 401, body: { error: 'Invalid credentials' } };
const forbidden: Answer = { status: 403, body: { error: 'Forbidden' } };

/** `POST /login` and `POST /execute`, the part of the gateway that its clients meet; null is another path. */
export async function traffic(
  redis: Redis,
  given: Traffic,
  request: IncomingMessage,
): Promise<Answer | null> {
  const answerTo: Record<string, typeof login> = { '/login': login, '/execute': execute };
  const answer = request.method === 'POST' ? answerTo[request.url ?? ''] : undefined;
  if (!answer) return null;
  const blocked = given.enforcesBlocks && (await redis.exists(`acp:ip_block:${clientOf(request)}`)) > 0;
  return blocked ? forbidden : answer(redis, given, request);
}

/** As the gateway has it: the first entry of X-Forwarded-For, whatever it is, and without one the peer. */
function clientOf(request: IncomingMessage): string {
  const first = header(request, 'x-forwarded-for').split(',', 1)[0]?.trim();
  return first || peerOf(request);
}

const peerOf = (request: IncomingMessage): string => request.socket.remoteAddress ?? '';
const header = (request: IncomingMessage, name: string): string => String(request.headers[name] ?? '');

async function login(redis: Redis, given: Traffic, request: IncomingMessage): Promise<Answer> {
  const succeeds = request.headers.authorization === 'Bearer good';
  const ok: Answer = { status: 200, body: { token: 'session' } };
  if (given.authFailureKey === 'runbook') {
    if (succeeds) return ok;
    await countRenewed(redis, `acp:auth_fail:${clientOf(request)}`);
    return unauthorized;
  }
  const key = `acp:ratelimit:auth_fail:${clientOf(request)}`;
  if (Number(await redis.get(key)) > FREE_FAILURES) {
    return { status: 429, body: { error: 'Too many failed authentications' } };
  }
  if (succeeds) {
    await redis.del(key);
    return ok;
  }
  if ((await redis.incr(key)) === 1) await redis.expire(key, WINDOW_SECONDS);
  await countRenewed(redis, `acp:auth_failures:${peerOf(request)}`);
  return unauthorized;
}

async function countRenewed(redis: Redis, key: string): Promise<void> {
  await redis.multi().incr(key).expire(key, RENEWED_SECONDS).exec();
}

async function execute(redis: Redis, given: Traffic, request: IncomingMessage): Promise<Answer> {
  const agent = header(request, 'x-agent-id');
  if (agent === '') return { status: 422, body: { error: 'X-Agent-ID is required' } };
  const tenant = header(request, 'x-tenant-id');
  if (tenant !== '' && (await redis.exists(`acp:tenant_kill:${tenant}`)) > 0) {
    return { status: 403, body: { error: 'Tenant blocked due to security violation' } };
  }
  const spendKey = `acp:agent_cost_today:${agent}:${await today(redis)}`;
  const [spend, cap] = await redis.mget(spendKey, `acp:agent_cost_cap:${agent}`);
  if (cap && POSITIVE_USD.test(cap) && Number(spend ?? 0) >= Number(cap)) {
    return { status: 429, body: { error: 'Agent daily cost cap exceeded', limit_type: 'agent_cost' } };
  }
  const spent = await redis.incrbyfloat(spendKey, given.spendPerCall);
  return { status: 200, body: { result: 'done', spent_today_usd: spent } };
}

/** YYYYMMDD in UTC by Redis's clock. */
async function today(redis: Redis): Promise<string> {
  const [seconds] = await redis.time();
  return new Date(Number(seconds) * 1000).toISOString().slice(0, 10).replaceAll('-', '');
}
