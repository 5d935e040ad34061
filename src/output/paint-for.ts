import type { Paint } from './paint.ts';

const same = (text: string): string => text;

const plain: Paint = { bad: same, warn: same, good: same, dim: same, strong: same, name: same };

/** The painter for a stream; a log or a pipe does not wait for the colour library to load. */
export const paintFor = async (color: boolean): Promise<Paint> =>
  color ? (await import('./paint.ts')).makePaint(true) : plain;
