import { nearest, nearestOrAll } from '../values/nearest.ts';
import { checkQuestions } from './check-questions.ts';
import { checkRules } from './check-rules.ts';
import { checkSense } from './check-sense.ts';
import { CODES } from './codes.ts';
import { conditionsIn, type Found } from './conditions-in.ts';
import { checkContracts } from './contracts.ts';
import { checkLimits } from './limits-schema.ts';
import type { Runbook } from './schema.ts';

type Path = readonly (string | number)[];

export interface Problem {
  readonly path: Path;
  readonly message: string;
}

/** What is wrong between the parts of a runbook: every name that refers to nothing, with the nearest that exists. */
export function checkReferences(runbook: Runbook): Problem[] {
  const problems: Problem[] = [];
  const report = (path: Path, message: string) => void problems.push({ path, message });
  const names = {
    signal: Object.keys(runbook.signals),
    threshold: Object.keys(runbook.thresholds),
    category: runbook.categories.map((category) => category.id),
    link: Object.keys(runbook.links),
    check: Object.keys(runbook.checks),
  };
  const expect = (kind: keyof typeof names, name: unknown, path: Path) => {
    if (typeof name !== 'string' || names[kind].includes(name)) return;
    report(path, `there is no ${kind} "${name}"${nearestOrAll(name, names[kind])}`);
  };
  /** A threshold that conditions measure against must be a number; only a limit may be unknown. */
  const expectNumber = (name: unknown, path: Path) => {
    expect('threshold', name, path);
    if (typeof name === 'string' && runbook.thresholds[name]?.value === null) {
      report(path, `threshold "${name}" has no value; only the limit of a source may be unknown`);
    }
  };

  checkSignals(runbook, expect, expectNumber);
  checkCharts(runbook, expect, expectNumber, report);
  checkRemedies(runbook, expect, report);
  checkContracts(runbook, report);
  checkQuestions(runbook, expect, report);
  checkLimits(runbook, report);
  checkRules(runbook, { expect, number: expectNumber, report });
  checkSense(runbook, report);
  runbook['quiet-needs'].forEach((group, at) => {
    for (const [index, name] of group.entries()) expect('signal', name, ['quiet-needs', at, index]);
  });
  /** What a condition holds beside its own keys. */
  const inside = (value: Found['value'], path: Path) => {
    expect('signal', value.signal, [...path, 'signal']);
    for (const name of NUMBERS) expectNumber(value[name], [...path, name]);
  };
  const condition = (node: unknown, path: Path) => {
    for (const { key, value, path: at } of conditionsIn(node, path)) {
      for (const [name, referred] of Object.entries(value)) {
        const here = [...at, key, name];
        if (SIGNALS.includes(name)) expect('signal', referred, here);
        else if (name === 'category') expect('category', referred, here);
        else if (key === 'recurred' && Array.isArray(referred))
          for (const [index, category] of referred.entries()) expect('category', category, [...here, index]);
        else if (NUMBERS.includes(name)) expectNumber(referred, here);
        else if (NESTED.includes(name)) inside(referred as Found['value'], here);
      }
      const spread = runbook.signals[String(value.signal)]?.spread;
      const needsSpread = value.of === 'crowd' || (NEEDS_SPREAD.includes(key) && value.of !== 'all');
      if (needsSpread && spread === null) {
        report(
          [...at, key],
          `signal "${String(value.signal)}" says nothing about its spread, which this needs`,
        );
      } else if (key === 'rest' && spread?.rest === null) {
        report([...at, key], `the spread of signal "${String(value.signal)}" has no rest, which this needs`);
      }
    }
  };
  runbook.abnormal.forEach((odd, at) => {
    condition(odd.when, ['abnormal', at]);
    for (const [index, name] of odd['explained-by'].entries()) {
      expect('signal', name, ['abnormal', at, 'explained-by', index]);
    }
  });
  for (const [name, check] of Object.entries(runbook.checks)) condition(check.when, ['checks', name, 'when']);
  runbook.categories.forEach((category, index) => {
    const path = ['categories', index];
    if (names.category.indexOf(category.id) !== index) {
      report([...path, 'id'], `there are two categories "${category.id}"`);
    }
    expect('signal', category.about, [...path, 'about']);
    checkHeadline(category, path, report);
    condition(category.when, [...path, 'when']);
    condition(category['sure-when'], [...path, 'sure-when']);
    checkResponses(category, path, runbook, expect, report);
    for (const [at, { figure }] of category.respond.entries())
      expect('signal', figure?.signal, [...path, 'respond', at, 'figure', 'signal']);
    for (const [at, name] of category.checks.entries()) expect('check', name, [...path, 'checks', at]);
    for (const [at, caveat] of ownCaveats(category).entries())
      condition(caveat.when, [...path, 'caveats', at, 'when']);
  });
  checkCircles(runbook, report);
  return problems;
}

/** What a finding has where what would make it sure is missing, and where nobody has answered a question. */
const OWN_CAVEATS = ['unconfirmed', 'open-question'];

const SIGNALS = ['signal', 'before', 'by', 'beside', 'than'];
const NESTED = ['mix', 'except', 'reached-in', 'except-in', 'grown', 'steady'];
const NUMBERS = [
  'at-least',
  'each',
  'sources',
  'ratio',
  'within',
  'value',
  'share',
  'after',
  'times',
  'apart',
];
const NEEDS_SPREAD = [
  'spread',
  'rest',
  'volume',
  'sources',
  'each-at-most',
  'one-shot',
  'not-public',
  'one-network',
  'diverse',
  'shared',
  'outgrown',
  'covers',
];

/** The category's own caveats: those that it names among the runbook's checks stand before them. */
const ownCaveats = ({ caveats, checks }: Runbook['categories'][number]) => caveats.slice(checks.length);

type Expect<K> = (kind: K, name: unknown, path: Path) => void;

function checkSignals(
  runbook: Runbook,
  expect: Expect<'threshold' | 'signal'>,
  number: (name: unknown, path: Path) => void,
): void {
  for (const [id, signal] of Object.entries(runbook.signals)) {
    const path = ['signals', id];
    expect('signal', signal['total-of'], [...path, 'total-of']);
    number(signal['near-limit'], [...path, 'near-limit']);
    for (const [key, value] of Object.entries(signal.spread ?? {})) {
      number(value, [...path, 'spread', key]);
      for (const [inner, name] of Object.entries(typeof value === 'object' ? (value ?? {}) : {})) {
        number(name, [...path, 'spread', key, inner]);
      }
    }
    for (const [index, source] of signal.sources.entries()) {
      if ('times' in source) number(source.times, [...path, 'sources', index, 'times']);
      if ('limit' in source) expect('threshold', source.limit, [...path, 'sources', index, 'limit']);
      if ('ratio' in source) number(source.ratio, [...path, 'sources', index, 'ratio']);
    }
  }
}

function checkCharts(
  { charts }: Runbook,
  expect: Expect<'signal'>,
  number: (name: unknown, path: Path) => void,
  report: (path: Path, message: string) => void,
): void {
  charts.forEach(({ signal, level }, at) => {
    expect('signal', signal, ['charts', at, 'signal']);
    number(level, ['charts', at, 'level']);
    if (charts.findIndex((other) => other.signal === signal) !== at) {
      report(['charts', at, 'signal'], `there are two charts of signal "${signal}"`);
    }
  });
}

function checkRemedies(
  { remedies, signals }: Runbook,
  expect: Expect<'signal'>,
  report: (path: Path, message: string) => void,
): void {
  expect('signal', remedies['block-ip']?.shared, ['remedies', 'block-ip', 'shared']);
  const spend = remedies['raise-cap']?.signal;
  expect('signal', spend, ['remedies', 'raise-cap', 'signal']);
  const sources = spend === undefined ? [] : (signals[spend]?.sources ?? []);
  if (sources.length > 0 && !sources.some(({ kind }) => kind === 'redis-spend')) {
    report(['remedies', 'raise-cap', 'signal'], `signal "${spend}" has no source of kind redis-spend`);
  }
}

/** What `if` of a headline asks for must be there to be found. */
function checkHeadline(
  { headline, caveats }: Runbook['categories'][number],
  path: Path,
  report: (path: Path, message: string) => void,
): void {
  const codes: readonly string[] = [...CODES, ...OWN_CAVEATS, ...caveats.map(({ code }) => code)];
  headline.forEach((option, at) => {
    for (const [index, wanted] of option.if.entries()) {
      const [code = ''] = wanted.split('=');
      if (codes.includes(code)) continue;
      const near = nearest(code, codes);
      const message = `there is no outcome and no caveat "${code}"${near}; outcomes: ${CODES.join(', ')}`;
      report([...path, 'headline', at, 'if', index], message);
    }
  });
}

function checkResponses(
  category: Runbook['categories'][number],
  path: Path,
  runbook: Runbook,
  expect: Expect<'link'>,
  report: (path: Path, message: string) => void,
): void {
  const steps = category.respond.map((step) => step.id);
  const kinds = [...new Set(Object.values(runbook.signals).flatMap((signal) => signal.entity?.kind ?? []))];
  for (const [at, step] of category.respond.entries()) {
    expect('link', step.link, [...path, 'respond', at, 'link']);
    const codes = category.caveats.map(({ code }) => code);
    if (step.with !== null && !codes.includes(step.with)) {
      const message = `this category has no caveat "${step.with}"${nearest(step.with, codes)}`;
      report([...path, 'respond', at, 'with'], message);
    }
    if (step.each !== null && !kinds.some((kind) => kind === step.each)) {
      report(
        [...path, 'respond', at, 'each'],
        `no signal has entities of kind "${step.each}"${nearest(step.each, kinds)}`,
      );
    }
  }
  for (const [at, caveat] of ownCaveats(category).entries()) {
    for (const key of ['withholds', 'defers'] as const) {
      for (const step of caveat[key]) {
        if (steps.includes(step)) continue;
        const message = `this category has no response "${step}"${nearest(step, steps)}`;
        report([...path, 'caveats', at, key], message);
      }
    }
  }
}

/** Categories may explain one another away, but not in a circle: nothing could be judged first. */
function checkCircles(runbook: Runbook, report: (path: Path, message: string) => void): void {
  const next = new Map(
    runbook.categories.map((category) => [
      category.id,
      conditionsIn(category.when, []).flatMap(({ key, value }) =>
        (key === 'unless' || key === 'besides') && typeof value.category === 'string' ? value.category : [],
      ),
    ]),
  );
  const reaches = (from: string, goal: string, seen: Set<string>): boolean =>
    (next.get(from) ?? []).some((id) => {
      if (id === goal) return true;
      if (seen.has(id)) return false;
      return reaches(id, goal, seen.add(id));
    });
  runbook.categories.forEach(({ id }, index) => {
    if (reaches(id, id, new Set())) {
      report(['categories', index, 'when'], `"${id}" depends on itself through unless`);
    }
  });
}
