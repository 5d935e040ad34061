import { describe, expect, test } from 'vitest';
import { compare } from '../../src/labels/compare.ts';
import { parseLabel } from '../../src/labels/parse.ts';
import type { Label } from '../../src/labels/types.ts';
import { startingPoint } from '../../src/runbooks/new.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import type { Confidence, Finding, Verdict } from '../../src/verdict/types.ts';
import { aegis } from '../support/evidence.ts';

const runbook = parseRunbook(startingPoint().yaml, 'example.yaml');
const parse = (yaml: string) => parseLabel(Buffer.from(yaml), 'x.label.yaml', runbook);

const ANY: Label = {
  category: ['address-flood'],
  also: null,
  confidence: null,
  subjects: null,
  caveats: [],
  notProposed: [],
  why: null,
};

describe('a label', () => {
  test('needs no more than a category', () => {
    expect(parse('category: address-flood')).toEqual(ANY);
  });

  test('may say everything', () => {
    const yaml = [
      'category: [address-flood, quiet]',
      'also: [edge-overload]',
      'confidence: [high, medium]',
      'subjects: ["203.0.113.42"]',
      'caveats: [recent-deploy]',
      'not-proposed: [block-ip]',
      'why: "  free text  "',
    ];
    expect(parse(yaml.join('\n'))).toEqual({
      category: ['address-flood', 'quiet'],
      also: ['edge-overload'],
      confidence: ['high', 'medium'],
      subjects: ['203.0.113.42'],
      caveats: ['recent-deploy'],
      notProposed: ['block-ip'],
      why: 'free text',
    });
  });

  test('one confidence needs no list, and no other finding is not the same as unchecked', () => {
    expect(parse('category: quiet\nconfidence: high\nalso: []')).toEqual({
      ...ANY,
      category: ['quiet'],
      confidence: ['high'],
      also: [],
    });
  });

  test.each<[string, string, RegExp[]]>([
    ['nothing', '', [/^x\.label\.yaml: expected a label, got an empty file$/]],
    [
      'no category',
      'why: x',
      [/^x\.label\.yaml:1: category: expected a name or a list of them, got nothing$/],
    ],
    ['no category at all', 'category: []', [/category: expected at least 1 entry, got 0$/]],
    [
      'an unknown key',
      'category: quiet\nsubject: [x]',
      [/:2: subject: unknown key, did you mean "subjects"\?/],
    ],
    [
      'a category twice',
      'category: quiet\ncategory: quiet',
      [/:2: duplicate key "category", first on line 1$/],
    ],
    [
      'a number where text is meant',
      'category: quiet\nsubjects: [42]',
      [/:2: subjects\.0: expected text \(in quotes\), got 42$/],
    ],
    [
      'a confidence that there is not',
      'category: quiet\nconfidence: sure',
      [/confidence\.0: expected one of high, medium, low, got "sure"$/],
    ],
    [
      'several at once',
      'category: 1\nconfidence: certain\nsubjects: x',
      [
        /:1: category: expected a name or a list of them, got 1$/,
        /:2: confidence/,
        /:3: subjects: expected a list, got "x"$/,
      ],
    ],
    [
      'names that the runbook does not have',
      'category: adress-flood\nalso: [quiet, edge-overlod]\nnot-proposed: [blok-ip]',
      [
        /:1: category: runbook my-system has no category "adress-flood"; did you mean "address-flood"\?$/,
        /:2: also\.0: runbook my-system has no category "quiet"/,
        /:2: also\.1: .*did you mean "edge-overload"\?$/,
        /:3: not-proposed: runbook my-system has no response "blok-ip"; did you mean "block-ip"\?$/,
      ],
    ],
  ])('with %s is refused', (_, yaml, problems) => {
    const found = parse(yaml);
    expect(found).toHaveLength(problems.length);
    for (const [index, problem] of problems.entries()) expect((found as string[])[index]).toMatch(problem);
  });
});

const finding = (
  category: string,
  confidence: Confidence,
  ids: string[] = [],
  codes: string[] = [],
): Finding => ({
  category,
  confidence,
  severity: 'P3',
  subjects: ids.map((id) => ({ kind: 'ip', id, value: 1, signal: 'refused-by-address' })),
  because: [],
  caveats: codes.map((code) => ({ code, text: 'x', because: [] })),
  checks: [],
  responses: [],
});
const verdictOf = (...findings: Finding[]): Verdict => ({
  category: findings[0]?.category ?? 'quiet',
  confidence: findings[0]?.confidence ?? 'high',
  findings,
  ...{ ruledOut: [], undecided: [], unexplained: [], questions: [], blind: [] },
});
const held = (label: Partial<Label>, verdict: Verdict, proposed: string[] = []) => {
  const { mismatches, wrongAtHighConfidence } = compare('x', { ...ANY, ...label }, verdict, proposed);
  return { failed: mismatches.map(({ code }) => code), worst: wrongAtHighConfidence };
};
const flood = (confidence: Confidence = 'high') =>
  finding('address-flood', confidence, ['a', 'b'], ['recent-deploy']);

describe('a verdict held against a label', () => {
  test('passes on its category alone, whatever else there is', () => {
    expect(held({}, verdictOf(flood('low'), finding('edge-overload', 'high')), ['block-ip'])).toEqual({
      failed: [],
      worst: false,
    });
    expect(held({ category: ['quiet', 'inconclusive'] }, verdictOf())).toEqual({ failed: [], worst: false });
  });

  test.each<[string, Partial<Label>, Verdict, string[], string[]]>([
    ['another category', {}, verdictOf(finding('edge-overload', 'low')), [], ['category']],
    ['a further finding', { also: [] }, verdictOf(flood(), finding('edge-overload', 'low')), [], ['also']],
    ['no further finding', { also: ['edge-overload'] }, verdictOf(flood()), [], ['also']],
    ['another confidence', { confidence: ['high', 'medium'] }, verdictOf(flood('low')), [], ['confidence']],
    ['a subject too few', { subjects: ['a', 'b', 'c'] }, verdictOf(flood()), [], ['subjects']],
    ['no subject', { subjects: ['a'] }, verdictOf(), [], ['category', 'subjects']],
    ['no such caveat', { caveats: ['recent-deploy', 'x'] }, verdictOf(flood()), [], ['caveats']],
    [
      'a response',
      { notProposed: ['firewall', 'block-ip'] },
      verdictOf(flood()),
      ['block-ip'],
      ['not-proposed'],
    ],
  ])('fails on %s', (_, label, verdict, proposed, codes) => {
    expect(held(label, verdict, proposed).failed).toEqual(codes);
  });

  test('the order of subjects and findings is not held against it', () => {
    const both = verdictOf(flood(), finding('client-over-limit', 'high'), finding('edge-overload', 'high'));
    expect(held({ subjects: ['b', 'a'], also: ['edge-overload', 'client-over-limit'] }, both).failed).toEqual(
      [],
    );
  });

  test.each<[string, Partial<Label>, Verdict, boolean]>([
    ['another category, high', {}, verdictOf(finding('edge-overload', 'high')), true],
    ['another category, medium', {}, verdictOf(finding('edge-overload', 'medium')), false],
    ['quiet, high', {}, verdictOf(), true],
    ['somebody else, high', { subjects: ['a', 'c'] }, verdictOf(flood()), true],
    ['somebody else, low', { subjects: ['a', 'c'] }, verdictOf(flood('low')), false],
    ['somebody not seen, high', { subjects: ['a', 'b', 'c'] }, verdictOf(flood()), false],
    [
      'a further finding, high',
      { also: [] },
      verdictOf(flood('low'), finding('edge-overload', 'high')),
      true,
    ],
    ['a further finding, low', { also: [] }, verdictOf(flood(), finding('edge-overload', 'low')), false],
    ['the category, but not so sure', { confidence: ['low'] }, verdictOf(flood()), false],
  ])('wrong at high confidence: %s', (_, label, verdict, worst) => {
    expect(held(label, verdict).worst).toBe(worst);
  });
});

test('a reason to doubt that nobody has is named, and those of the program itself are known', () => {
  const doubts = (caveats: string) =>
    parseLabel(Buffer.from(`category: quiet\ncaveats: [${caveats}]\n`), 'a', aegis);
  expect(doubts('recent-deploi, signal-absent')).toEqual([
    'a:2: caveats.0: runbook aegis has no caveat "recent-deploi"; did you mean "recent-deploy"?',
  ]);
  expect(doubts('recent-deploy, open-question, unconfirmed')).toMatchObject({ category: ['quiet'] });
});
