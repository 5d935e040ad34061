import { isAbsolute, join } from 'node:path';
import type { Config } from '../config/types.ts';
import type { Context } from '../context.ts';
import type { Seen } from '../looks/names.ts';
import { escapeText } from '../output/escape.ts';
import { SENTENCE } from '../output/lines.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { readsOf } from '../runbooks/sources.ts';
import { fileTrouble } from '../values/text.ts';
import { systemsOf } from './parts.ts';
import type { Case } from './triage-run.ts';

/** Where looks are kept for `ratelimit report`. */
export const looksFolder = ({ stateFolder }: Pick<Context, 'stateFolder'>): string =>
  join(stateFolder, 'looks');

/** What a kept look is of, and what a report about the same systems asks for. */
export const seenBy = (config: Config, runbook: Runbook): Seen => ({
  context: config.context,
  redis: systemsOf(config).redis,
  runbook: config.runbook,
  prometheus: readsOf(runbook).redis
    ? null
    : config.prometheus
        .map(({ url }) => url)
        .sort()
        .join(' '),
});

/**
 * Keeps what was found for a later `ratelimit report`, unless the context says `keep-looks: false`. For when the answer
 * is out: whatever goes wrong here changes nothing of it.
 * @param warn told why it was not kept; null: nobody wants to know
 */
export async function keepLook(
  found: Case,
  category: string,
  config: Config,
  context: Pick<Context, 'stateFolder' | 'clock' | 'version'>,
  warn: ((text: string) => void) | null,
): Promise<void> {
  if (!config.keepLooks) return;
  const folder = looksFolder(context);
  try {
    // Without a home there is no such folder, and the present one is no place for it.
    if (!isAbsolute(folder)) throw new Error('there is no home folder');
    const { keepLook: keep } = await import('../looks/folder.ts');
    const text = async () => {
      const { captureText } = await import('./capture-text.ts');
      // How it went until then is asked of Prometheus when the report is made.
      return captureText({ ...found, history: null }, config, false, context.version);
    };
    await keep(
      folder,
      { seen: seenBy(config, found.runbook), at: found.evidence.at, category, text },
      context.clock,
    );
  } catch (error) {
    const where = escapeText(folder, SENTENCE);
    warn?.(`! what this look found is not kept for a report, in ${where}: ${escapeText(whyNot(error))}\n`);
  }
}

/** What is wrong with the folder or with a look in it, in a few words. */
export const whyNot = (error: unknown): string =>
  error instanceof Error && !('code' in error) ? error.message : fileTrouble(error);
