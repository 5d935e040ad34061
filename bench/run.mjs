// Builds the benchmarks (they share the tests' real servers, which are TypeScript) and runs them.
// npm run bench            everything, at a size whose ratios can be trusted
// npm run bench -- scale   large keyspaces against what people do now; --large adds ten million keys;
//                          --percent=10 only with that many counters in a hundred keys
// npm run bench -- --smoke a small size that checks that numbers come out and are right; no time limits
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = (relative) => fileURLToPath(new URL(relative, import.meta.url));
// Inside node_modules, so that the bundle finds its packages; ignored by git.
const folder = await mkdtemp(here('../node_modules/.bench-'));
try {
  const outfile = join(folder, 'bench.mjs');
  await build({
    entryPoints: [here('bench.ts')],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.17',
    outfile,
    logLevel: 'warning',
  });
  const { bench } = await import(pathToFileURL(outfile).href);
  process.exitCode = await bench(here('../bin/ratelimit.js'), process.argv.slice(2));
} finally {
  await rm(folder, { recursive: true, force: true });
}
