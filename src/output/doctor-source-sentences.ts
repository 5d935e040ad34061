import type { Check, SourceCode } from '../doctor/types.ts';
import type { Cause } from '../evidence/types.ts';
import { formatDuration } from '../values/duration.ts';
import {
  type DoctorDocument,
  joined,
  listOf,
  plural,
  said,
  type Teller,
  textOf,
  titleOf,
} from './doctor-document.ts';
import { escapeText } from './escape.ts';
import { formatAmount, formatNumber } from './numbers.ts';
import { showId } from './triage-document.ts';

/** What a source answered, and what that means for triage. */
export const SOURCE_SENTENCES: Readonly<Record<SourceCode, Teller>> = {
  'source-measured': ({ sample, entities, freshSeconds, args }) => {
    const fresh = freshSeconds === null ? '' : `, ${formatDuration(Math.round(freshSeconds))} old`;
    if (sample === null || sample.value === null)
      return said(`${plural(entities ?? 0, 'entry', 'entries')}${fresh}`);
    const amount = amountOf(sample.value, String(args.unit));
    // A mere total has no name.
    const isTotal = sample.id === 'total' && (entities ?? 0) === 0;
    if (isTotal) return said(`${amount}${fresh}`);
    const more = (entities ?? 0) > 1 ? `, one of ${formatNumber(entities ?? 0)}` : '';
    return said(`${showId(sample.id, 40)} = ${amount}${more}${fresh}`);
  },
  'source-empty': ({ args }) =>
    said(
      args.unspoken === null
        ? 'empty: none just now, and triage would see one'
        : 'not kept here: the system does not write it',
    ),
  'source-stale': () =>
    said(
      'stale: it was there, and no sample of it came in the last minutes',
      'See whether its target is still scraped, or whether the metric was renamed.',
    ),
  'source-absent': (check, document) =>
    hasAnother(check.signal, document)
      ? said('absent: another source of the signal stands in for it')
      : said('absent: there is no such source here', unseenSentence(check, document)),
  'source-unknown': ({ reason, cause, args }) =>
    said(
      `unknown: ${escapeText(reason ?? 'not read', 400)}`,
      cause === null ? null : args.system === 'logs' && cause === 'auth' ? LOGS_CREDENTIALS : ADVICE[cause],
    ),
  'source-unasked': ({ args, reason }) =>
    said(args.about === undefined ? textOf(reason, 200) : `not configured: ${textOf(args.about, 200)}`),
};

/** What triage does without, where no source of a signal is there. */
function unseenSentence({ signal, args }: Check, document: DoctorDocument): string {
  const users = listOf(args.categories);
  const lost = users.length > 0 ? `; ${joined(users)} ${users.length === 1 ? 'looks' : 'look'} at it` : '';
  return `Triage cannot see the ${titleOf(signal, document)} here${lost}.`;
}

function amountOf(value: number, unit: string): string {
  if (unit === 's' || unit === 's left')
    return value > 0 ? formatDuration(value) : unit === 's' ? '0s' : 'no end';
  return formatAmount(value, unit).trimEnd();
}

function hasAnother(signal: string | null, { evidence }: DoctorDocument): boolean {
  const found = evidence.signals[signal ?? ''];
  return found?.status === 'measured' || (found?.status === 'empty' && found.live);
}

const CREDENTIALS =
  'See which user and which credentials it is told to use (ratelimit config show); ratelimit doctor --acl prints the Redis users that are enough.';

const LOGS_CREDENTIALS =
  'See the credentials of logs in the context (ratelimit config show); a Loki of several tenants also needs headers: { X-Scope-OrgID: ... } there.';

/** What to do about a source that could not be read. */
const ADVICE: Readonly<Record<Cause, string | null>> = {
  auth: CREDENTIALS,
  unreachable: 'See whether it runs, and whether its address is right (ratelimit config show).',
  timeout: 'Raise --timeout, or see what keeps it busy.',
  malformed: 'Something else may answer at that address, such as a login page; or the values are none.',
  refused: 'The server says why; triage takes it for unknown until it answers.',
  incomplete: 'Part of the data is missing: see the health of that server.',
  window: 'Use a longer --window, or scrape more often.',
  'not-configured': null,
};
