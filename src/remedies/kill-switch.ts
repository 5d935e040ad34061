import type { HttpTarget } from '../config/types.ts';
import type { State } from '../journal/types.ts';
import type { KillSwitchSpec } from '../runbooks/remedies-schema.ts';
import type { Api, ApiRequest } from '../signals/api.ts';
import type { Held, Keyspace } from '../signals/redis/keyspace.ts';
import { SourceError } from '../signals/source-error.ts';
import { formatDuration } from '../values/duration.ts';
import { keyFor } from '../values/template.ts';
import { envelopeProblem, fieldOf } from './envelope.ts';
import { guardToken } from './guards.ts';
import { NO_PLAN } from './states.ts';
import type { Plan, Remedy, Verification, Watch } from './types.ts';

export type SwitchState = 'engaged' | 'released';

export interface SwitchOrder {
  /** Letters, digits, dash and underscore. */
  readonly tenant: string;
  readonly wanted: SwitchState;
}

interface World {
  /** What it is, and a client for it. */
  readonly target: HttpTarget;
  readonly api: () => Promise<Api>;
  readonly keyspace: Keyspace;
}

/** Engages or releases the kill switch of a tenant through the API: everything that the tenant does stops, or goes on. */
export function killSwitch(
  spec: KillSwitchSpec,
  { tenant, wanted }: SwitchOrder,
  { target, api, keyspace }: World,
  as: Pick<Remedy, 'name' | 'undoes'> = { name: 'kill-switch', undoes: null },
): Remedy {
  return {
    ...as,
    mayKeepReason: false,
    plan: async (): Promise<Plan> => {
      const engage = wanted === 'engaged';
      const subject = `${engage ? 'engage' : 'release'} for tenant ${tenant}`;
      const inTheClear = guardToken(target);
      if (inTheClear !== null) return { ...NO_PLAN, subject, refusals: [inTheClear] };
      const { url } = target;
      const now = await readSwitch(spec, tenant, await api());
      const request = requestFor(spec, tenant, url, engage ? 'POST' : 'DELETE');
      const isSo = now === wanted;
      return {
        ...NO_PLAN,
        subject,
        planned: [
          {
            change: {
              ...{ system: 'api', target: `${request.method} ${request.url}`, message: null, verified: null },
              ...{ before: word(now), after: word(wanted), status: isSo ? 'unchanged' : 'planned' },
            },
            write: isSo ? null : { system: 'api', request, problemWith: envelopeProblem },
          },
        ],
        nothing:
          isSo && as.undoes !== null
            ? `${subject}: the switch is ${now} already, there is nothing to undo`
            : null,
        facts: [{ name: 'switch so far', value: now }, ...(await factsInRedis(spec, tenant, keyspace))],
        checklist: engage ? spec.checklist : [],
        typed: { what: 'the tenant', word: tenant },
        watch: new SwitchWatch(spec, tenant, wanted, api),
        wasDone: async () => (await readSwitch(spec, tenant, await api())) === wanted,
      };
    },
  };
}

const word = (value: SwitchState): State => ({ value, ttlSeconds: null, expiresAt: null });

function requestFor(
  { path, body }: KillSwitchSpec,
  tenant: string,
  apiUrl: string,
  method: 'GET' | 'POST' | 'DELETE',
): ApiRequest {
  const url = `${apiUrl}${path.replace('{tenant}', tenant)}`;
  return { method, url, headers: { 'X-Tenant-ID': tenant }, body: method === 'POST' ? body : null };
}

/**
 * What the API says of a tenant's switch.
 * @throws SourceError with the answer as it came, when it is anything but a clear word
 */
export async function readSwitch(spec: KillSwitchSpec, tenant: string, api: Api): Promise<SwitchState> {
  const request = requestFor(spec, tenant, api.url, 'GET');
  const { status, body, shown, retryAfter } = await api.send(request);
  const said = `GET ${request.url}: HTTP ${status}${retryAfter === null ? '' : `, Retry-After: ${retryAfter}`}: ${shown.slice(0, 2_000)}`;
  if (status === 401 || status === 403) throw new SourceError('auth', said);
  if (status < 200 || status >= 300) throw new SourceError('refused', said);
  const found = fieldOf(body, spec.status.field);
  if (found === spec.status.engaged) return 'engaged';
  if (found === spec.status.released) return 'released';
  const words = `"${spec.status.engaged}" or "${spec.status.released}"`;
  throw new SourceError('malformed', `${said} (expected ${spec.status.field} to be ${words})`);
}

/** What the system's own keys say of the switch, as lines; what cannot be read is said as such. */
export async function factsInRedis(
  { key, reasons }: KillSwitchSpec,
  tenant: string,
  keyspace: Keyspace,
): Promise<Plan['facts']> {
  const keys = [key, ...reasons].flatMap((template) => (template === null ? [] : keyFor(template, tenant)));
  if (keys.length === 0) return [];
  try {
    const { nowMs, held } = await keyspace.look(keys);
    return keys.map((name, index) => ({ name, value: shown(held[index] ?? null, nowMs) }));
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return keys.map((name) => ({ name, value: `unknown: ${error.message}` }));
  }
}

function shown(held: Held | null, nowMs: number): string {
  if (held === null) return 'not there';
  const value = JSON.stringify(held.value);
  return held.expiresAtMs === null
    ? value
    : `${value}, ${formatDuration((held.expiresAtMs - nowMs) / 1_000)} left`;
}

/** Asks the API again: does it say what was asked for? */
class SwitchWatch implements Watch {
  readonly #look: () => Promise<SwitchState>;
  readonly #wanted: SwitchState;

  constructor(spec: KillSwitchSpec, tenant: string, wanted: SwitchState, api: () => Promise<Api>) {
    this.#look = async () => readSwitch(spec, tenant, await api());
    this.#wanted = wanted;
  }

  async before(): Promise<void> {}

  async after(): Promise<Verification> {
    const now = await this.#look();
    return now === this.#wanted
      ? { verified: 'stored', text: `the API says that the switch is ${now}` }
      : { verified: 'not-enforced', text: `the API says that the switch is ${now} all the same` };
  }
}
