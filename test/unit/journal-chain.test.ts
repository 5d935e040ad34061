import { describe, expect, test } from 'vitest';
import { type ChainLine, chainProblems } from '../../src/journal/chain.ts';
import { ORIGIN } from '../../src/journal/head.ts';

/** Stands in for the hash of the line that holds this event. */
const hash = (seq: number): string => `hash-${seq}`;
const line = (seq: number, more: Partial<ChainLine> = {}): ChainLine => ({
  ...{ seq, hash: hash(seq), prev: seq === 1 ? ORIGIN.hash : hash(seq - 1), problem: null },
  ...more,
});
const lines = (...seqs: number[]) => seqs.map((seq) => line(seq));
const unreadable: ChainLine = { seq: null, hash: 'other', prev: null, problem: 'it is not JSON' };
const head = (seq: number, of = hash(seq)) => ({ seq, hash: of });
const edited = { hash: 'other' };

describe('a sound journal', () => {
  test.each([
    ['empty', [], null],
    ['without a head', lines(1, 2, 3), null],
    ['with its head', lines(1, 2, 3), head(3)],
    ['with a head from before the last lines', lines(1, 2, 3), head(1)],
  ])('%s', (_, all, at) => {
    expect(chainProblems(all, at)).toEqual([]);
  });
});

describe('a journal that was changed', () => {
  test.each([
    ['line 1', [line(1, edited), ...lines(2, 3)], head(3), ['line 1 was changed after it was written']],
    ['a line', [line(1), line(2, edited), line(3)], head(3), ['line 2 was changed after it was written']],
    ['the last line', [line(1), line(2, edited)], head(2), ['line 2 was changed after it was written']],
    [
      'a line that the head still tells of',
      [line(1), line(2, edited), line(3)],
      head(2),
      ['line 2 was changed after it was written'],
    ],
    [
      'two lines',
      [line(1, edited), line(2), line(3, edited), line(4)],
      head(4),
      ['line 1 was changed after it was written', 'line 3 was changed after it was written'],
    ],
    ['a line until it cannot be read', [line(1), unreadable, line(3)], head(3), ['line 2: it is not JSON']],
    ['the last line until it cannot be read', [line(1), unreadable], head(2), ['line 2: it is not JSON']],
    [
      'a line until it is no event',
      [line(1), line(2, { ...edited, problem: 'x: expected text' }), line(3)],
      head(3),
      ['line 2: x: expected text'],
    ],
    ['the first lines removed', lines(3, 4), head(4), ['events 1 to 2 are missing before line 1']],
    ['a line removed', lines(1, 3), head(3), ['event 2 is missing before line 2']],
    ['lines removed', lines(1, 2, 6), head(6), ['events 3 to 5 are missing before line 3']],
    ['the last line removed', lines(1, 2), head(3), ['event 3 is missing after line 2']],
    ['the last lines removed', lines(1, 2), head(9), ['events 3 to 9 are missing after line 2']],
    ['all lines removed', [], head(2), ['events 1 to 2 are missing: there is no line']],
    [
      'a line removed beside one that cannot be read',
      [line(1), unreadable, line(4)],
      head(4),
      ['line 2: it is not JSON', 'events 2 to 3 are unreadable or missing before line 3'],
    ],
    [
      'a line put in that cannot be read',
      [line(1), unreadable, line(2)],
      head(2),
      ['line 2: it is not JSON'],
    ],
    ['a line twice', lines(1, 2, 2, 3), head(3), ['line 3: event 2 does not belong here']],
    [
      'two lines in each other’s place',
      lines(1, 3, 2, 4),
      head(4),
      ['event 2 is missing before line 2', 'line 3: event 2 does not belong here'],
    ],
  ])('%s', (_, all, at, problems) => {
    expect(chainProblems(all, at)).toEqual(problems);
  });
});
