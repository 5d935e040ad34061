import { describe, expect, test } from 'vitest';
import { fillPlaces, placesIn, promqlProblem } from '../../src/runbooks/promql-text.ts';

describe('PromQL, as far as it shows without Prometheus', () => {
  test.each([
    'up',
    'sum by (job) (rate(x_total{path=~"/a{2}/[^(]+"}[5m])) > {reject-rate}',
    'x{a="}", b=\'{\', c=`"`} # a comment with a ( in it\n> 1',
    String.raw`x{a="\"}"}`,
    '{__name__="x"}[5m:1m] offset 1d',
  ])('%s is well', (expression) => {
    expect(promqlProblem(expression)).toBeNull();
  });

  test.each([
    ['', 'expected PromQL, got none'],
    ['# nothing but words', 'expected PromQL, got none'],
    ['sum(rate(x[5m])', 'expected PromQL, got a ( that nothing closes'],
    ['sum(x))', 'expected PromQL, got a ) that nothing opens'],
    ['sum(x[5m)]', 'expected PromQL, got a ) where ] closes ['],
    ['x{a="b}', 'expected PromQL, got a quote " without its other half'],
    ["x{a='b}", "expected PromQL, got a quote ' without its other half"],
    ['x{a="b\n"}', 'expected PromQL, got a quote " without its other half'],
  ])('%s is not', (expression, problem) => {
    expect(promqlProblem(expression)).toBe(problem);
  });
});

test('places are names in braces, outside of quotes and comments', () => {
  const expression =
    'rate(x{a="{window}", b=~`{least}`}[{window}]) >= {least} # {least}\nand on () y{job="z"} > {much-more}';
  expect(placesIn(expression)).toEqual(['window', 'least', 'much-more']);
  expect(fillPlaces(expression, (name) => ({ window: '5m', least: '0.5' })[name] ?? null)).toBe(
    'rate(x{a="{window}", b=~`{least}`}[5m]) >= 0.5 # {least}\nand on () y{job="z"} > {much-more}',
  );
});
