import { type Shell, scriptFor } from '../completion/scripts.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { toJson } from '../output/json.ts';
import type { GlobalFlags } from '../program.ts';
import { streamsFor } from './streams.ts';

/** `ratelimit completion <shell>`: the script, for the shell to read. */
export function completionCommand(shell: Shell, flags: GlobalFlags, context: Context): ExitCode {
  const script = scriptFor(shell);
  const json = flags.output === 'json';
  streamsFor(flags, context).out(
    json ? toJson({ schema: 'ratelimit/completion/v1', shell, script }) : script,
  );
  return EXIT.done;
}
