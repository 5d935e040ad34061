import { resolveConfig } from '../config/resolve.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode, RatelimitError } from '../errors.ts';
import { limitedOnly, utilisationOf } from '../evidence/utilisation.ts';
import { limitsText } from '../output/limits.ts';
import { isDegraded } from '../output/triage-document.ts';
import { warningsOf } from '../output/triage-unseen.ts';
import type { GlobalFlags } from '../program.ts';
import { screenOf, streamsFor } from './streams.ts';
import { readCase, targetOf, unreadCode } from './triage-run.ts';

interface LimitsFlags extends GlobalFlags {
  /** Seconds. */
  readonly window: number;
  readonly top: number;
}

/** `ratelimit limits`: the runbook's limits as the context has them, and how much of each is used. */
export async function limitsCommand(flags: LimitsFlags, context: Context): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  const config = await resolveConfig({ flags, env: context.env, configHome: context.configHome });
  const { runbook } = await targetOf(config, context);
  if (Object.keys(runbook.limits).length === 0) {
    throw new RatelimitError('no-limits', `runbook ${runbook.name} has no tables of limits`, {
      exitCode: EXIT.nothing,
      hint: 'They are data, under `limits:` of the runbook. Caps on spend are listed by ratelimit caps.',
    });
  }
  const target = { config, runbook: limitedOnly(runbook) };
  const { window, top } = flags;
  const { evidence } = await readCase(target, { window, pace: 'gentle' }, context, context.clock.now());
  const shown = {
    ...{ at: evidence.at, windowSeconds: window, runbook: runbook.name, context: config.context, top },
    tables: utilisationOf(runbook, evidence),
    warnings: warningsOf(evidence),
    degraded: isDegraded(evidence),
  };
  streams.out(limitsText(shown, flags.output, await screenOf(streams)));
  return unreadCode(evidence) ?? EXIT.done;
}
