import { stat } from 'node:fs/promises';
import { ConfigError } from '../errors.ts';
import type { Clock } from '../signals/asked.ts';
import { groupedBy } from '../values/grouped.ts';
import { quote } from '../values/text.ts';
import { readCapture } from './capture.ts';
import type { Capture } from './capture-schema.ts';

/** A capture and where it was read from. */
export interface Recorded {
  readonly file: string;
  readonly capture: Capture;
}

/** All of them are in memory at once. */
export const CAPTURES = { files: 50, bytes: 64 * 1024 * 1024 };
const { files: MOST_FILES, bytes: MOST_BYTES } = CAPTURES;

/**
 * Reads several captures of one incident, in order of time; a file that is named twice is read once.
 * @throws ConfigError for one that cannot be read, for too many, and for captures of different systems
 */
export async function readCaptures(paths: readonly string[], clock: Clock): Promise<readonly Recorded[]> {
  const files = [...new Set(paths)];
  if (files.length > MOST_FILES) {
    throw new ConfigError(
      `${files.length} captures are too many for one report, at most ${MOST_FILES} are read`,
      [],
      'Give fewer of them. Of the looks that triage and watch keep by themselves, ratelimit report --since chooses.',
    );
  }
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  // A single one has a limit of its own, which says more.
  if (files.length > 1 && sizes.reduce((sum, size) => sum + size, 0) > MOST_BYTES) {
    throw new ConfigError(
      `these captures have more than ${MOST_BYTES / 1024 / 1024} MiB together: give fewer of them`,
    );
  }
  const all: Recorded[] = [];
  for (const file of files) all.push({ file, capture: await readCapture(file, clock) });
  refuseDifferent(all);
  return all.sort((a, b) => clock.ms(a.capture.evidence.at) - clock.ms(b.capture.evidence.at));
}

/** One report is about one system. */
function refuseDifferent(all: readonly Recorded[]): void {
  const groups = groupedBy(
    all,
    ({ capture: { runbook, context, redacted } }) =>
      `runbook ${quote(runbook)}, ${context === null ? (redacted ? 'context redacted' : 'no context') : `context ${quote(context)}`}`,
  );
  if (groups.size < 2) return;
  throw new ConfigError(
    'these captures are of different systems, and a report is about one:',
    [...groups].map(([name, some]) => `${name}: ${some.map(({ file }) => file).join(', ')}`),
    'Make a report of each.',
  );
}
