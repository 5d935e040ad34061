import type { Check } from '../doctor/types.ts';
import { type DoctorDocument, joined, listOf, type Said, textOf, titleOf } from './doctor-document.ts';
import { standing, troubles } from './doctor-groups.ts';
import { headline } from './doctor-headline.ts';
import { tell } from './doctor-tell.ts';
import { escapeText } from './escape.ts';
import { marked, type Screen, warningLines } from './lines.ts';
import { measure } from './measure.ts';
import type { Paint } from './paint.ts';
import { wrap } from './wrap.ts';

/** The doctor's screen: what is wrong first, with what to do about it; then how everything stands. Ends with a newline. */
export function doctorHuman(document: DoctorDocument, paint: Paint, width: number): string {
  const screen = { paint, width };
  const { outcome, warnings } = document;
  const tone = outcome === 'fine' ? paint.good : outcome === 'problem' ? paint.bad : paint.warn;
  const [system, ...rest] = standing(document).map(({ title, items }) =>
    block(
      paint.strong(title),
      items.flatMap((item) => lines('-', item, screen, 'dim')),
    ),
  );
  const sections = [
    headlineOf(document, tone, width),
    block(
      paint.strong('Problems'),
      troubles(document, 'problem').flatMap((item) => lines('!', item, screen, 'bad')),
    ),
    block(
      paint.strong('Warnings'),
      troubles(document, 'warning').flatMap((item) => lines('!', item, screen, 'warn')),
    ),
    system ?? '',
    categories(document, screen),
    sources(document, screen),
    block(paint.strong('Remarks of the sources'), warningLines(warnings, screen)),
    ...rest,
    // Said again where the eye is when a long screen has scrolled.
    `${headlineOf(document, tone, width)}\n${footer(document, screen)}`,
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function headlineOf(document: DoctorDocument, tone: (text: string) => string, width: number): string {
  return wrap(headline(document), width)
    .split('\n')
    .map((line) => tone(line))
    .join('\n');
}

const block = (title: string, body: readonly string[]): string =>
  body.length === 0 ? '' : [title, ...body].join('\n');

/** A sentence, and below it what to do. */
const lines = (mark: string, { text, advice }: Said, screen: Screen, tone: keyof Paint): string[] => [
  marked(mark, text, screen, tone),
  ...(advice === null ? [] : [wrap(`    > ${advice}`, screen.width, '      ')]),
];

/** Which categories can be recognised here, and what the others lack. */
function categories(document: DoctorDocument, screen: Screen): string {
  const of = (code: Check['code']) => document.checks.filter((check) => check.code === code);
  const each = (code: Check['code'], mark: string, tone: keyof Paint) =>
    of(code).map((check) => marked(mark, tell(check, document).text, screen, tone));
  const names = (code: Check['code']) => of(code).map(({ args }) => textOf(args.category));
  const [judged, unknown] = [names('category-judged'), names('category-unknown')];
  return block(screen.paint.strong('Categories'), [
    ...(judged.length > 0 ? [marked('+', `can be judged: ${joined(judged)}`, screen, 'good')] : []),
    ...each('category-in-part', '-', 'dim'),
    ...each('category-impossible', '?', 'warn'),
    ...(unknown.length > 0
      ? [marked('?', `not known, since what they rest on could not be read: ${joined(unknown)}`, screen)]
      : []),
  ]);
}

/** Room that the names of sources get at the most. */
const NAME = 36;

/** Every source below its signal, a line each. */
function sources(document: DoctorDocument, { paint, width }: Screen): string {
  const own = document.checks.filter(({ check }) => check === 'source');
  const rows = own.map((check) => {
    const took = check.latencyMs === null || check.code === 'source-unasked' ? '' : `, ${check.latencyMs} ms`;
    return { check, name: nameOf(check), value: `${stateOf(check, document)}${took}` };
  });
  const column = Math.max(0, ...rows.map(({ name }) => measure(name)).filter((length) => length <= NAME));
  const line = (name: string, value: string) => {
    const beside = `    ${name}${' '.repeat(Math.max(0, column - measure(name)))}  ${value}`;
    return measure(beside) <= width ? [beside] : [`    ${name}`, wrap(`      ${value}`, width, '      ')];
  };
  const lines = rows.flatMap(({ check, name, value }, index) => {
    const title =
      rows[index - 1]?.check.signal === check.signal ? [] : titleLines(check, document, paint, width);
    return [...title, ...line(name, value)];
  });
  const legend = 'empty: none just now, triage would see one; absent, not kept here: triage would not see it';
  return block(
    paint.strong('Sources'),
    lines.length > 0 ? [...lines, paint.dim(wrap(`  ${legend}`, width, '  '))] : [],
  );
}

/** The key family alone where a cap goes with it, and the period that two families may differ by. */
function nameOf({ source, args }: Check): string {
  const name = escapeText((source ?? '').split(' / ')[0] ?? '', 100);
  return typeof args.period === 'string' ? `${name} (${args.period})` : name;
}

/** In the table one word will do for what has no numbers. */
function stateOf(check: Check, document: DoctorDocument): string {
  const { text } = tell(check, document);
  return check.status === 'measured' ? text : (text.split(':')[0] ?? text);
}

/** What the signal is called; and where triage cannot see it, what looks at it. */
function titleLines(check: Check, document: DoctorDocument, paint: Paint, width: number): string[] {
  const title = titleOf(check.signal, document);
  const more = remarkOn(check);
  const [first = '', ...rest] = wrap(`  ${title}${more}`, width, '    ').split('\n');
  return [first.replace(title, () => paint.name(title)), ...rest];
}

/** What keeps triage from seeing a signal; nothing where it does. */
function remarkOn({ args, code }: Check): string {
  if (typeof args.drifted === 'string') return ` (it may be kept in ${textOf(args.drifted, 80)})`;
  if (args.unseen === null || code === 'source-unasked') return '';
  const users = listOf(args.categories);
  return ` (not to be seen${users.length > 0 ? `: ${joined(users)} would look at it` : ''})`;
}

function footer({ config, runbook, evidence, totalMs }: DoctorDocument, { paint, width }: Screen): string {
  const where = config.context === null ? '' : `, context ${escapeText(config.context)}`;
  const when = `${evidence.at.slice(0, 19).replace('T', ' ')} UTC`;
  const text = `runbook ${runbook.name}${where}, ${when}, ${totalMs} ms\nexact Redis users: ratelimit doctor --acl`;
  return text
    .split('\n')
    .map((line) => paint.dim(wrap(line, width)))
    .join('\n');
}
