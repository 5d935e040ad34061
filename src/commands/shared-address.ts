import type { Config } from '../config/types.ts';
import type { Context } from '../context.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { coveredBy, type Target } from '../values/targets.ts';

interface Asking {
  readonly config: Config;
  readonly runbook: Runbook;
  readonly context: Context;
  readonly windowSeconds: number;
}

/**
 * How many tenants or users a signal sees behind each of these addresses. Several behind one are a sign of NAT.
 * @returns null when the runbook names no such signal, or when it does not speak: then nobody knows
 */
export async function tenantsBehind(
  targets: readonly Target[],
  { config, runbook, context, windowSeconds }: Asking,
): Promise<ReadonlyMap<string, number> | null> {
  const name = runbook.remedies['block-ip']?.shared ?? null;
  const spec = name === null ? undefined : runbook.signals[name];
  if (name === null || spec === undefined) return null;
  const [{ collect }, adapters] = await Promise.all([import('../evidence/collect.ts'), context.adapters()]);
  const request = {
    config,
    runbook: { ...runbook, signals: { [name]: spec } },
    windowSeconds,
    clock: context.clock,
  };
  const signal = (await collect(adapters, request, context.interrupt)).signals[name];
  if (signal === undefined || (signal.status !== 'measured' && signal.status !== 'empty')) return null;
  const rows = signal.rows.filter(({ id }) => {
    return typeof id === 'string' && targets.some((target) => coveredBy(id, target));
  });
  return new Map(
    rows.map(({ id, labels }) => [
      String(id),
      Math.max(0, ...Object.values(labels).map((mix) => Object.keys(mix).length)),
    ]),
  );
}
