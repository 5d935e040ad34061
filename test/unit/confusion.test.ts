import { describe, expect, test } from 'vitest';
import { confusionLines, confusionMarkdown, confusionOf } from '../../src/output/confusion.ts';

const same = (text: string) => text;
const paint = { bad: same, warn: same, good: same, dim: same, strong: same, name: same };

const times = (count: number, label: string, verdict: string) => Array(count).fill({ label, verdict });
const ORDER = ['flood', 'overload', 'burst', 'quiet', 'inconclusive'];
const confusion = confusionOf(
  [
    ...times(2, 'quiet', 'quiet'),
    ...times(1, 'burst', 'overload'),
    ...times(3, 'burst', 'burst'),
    ...times(12, 'flood', 'flood'),
    ...times(1, 'quiet', 'inconclusive'),
  ],
  ORDER,
);

describe('the confusion matrix', () => {
  test('has only what occurs, in the order of the runbook', () => {
    expect(confusion).toEqual({
      names: ['flood', 'overload', 'burst', 'quiet', 'inconclusive'],
      labels: ['flood', 'burst', 'quiet'],
      verdicts: ['flood', 'overload', 'burst', 'quiet', 'inconclusive'],
      counts: [
        [12, 0, 0, 0, 0],
        [0, 1, 3, 0, 0],
        [0, 0, 0, 2, 1],
      ],
    });
  });

  test('puts names that are in no order last, by the alphabet', () => {
    expect(confusionOf([...times(1, 'z', 'y'), ...times(1, 'quiet', 'quiet')], ORDER)).toMatchObject({
      labels: ['quiet', 'z'],
      verdicts: ['quiet', 'y'],
    });
  });

  test('on a screen: numbered columns, and the names of those that are no row', () => {
    expect(confusionLines(confusion, { paint, width: 80 })).toEqual([
      'label \\ verdict   1  2  3  4  5',
      '1 flood          12  .  .  .  .',
      '3 burst           .  1  3  .  .',
      '4 quiet           .  .  .  2  1',
      '2 overload, which nothing is labelled',
      '5 inconclusive, which nothing is labelled',
    ]);
  });

  test('on a screen: what is right and what is not', () => {
    const marks = { ...paint, good: (text: string) => `+${text}`, bad: (text: string) => `-${text}` };
    const lines = confusionLines(confusion, { paint: marks, width: 80 });
    expect(lines[2]).toMatch(/-1 +\+3/);
  });

  test('as Markdown', () => {
    expect(confusionMarkdown(confusion).join('\n')).toBe(
      [
        '| label \\\\ verdict | 1 | 2 | 3 | 4 | 5 |',
        '| --- | --: | --: | --: | --: | --: |',
        '| 1 `flood` | 12 |  |  |  |  |',
        '| 3 `burst` |  | 1 | 3 |  |  |',
        '| 4 `quiet` |  |  |  | 2 | 1 |',
        '',
        '2 is `overload`, which nothing is labelled.',
        '',
        '5 is `inconclusive`, which nothing is labelled.',
        '',
      ].join('\n'),
    );
  });

  test('of nothing is nothing', () => {
    const none = confusionOf([], ORDER);
    expect([...confusionLines(none, { paint, width: 80 }), ...confusionMarkdown(none)]).toEqual([]);
  });
});
