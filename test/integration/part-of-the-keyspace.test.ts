import { beforeAll, describe, expect, test } from 'vitest';
import { PARTS, playPart } from '../support/cut-short.ts';
import { labelled } from '../support/labelled.ts';
import { type Played, play, tried } from '../support/played.ts';

// What must follow from every labelled incident when only a part of its keyspace was visited, whichever part it is.

/** Ten thousand names tell no more here than a few. */
const all = [...labelled].filter(([name]) => name !== 'hard/hostile-names');
const whole = new Map<string, Played>();
const parts: { readonly name: string; readonly part: string; readonly played: Played }[] = [];

beforeAll(async () => {
  for (const [name, incident] of all) {
    whole.set(name, await play(incident));
    const shares = Object.entries(PARTS);
    const from = parts.length % shares.length;
    // Two of the parts, others for the next incident. The same ones each time: what fails can be looked at.
    for (const [cursor, share] of shares.slice(from, from + 2)) {
      const seed = parts.length;
      parts.push({ name, part: `${share} (${seed})`, played: await playPart(incident, cursor, seed) });
    }
  }
}, 300_000);

const wholeOf = (name: string): Played => {
  const found = whole.get(name);
  if (found === undefined) throw new Error(`${name} was not played`);
  return found;
};
/** The same for each part that was played; what is left out is well. */
const wrong = (problem: (played: Played, name: string) => unknown) =>
  parts.flatMap(({ name, part, played }) => {
    const found = problem(played, name);
    return found === null ? [] : [[name, part, found]];
  });

describe('of a part of the keyspace', () => {
  test('nothing is wrong at high confidence', () => {
    const incidents = new Map(all);
    const high = wrong((played, name) => {
      const incident = incidents.get(name);
      if (incident === undefined) throw new Error(name);
      const trial = tried(name, incident, played);
      return trial.wrongAtHighConfidence ? trial.mismatches : null;
    });
    expect(high).toEqual([]);
  });

  test('what is ruled out is not found in all of it', () => {
    const refuted = wrong(({ verdict }, name) => {
      const known = wholeOf(name).verdict.findings.map(({ category }) => category);
      const both = verdict.ruledOut.filter(({ category }) => known.includes(category));
      return both.length === 0 ? null : both.map(({ category }) => category);
    });
    expect(refuted).toEqual([]);
  });

  test('nothing is called quiet, and every run says that something was not seen', () => {
    expect(wrong(({ verdict }) => (verdict.category === 'quiet' ? 'quiet' : null))).toEqual([]);
    expect(wrong(({ evidence }) => (evidence.scan?.reason == null ? evidence.scan : null))).toEqual([]);
  });

  test('nothing is sure that is not sure of all of it', () => {
    const surer = wrong(({ verdict }, name) => {
      const sure = new Set(
        wholeOf(name).verdict.findings.flatMap((one) => (one.confidence === 'high' ? [one.category] : [])),
      );
      const more = verdict.findings.filter((one) => one.confidence === 'high' && !sure.has(one.category));
      return more.length === 0 ? null : more.map(({ category }) => category);
    });
    expect(surer).toEqual([]);
  });
});
