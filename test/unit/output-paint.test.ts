import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { makePaint } from '../../src/output/paint.ts';

const names = ['bad', 'warn', 'good', 'dim', 'strong', 'name'] as const;

test.each(names)('%s is the identity without colour and only adds colour with it', (name) => {
  expect(makePaint(false)[name]('4812 a\nb')).toBe('4812 a\nb');
  const painted = makePaint(true)[name]('4812');
  expect(painted).not.toBe('4812');
  expect(stripVTControlCharacters(painted)).toBe('4812');
});
