import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Files that put something else in place of a module, which others must not get to see. */
const MOCKING = ['test/unit/config-init.test.ts', 'test/unit/config-lazy.test.ts'];

/** Where servers hold what belongs to a day. */
const DAYS = ['test/support/midnight.ts'];

/**
 * Ends what hangs, and nothing else: how long a test takes depends on what else the machine does, so this is far beyond what
 * any takes. What must not take long is compared with something that would.
 */
const HANGS_MS = 180_000;

export default defineConfig({
  define: { __VERSION__: JSON.stringify('test') },
  test: {
    // Tests wait for servers and processes for a good part of their time, which leaves the cores room for more of them.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    setupFiles: ['test/support/seed.ts'],
    testTimeout: HANGS_MS,
    hookTimeout: HANGS_MS,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      // Pure functions here, and processes of their own in e2e, so that files may share what they import: it takes a
      // good part of their time.
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          exclude: MOCKING,
          isolate: false,
        },
      },
      { extends: true, test: { name: 'unit-alone', include: MOCKING } },
      {
        extends: true,
        test: {
          name: 'integration',
          setupFiles: DAYS,
          include: ['test/integration/**/*.test.ts'],
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          setupFiles: DAYS,
          include: ['test/e2e/**/*.test.ts'],
          isolate: false,
        },
      },
    ],
  },
});
