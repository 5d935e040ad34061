import type { Args, ViewCode } from '../doctor/types.ts';
import {
  type DoctorDocument,
  joined,
  listOf,
  numberOf,
  plural,
  said,
  type Teller,
  textOf,
  titleOf,
} from './doctor-document.ts';
import { escapeText } from './escape.ts';
import { showId } from './triage-document.ts';

/** What triage can make of this system, and where it would look in vain. */
export const VIEW_SENTENCES: Readonly<Record<ViewCode, Teller>> = {
  'quiet-possible': () =>
    said('triage can say that all is quiet here: what it needs for that has a live source'),
  'quiet-blind': ({ args }, document) => {
    const signals = Array.isArray(args.signals) ? args.signals : [];
    const titles = signals.map((id) => titleOf(id, document));
    const looked = signals.flatMap((id) =>
      (document.evidence.signals[id]?.sources ?? []).map(
        ({ label, status }) => `${escapeText(label, 80)} (${status})`,
      ),
    );
    return said(
      `nothing tells the ${joined(titles, 'or the')}, so triage cannot say that all is quiet here; it looked for ${looked.join(', ')}`,
      'Triage is inconclusive here until one of them is there: see whether it is the right server, whether it is scraped, and whether it was renamed.',
    );
  },
  'quiet-deceptive': ({ args }, document) =>
    said(
      `triage would say that all is quiet here whatever happens: the ${joined(
        listOf(args.signals).map((id) => titleOf(id, document)),
        'or the',
      )} ${listOf(args.signals).length === 1 ? 'is' : 'are'} empty because nothing is written there`,
      'Do not trust "quiet" on this system until one of them is found: see the names that have drifted.',
    ),
  'quiet-unknown': ({ args }, document) =>
    said(
      `whether triage could say that all is quiet is not known: ${joined(listOf(args.signals).map((id) => titleOf(id, document)))} could not be read`,
    ),
  'contract-spoken': ({ args }) =>
    said(`it speaks ${textOf(args.title)}: ${numberOf(args.there)} of its ${sourcesOf(args)} are there`),
  'contract-unseen': ({ args, status }) =>
    said(
      status === 'unknown'
        ? `whether it speaks ${textOf(args.title)} could not be seen`
        : `it does not speak ${textOf(args.title)}: none of its ${sourcesOf(args)} is there just now. Whoever looks there by hand finds nothing, during an attack too; triage reads both`,
    ),
  'contract-none': ({ args, status }) =>
    status === 'unknown'
      ? said(`whether it speaks ${joined(listOf(args.titles), 'or')} could not be seen`)
      : said(
          `it speaks neither ${joined(listOf(args.titles), 'nor')}: nothing that they write is there`,
          'See whether these are the right Redis and the right Prometheus (ratelimit config show).',
        ),
  'kept-elsewhere': ({ signal, args }, document) =>
    said(
      `${titleOf(signal, document)}: ${args.seen === null ? 'looked for' : 'kept'} in ${joined(listOf(args.here))} here${args.seen === null ? ' (empty just now)' : ''}, not in ${joined(listOf(args.not), 'or')}${traits(args)}`,
    ),
  'kept-nowhere': ({ signal, args }, document) =>
    said(
      `${titleOf(signal, document)}: not to be seen here, since only ${joined(listOf(args.silent), 'or')} has it (${joined(listOf(args.not))})`,
    ),
  'category-judged': ({ args }) => said(textOf(args.category)),
  'category-in-part': ({ args }, document) => {
    const lacks = sentencesFor(args.lacks, document);
    const most = args.atMost === undefined ? [] : [mostSentence(args, document)];
    return said(`${textOf(args.category)} in part: ${[...lacks, ...most].join('; ')}`);
  },
  'category-impossible': ({ args }, document) =>
    said(
      `${textOf(args.category)} could not be judged here: ${sentencesFor(args.lacks, document).join('; ')}`,
    ),
  'category-unknown': ({ args }, document) =>
    said(
      `${textOf(args.category)}: not known, since what it rests on could not be read (${titles(args, document)})`,
    ),
  'family-drifted': ({ entities, sample, signal, args }, document) => {
    const count = plural(entities ?? 0, 'key');
    const like = sample === null ? '' : `, such as ${showId(sample.id, 80)}`;
    return said(
      `no source of the runbook reads ${textOf(args.found)} (${count}${like}), while ${textOf(args.configured)} is empty (${joined(listOf(args.signals))})`,
      change('key', signal, args, document),
    );
  },
  'metric-drifted': ({ signal, args }, document) =>
    said(
      `no source of the runbook reads the metric ${textOf(args.found)}, while ${textOf(args.configured)} is absent (${joined(listOf(args.signals))})`,
      change('metric', signal, args, document),
    ),
  'no-drift': () => said('no name is like one that the runbook looks for in vain'),
  'drift-unknown': ({ source, reason }) =>
    said(
      `whether names have drifted is not known: ${textOf(source)} could not be looked at (${textOf(reason, 300)})`,
    ),
  'drift-incomplete': ({ source, args }) =>
    said(
      `only part of ${textOf(source)} was looked at for names that have drifted (${numberOf(args.keys)}); others may be there`,
    ),
};

const sourcesOf = ({ of }: Args): string => plural(numberOf(of), 'source');

/** `. There it counts over 1m and ...`: what is other about the sources that are there. */
function traits({ traits: codes, lost }: Args): string {
  const sentences = [
    ...listOf(codes).map(traitSentence),
    ...listOf(lost).map((label) => `the ${label} is not told`),
  ];
  return sentences.length === 0 ? '' : `. There ${joined(sentences)}`;
}

function traitSentence(code: string): string {
  const [name, value = ''] = code.split(' ');
  switch (name) {
    case 'window':
      return `it counts over ${value}`;
    case 'stops-at':
      return `it stops at about ${value} (so it does not tell the volume)`;
    case 'named-by-client':
      return 'the client itself writes the name (so it may be that of somebody else)';
    case 'cents':
      return 'amounts are whole cents';
    case 'month':
      return 'they add up by the month';
    default:
      return `the ${value} is told`;
  }
}

/** What a category lacks, a sentence a kind. See `nameOf` in doctor/categories.ts. */
function sentencesFor(lacks: Args[string] | undefined, document: DoctorDocument): string[] {
  const named = (kind: string) =>
    (Array.isArray(lacks) ? lacks : []).flatMap((lack: string) => {
      const [signal = '', what = 'signal', label = ''] = lack.split(' ');
      const title = `the ${titleOf(signal, document)}`;
      if (what !== kind) return [];
      return what === 'label' ? `the ${label} of ${title}` : title;
    });
  const [renamed, unread, unlimited] = [named('name'), named('unread'), named('limit')];
  const untold = [...named('signal'), ...named('label')];
  return [
    ...(renamed.length > 0 ? [`${joined(renamed)} may be kept under another name`] : []),
    ...(unread.length > 0 ? [`${joined(unread)} could not be read`] : []),
    ...(untold.length > 0 ? [`no source tells ${joined(untold, 'or')}`] : []),
    ...(unlimited.length > 0 ? [`the limit of ${joined(unlimited)} is not known`] : []),
  ];
}

/** What is lacking for more confidence is said only where it is something else than what is lacking anyway. */
function mostSentence({ atMost, lacks, sureLacks }: Args, document: DoctorDocument): string {
  const known = Array.isArray(lacks) ? lacks : [];
  const more = (Array.isArray(sureLacks) ? sureLacks : []).filter((lack: string) => !known.includes(lack));
  const because = sentencesFor(more, document).join('; ');
  return `its confidence is ${textOf(atMost)} at most${because === '' ? '' : `, since ${because}`}`;
}

const titles = ({ lacks }: Args, document: DoctorDocument): string =>
  joined([
    ...new Set(
      (Array.isArray(lacks) ? lacks : []).map((lack) => titleOf(lack.split(' ')[0] ?? '', document)),
    ),
  ]);

/** What to change, and where. */
function change(
  what: 'key' | 'metric',
  signal: string | null,
  args: Args,
  { config, runbook }: DoctorDocument,
): string {
  const isFile = /[/\\]|\.ya?ml$/.test(config.runbook);
  const file = isFile
    ? escapeText(config.runbook, 200)
    : `a copy of runbook ${runbook.name} as a file of your own (--runbook <file>)`;
  const place = `signals.${signal ?? ''}.sources`;
  const suggested =
    args.suggested === null
      ? 'its name'
      : `${what}: "${textOf(args.suggested, 160)}" (in place of "${textOf(args.name, 160)}")`;
  return `If it holds the same under another name, say so in ${file}: at ${place}, ${suggested}. Until then triage does not see it.`;
}
