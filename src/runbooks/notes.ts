import { dottedKey } from '../values/text.ts';
import { isLikePattern, valuesOf } from './match.ts';
import type { Runbook, SourceSpec } from './schema.ts';

/**
 * What is valid in a runbook and may not be meant: sentences with the key. A label's value that looks like a pattern,
 * thresholds that nothing is held against, categories of one rank, and commands of remedies that are not there.
 */
export function notesOf(runbook: Runbook): string[] {
  return [...patterns(runbook), ...unused(runbook), ...equals(runbook), ...withoutRemedy(runbook)];
}

const sentence = (path: readonly PropertyKey[], text: string): string => `${dottedKey(path)}: ${text}`;

const WORDS = /^[\w-]+(?:\|[\w-]+)+$/;

const listOf = (values: readonly string[]): string =>
  `[${values.map((one) => JSON.stringify(one)).join(', ')}]`;

const patterns = ({ signals }: Runbook): string[] =>
  Object.entries(signals).flatMap(([id, { sources }]) =>
    sources.flatMap((source, at) =>
      chosenBy(source).flatMap(({ key, match }) =>
        Object.entries(match).flatMap(([label, values]) =>
          valuesOf(values)
            .filter(isLikePattern)
            .map((value) => sentence(['signals', id, 'sources', at, key, label], notPattern(value, key))),
        ),
      ),
    ),
  );

/** The labels by which a source takes series, and by which it leaves some out. */
const chosenBy = (source: SourceSpec) => [
  ...('match' in source ? [{ key: 'match', match: source.match }] : []),
  ...('none-of' in source ? [{ key: 'none-of', match: source['none-of'] }] : []),
];

function notPattern(value: string, key: string): string {
  const list = WORDS.test(value) ? `; several values are a list: ${listOf(value.split('|'))}` : '';
  const what = key === 'match' ? 'looked for' : 'left out';
  return `${JSON.stringify(value)} is the exact value that is ${what}, and no pattern${list}`;
}

/** Every text of the runbook outside of the thresholds themselves, in which a threshold would be named. */
function textsIn(node: unknown): string[] {
  if (typeof node === 'string') return [node];
  if (typeof node !== 'object' || node === null) return [];
  return Object.values(node).flatMap(textsIn);
}

function unused({ thresholds, ...rest }: Runbook): string[] {
  const texts = textsIn(rest);
  const named = new Set([...texts, ...texts.flatMap((text) => text.match(/(?<=\{)[a-z0-9-]+(?=\})/g) ?? [])]);
  return Object.keys(thresholds).flatMap((name) =>
    named.has(name) ? [] : sentence(['thresholds', name], 'nothing is held against it'),
  );
}

const equals = ({ categories }: Runbook): string[] =>
  categories.flatMap(({ id, rank }, at) => {
    const first = categories.findIndex((other) => other.rank === rank);
    return first === at
      ? []
      : sentence(
          ['categories', at, 'rank'],
          `${id} and ${categories[first]?.id} have the same; the first in the file goes first`,
        );
  });

const withoutRemedy = ({ categories, remedies }: Runbook): string[] =>
  categories.flatMap(({ respond }, index) =>
    respond.flatMap(({ command }, at) => {
      const name = command?.[1] ?? '';
      const remedy = name === 'unblock-ip' ? 'block-ip' : name;
      return Object.hasOwn(remedies, remedy) && Reflect.get(remedies, remedy) === null
        ? sentence(
            ['categories', index, 'respond', at, 'command'],
            `this runbook has no remedy ${remedy}, so that it will be refused`,
          )
        : [];
    }),
  );
