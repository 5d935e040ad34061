import type { Check } from '../doctor/types.ts';
import {
  type DoctorDocument,
  joined,
  listOf,
  ofLevel,
  plural,
  type Said,
  textOf,
  titleOf,
} from './doctor-document.ts';
import { tell } from './doctor-tell.ts';
import { escapeText } from './escape.ts';
import { someOf } from './lines.ts';

/** Sentences that belong together, under a title. */
export interface Group {
  readonly title: string;
  readonly items: readonly Said[];
}

/** What needs action and what can mislead: the same trouble of many sources, or of many commands, is said once. */
export function troubles(document: DoctorDocument, level: 'problem' | 'warning'): Said[] {
  const checks = ofLevel(document, level);
  const of = (code: Check['code']) => checks.filter((check) => check.code === code);
  const unread = of('source-unknown');
  const reasons = [...new Set(unread.map(({ reason }) => reason))];
  const rest = checks.filter(({ code }) => code !== 'source-unknown' && code !== 'rights-refused');
  return [
    ...reasons.flatMap((reason) =>
      unreadFor(
        unread.filter((check) => check.reason === reason),
        document,
      ),
    ),
    ...refusedRights(of('rights-refused'), document),
    ...rest.map((check) => named(check, document)),
  ];
}

/** Sources that one and the same reason keeps from being read. */
function unreadFor(checks: readonly Check[], document: DoctorDocument): Said[] {
  const [first] = checks;
  if (first === undefined) return [];
  const { text, advice } = tell(first, document);
  const signals = [...new Set(checks.map(({ signal }) => escapeText(signal ?? '')))];
  const which = `${plural(checks.length, 'source')} of ${someOf(signals, 4)}`;
  return [{ text: `${which} could not be read: ${text.replace(/^unknown: /, '')}`, advice }];
}

/** All that the Redis user lacks, whatever it is for. */
function refusedRights(checks: readonly Check[], document: DoctorDocument): Said[] {
  const [first] = checks;
  if (first === undefined) return [];
  const all = (name: string) => [
    ...new Set(checks.flatMap(({ args }) => (Array.isArray(args[name]) ? (args[name] as string[]) : []))),
  ];
  const use = joined(checks.map(({ args }) => String(args.use)));
  return [
    tell({ ...first, args: { ...first.args, use, commands: all('commands'), keys: all('keys') } }, document),
  ];
}

/** A source's own sentence does not say which it is. */
function named(check: Check, document: DoctorDocument): Said {
  const { text, advice } = tell(check, document);
  // One of several; the sentence on its clock says which.
  if (check.check === 'prometheus' && check.source !== 'Prometheus') {
    return { text: `${escapeText(check.source ?? '')}: ${text}`, advice };
  }
  if (check.check !== 'source') return { text, advice };
  return {
    text: `${escapeText(check.signal ?? '')}, ${escapeText(check.source ?? '', 100)}: ${text}`,
    advice,
  };
}

/** What system this is and how it stands, without what stands among the troubles already. */
export function standing(document: DoctorDocument): Group[] {
  const { checks } = document;
  const of = (subject: Check['check'], codes?: readonly Check['code'][]) =>
    checks
      .filter(
        (check) =>
          check.check === subject && !isTrouble(check.level) && (codes?.includes(check.code) ?? true),
      )
      .map((check) => tell(check, document));
  const from = (subject: Check['check'], source: string) =>
    checks
      .filter((check) => check.check === subject && check.source === source && !isTrouble(check.level))
      .map((check) => tell(check, document));
  return [
    { title: 'What this system speaks', items: [...contracts(document), ...of('drift')] },
    { title: 'Redis', items: [...inOne([...of('redis'), ...from('clock', 'Redis')]), ...rights(document)] },
    ...prometheuses(checks).map((source) => ({
      title: source === 'Prometheus' ? source : escapeText(source),
      items: inOne([...from('prometheus', source), ...from('clock', source)]),
    })),
    { title: 'Loki', items: inOne([...of('logs'), ...from('clock', 'Loki')]) },
    { title: 'Alertmanager', items: of('alertmanager') },
    { title: 'Remedies', items: [...of('deny-list'), ...of('api')] },
    { title: 'Could be configured', items: of('configuration', ['query-unasked']) },
    {
      title: 'Configuration',
      items: [
        ...inOne(of('configuration', ['configured', 'thresholds-overridden'])),
        ...of('configuration', ['limits-overridden', 'limits-unseen']),
      ],
    },
  ];
}

/** The names of those that were asked, in the order of the configuration. */
const prometheuses = (checks: readonly Check[]): string[] => [
  ...new Set(
    checks.flatMap(({ check, source }) => (check === 'prometheus' && source !== null ? [source] : [])),
  ),
];

/** What is in order is read over quickly: one sentence for all of it. */
const inOne = (items: readonly Said[]): Said[] =>
  items.length === 0 ? [] : [{ text: items.map(({ text }) => text).join('; '), advice: null }];

/** The signals that only another way of keeping them has, in one sentence. */
function contracts(document: DoctorDocument): Said[] {
  const own = document.checks.filter(({ check, level }) => check === 'contract' && !isTrouble(level));
  const nowhere = own.filter(({ code }) => code === 'kept-nowhere');
  const [first] = nowhere;
  const titles = nowhere.map(({ signal }) => titleOf(signal, document));
  const text = `not to be seen here, since only ${joined(listOf(first?.args.silent), 'or')} has them: ${titles.join('; ')}`;
  return [
    ...own.filter(({ code }) => code !== 'kept-nowhere').map((check) => tell(check, document)),
    ...(nowhere.length > 0 ? [{ text, advice: null }] : []),
  ];
}

/** What the Redis user may do: one sentence for all uses that there is nothing to say of singly. */
function rights(document: DoctorDocument): Said[] {
  const own = document.checks.filter(({ check, level }) => check === 'permission' && !isTrouble(level));
  const [whole, single] = [
    own.filter(({ source }) => source === 'Redis'),
    own.filter(({ source }) => source !== 'Redis'),
  ];
  const uses = (code: Check['code']) =>
    single.flatMap((check) => (check.code === code ? textOf(check.args.use) : []));
  const [granted, refused, unknown] = [
    uses('rights-granted'),
    uses('rights-refused'),
    uses('rights-unknown'),
  ];
  const user = single.find(({ args }) => args.user !== null)?.args.user;
  const who = `the Redis user${user === undefined ? '' : ` ${textOf(user, 60)}`}`;
  const sentences = [
    ...(granted.length > 0 ? [`${who} may do what is needed for ${joined(granted)}`] : []),
    ...(refused.length > 0
      ? [`${who} may not do what is needed for ${joined(refused)}; whoever only looks need not`]
      : []),
    ...(unknown.length > 0
      ? [
          `whether ${who} may do what is needed for ${joined(unknown)} is not known: the server does not tell, and nothing is written to find out`,
        ]
      : []),
  ];
  return [
    ...sentences.map((text) => ({ text, advice: null })),
    ...whole.map((check) => tell(check, document)),
  ];
}

const isTrouble = (level: Check['level']): boolean => level === 'problem' || level === 'warning';
