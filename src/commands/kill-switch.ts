import type { Context } from '../context.ts';
import { EXIT, type ExitCode, RatelimitError } from '../errors.ts';
import { switchText } from '../output/lists.ts';
import { paintFor } from '../output/paint-for.ts';
import type { GlobalFlags } from '../program.ts';
import { guardToken } from '../remedies/guards.ts';
import { factsInRedis, killSwitch, readSwitch } from '../remedies/kill-switch.ts';
import { apiOf, checkId, specOf, withParts } from './parts.ts';
import { runRemedy, type WriteFlags } from './remedy.ts';
import { streamsFor } from './streams.ts';

/** `ratelimit kill-switch engage|release`: through the API. */
export async function killSwitchCommand(
  action: 'engage' | 'release',
  tenant: string,
  flags: WriteFlags,
  context: Context,
): Promise<ExitCode> {
  checkId('tenant', tenant);
  return withParts(flags, context, (parts) => {
    const target = apiOf(parts.config);
    const wanted = action === 'engage' ? 'engaged' : 'released';
    const remedy = killSwitch(specOf(parts.runbook, 'kill-switch'), { tenant, wanted }, { ...parts, target });
    return runRemedy(flags, context, parts, remedy, { systems: ['redis', 'api'] });
  });
}

/** `ratelimit kill-switch status`: what the API says, and the system's own keys. */
export async function killSwitchStatus(
  tenant: string,
  flags: GlobalFlags,
  context: Context,
): Promise<ExitCode> {
  checkId('tenant', tenant);
  const streams = streamsFor(flags, context);
  return withParts(flags, context, async (parts) => {
    const inTheClear = guardToken(apiOf(parts.config));
    if (inTheClear !== null) {
      throw new RatelimitError('refused', inTheClear.message, { exitCode: EXIT.refused });
    }
    const spec = specOf(parts.runbook, 'kill-switch');
    const [status, facts] = await Promise.all([
      readSwitch(spec, tenant, await parts.api()),
      factsInRedis(spec, tenant, parts.keyspace),
    ]);
    const paint = await paintFor(streams.colorOut);
    streams.out(switchText({ tenant, status, facts, warnings: [] }, flags.output, paint, streams.columns));
    return EXIT.done;
  });
}
