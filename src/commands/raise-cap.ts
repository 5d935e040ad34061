import { Big } from 'big.js';
import type { Context } from '../context.ts';
import { ConfigError, type ExitCode, UsageError } from '../errors.ts';
import { type CapGuard, type Raise, raiseCap } from '../remedies/raise-cap.ts';
import { parsePercent, parseUsd } from '../values/money.ts';
import { apiOf, capKeys, checkId, type Parts, specOf, withParts } from './parts.ts';
import { runRemedy, type WriteFlags } from './remedy.ts';

export interface RaiseFlags extends WriteFlags {
  readonly to?: string;
  readonly by?: string;
  readonly permanent: boolean;
  readonly tenant?: string;
  readonly forceLower: boolean;
  readonly forceCeiling: boolean;
}

/** `ratelimit raise-cap`: raises an agent's daily cost cap, also permanently. */
export async function raiseCapCommand(agent: string, flags: RaiseFlags, context: Context): Promise<ExitCode> {
  checkId('agent', agent);
  const raise = readRaise(flags);
  const tenant = readTenant(flags);
  return withParts(flags, context, (parts) => {
    const { config, runbook, keyspace } = parts;
    const spec = specOf(runbook, 'raise-cap');
    const forced = new Set<CapGuard>([
      ...(flags.forceLower ? (['lower'] as const) : []),
      ...(flags.forceCeiling ? (['ceiling'] as const) : []),
    ]);
    const order = {
      ...{ agent, raise, forced, permanent: tenant === null ? null : permanentTo(tenant, parts) },
      ceiling: config.capCeiling === null ? null : new Big(config.capCeiling),
    };
    const remedy = raiseCap(spec, capKeys(runbook, spec.signal), order, { keyspace, clock: context.clock });
    const systems = tenant === null ? (['redis'] as const) : (['redis', 'api'] as const);
    return runRemedy(flags, context, parts, remedy, { systems });
  });
}

function readRaise({ to, by }: RaiseFlags): Raise {
  if ((to === undefined) === (by === undefined)) {
    throw new UsageError(`expected one of --to and --by, got ${to === undefined ? 'neither' : 'both'}`);
  }
  const [flag, text] = to === undefined ? ['--by', by ?? ''] : ['--to', to];
  const isPercent = flag === '--by' && text.endsWith('%');
  const read = isPercent ? parsePercent(text) : parseUsd(text);
  if (typeof read === 'string') throw new UsageError(`${flag}: ${read}`);
  if (flag === '--to') return { to: read };
  return isPercent ? { byPercent: read } : { by: read };
}

function readTenant({ permanent, tenant }: RaiseFlags): string | null {
  if (!permanent) {
    if (tenant === undefined) return null;
    throw new UsageError('--tenant says whose agent it is for --permanent, which was not given');
  }
  if (tenant === undefined)
    throw new UsageError('--permanent needs the tenant whose agent it is: --tenant <id>');
  checkId('tenant', tenant);
  return tenant;
}

/** Where the permanent half goes. @throws ConfigError when the API is not configured well enough for that */
function permanentTo(tenant: string, { config, runbook }: Parts) {
  if (runbook.remedies['raise-cap']?.permanent === null) {
    throw new ConfigError(`runbook ${runbook.name} has no permanent raise`);
  }
  return { tenant, api: apiOf(config) };
}
