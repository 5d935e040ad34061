import { join } from 'node:path';
import { writeExampleConfig } from '../config/init.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { configText } from '../output/config-text.ts';
import { paintFor } from '../output/paint-for.ts';
import type { GlobalFlags } from '../program.ts';
import { streamsFor } from './streams.ts';

/** `ratelimit config show`: the effective configuration, each value with its origin, secrets redacted. */
export async function configShow(flags: GlobalFlags, context: Context): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  const config = await resolveConfig({ flags, env: context.env, configHome: context.configHome });
  streams.out(configText(config, flags.output, await paintFor(streams.colorOut), streams.columns));
  return EXIT.done;
}

/** `ratelimit config init`: writes a commented file to --config or the default place, never over an existing one. */
export async function configInit(flags: GlobalFlags, context: Context): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  const path =
    flags.config ?? (context.env.RATELIMIT_CONFIG || join(context.configHome, 'ratelimit', 'config.yaml'));
  await writeExampleConfig(path);
  streams.out(
    flags.output === 'json'
      ? `${JSON.stringify({ schema: 'ratelimit/config-init/v1', file: path })}\n`
      : `${path} written\n`,
  );
  return EXIT.done;
}
