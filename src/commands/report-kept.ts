import { join } from 'node:path';
import type { Config } from '../config/types.ts';
import type { Context } from '../context.ts';
import { RatelimitError } from '../errors.ts';
import { completed, readCapture } from '../evidence/capture.ts';
import { CAPTURES } from '../evidence/captures.ts';
import { chosen } from '../looks/choose.ts';
import { looksIn } from '../looks/folder.ts';
import { systemKey } from '../looks/names.ts';
import type { KeptView, Look, Period } from '../report/model.ts';
import { loadRunbook, withThresholds } from '../runbooks/load.ts';
import { judge } from '../verdict/judge.ts';
import { looksFolder, seenBy, whyNot } from './keep-look.ts';

/**
 * What triage and watch kept on this machine of the same systems in a time, judged by the thresholds of then. What cannot
 * be read is left out and said.
 */
export async function keptLooks(
  config: Config,
  { fromMs, toMs }: Period,
  context: Context,
): Promise<{ readonly looks: Look[]; readonly kept: KeptView }> {
  const { clock } = context;
  const folder = looksFolder(context);
  const skipped: { file: string; reason: string }[] = [];
  const all = await looksIn(folder, clock).catch((error: unknown) => {
    skipped.push({ file: folder, reason: whyNot(error) });
    return [];
  });
  const inTime = all.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  const plain = await loadRunbook(config.runbook, context.runbooks);
  const key = systemKey(seenBy(config, plain));
  const own = inTime.filter(({ system }) => system === key);
  const read = chosen(own, CAPTURES);
  const looks: Look[] = [];
  for (const { file: name, atMs } of read) {
    const file = join(folder, name);
    try {
      const capture = await readCapture(file, clock);
      const runbook = withThresholds(plain, capture.thresholds);
      const evidence = completed(capture, runbook);
      looks.push({ atMs, file, evidence, verdict: judge(evidence, runbook, capture.answers) });
    } catch (error) {
      if (!(error instanceof RatelimitError)) throw error;
      skipped.push({ file, reason: error.message });
    }
  }
  const kept = {
    ...{ read: looks.length, left: own.length - read.length },
    ...{ elsewhere: inTime.length - own.length, skipped },
  };
  return { looks, kept };
}
