import { z } from 'zod';
import { quote } from '../values/text.ts';
import { exactly, label } from './fields.ts';
import { type Match, matchersOf } from './match.ts';
import { inWords } from './words.ts';

const MOST_VALUES = 20;

/** A query names the labels of its source up to ten times, and VictoriaMetrics takes 16 KiB of it. */
const MOST_CHARACTERS = 1_000;

const several = z
  .array(exactly)
  .min(1)
  .max(MOST_VALUES)
  .superRefine((values, context) => {
    values.forEach((value, at) => {
      if (values.indexOf(value) === at) return;
      context.addIssue({ code: 'custom', message: `${quote(value)} is there twice`, path: [at] });
    });
  });

/** One value or a list of several. Which of them is meant is plain, so a problem is told of that one alone. */
const values = z.unknown().transform((value, context): string | string[] => {
  const { data, error } = (Array.isArray(value) ? several : exactly).safeParse(value, { error: inWords });
  for (const { message, path } of error?.issues ?? []) {
    context.addIssue({ code: 'custom', message, path });
  }
  return data === undefined ? z.NEVER : data;
});

/** Labels and their exact values, which are no patterns: `Match`. */
export const match = z
  .record(label, values)
  .default({})
  .superRefine((labels: Match, context) => {
    const lists = Object.fromEntries(Object.entries(labels).filter(([, value]) => typeof value !== 'string'));
    const length = matchersOf(lists).join(',').length;
    if (length <= MOST_CHARACTERS) return;
    const message = `expected lists of values of at most ${MOST_CHARACTERS} characters as a query writes them, got ${length}`;
    context.addIssue({ code: 'custom', message });
  });
