import { expect } from 'vitest';

/**
 * What is left of so many seconds to live: up to a minute (or half) of them may have gone by on a machine with much else to
 * do. One second more is what was rounded up.
 */
export const about = (seconds: number): unknown =>
  expect.toSatisfy(
    (left) => left <= seconds + 1 && left >= seconds - Math.min(60, seconds / 2),
    `about ${seconds} seconds to live`,
  );
