// Builds dist/: the program as one script with V8's cache of its compiled code, and every runbook as checked JSON.
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('..', import.meta.url);
const path = (relative) => fileURLToPath(new URL(relative, root));

const common = {
  absWorkingDir: path('.'),
  bundle: true,
  platform: 'node',
  target: 'node20.17',
  logLevel: 'warning',
  legalComments: 'none',
};

/**
 * Start-up is part of the product: what axios brings for browsers, forms, redirects and HTTP/2 is never used here
 * (redirects are refused: maxRedirects 0) and costs some 40 ms: a MIME database, Node's http2 and assert, and undici,
 * which loads as soon as anything looks at the global FormData. The debug package of ioredis goes too, and
 * child_process, which commander would need for subcommands that are programs of their own, and prompts never asked.
 */
const lean = {
  name: 'lean',
  setup({ onResolve, onLoad }) {
    const nothing = (path) => ({ path, namespace: 'nothing' });
    onResolve(
      {
        filter:
          /^(form-data|http2|follow-redirects|node:child_process|@inquirer\/(?:confirm|editor|expand|number|password|rawlist|search))$/,
      },
      ({ path: name }) => nothing(name),
    );
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'export default class {}' }));
    // Inquirer's: it would end the process by itself, since our own listener of a signal is gone once it was called.
    onResolve({ filter: /^signal-exit$/ }, ({ path: name }) => ({ path: name, namespace: 'signals' }));
    onLoad({ filter: /.*/, namespace: 'signals' }, () => ({
      contents: 'export const onExit = () => () => {};',
    }));
    onResolve({ filter: /^debug$/ }, () => ({ path: 'debug', namespace: 'silent' }));
    onLoad({ filter: /.*/, namespace: 'silent' }, () => ({
      contents:
        'const make = () => Object.assign(() => {}, { enabled: false }); module.exports = Object.assign(make, { default: make });',
    }));
    onLoad({ filter: /axios\/lib\/adapters\/(xhr|fetch)\.js$/ }, () => ({
      contents: 'export default false; export const getFetch = () => false;',
    }));
    onLoad({ filter: /axios\/lib\/utils\.js$/ }, async ({ path: file }) => {
      const source = await readFile(file, 'utf8');
      const contents = source.replace(
        /typeof G\.FormData !== 'undefined' \? G\.FormData : undefined/,
        'undefined',
      );
      if (contents === source) throw new Error(`${file} no longer looks at G.FormData: adapt the plugin`);
      return { contents };
    });
  },
};

/** The chart library is a file of its own, which only pages with charts load. */
const charts = {
  name: 'charts',
  setup({ onResolve }) {
    onResolve({ filter: /\/engine\.ts$/ }, () => ({ path: './charts.cjs', external: true }));
  },
};

/** The program: one script as a function of what Node gives a CommonJS module, run by boot.ts. */
async function buildProgram(dist) {
  const { version } = JSON.parse(await readFile(path('package.json'), 'utf8'));
  const file = `${dist}/program.cjs`;
  const define = { __VERSION__: JSON.stringify(version) };
  const { metafile } = await build({
    ...common,
    entryPoints: ['src/main.ts'],
    metafile: true,
    outfile: file,
    format: 'cjs',
    minify: true,
    // A script that is run from its text can require and not import.
    supported: { 'dynamic-import': false },
    plugins: [lean, charts],
    define: { ...define, 'import.meta.url': '__url' },
    banner: {
      js: "(function (exports, require, module, __filename, __dirname) { const __url = require('node:url').pathToFileURL(__filename).href;",
    },
    footer: { js: '})' },
  });
  const drawing = await build({
    ...common,
    entryPoints: ['src/output/html/engine.ts'],
    metafile: true,
    outfile: `${dist}/charts.cjs`,
    format: 'cjs',
    minify: true,
  });
  await writeFile(`${dist}/THIRD-PARTY.txt`, await notices([metafile, drawing.metafile]));
  await build({
    ...common,
    entryPoints: ['src/boot.ts'],
    outfile: `${dist}/main.cjs`,
    format: 'cjs',
    define,
  });
  return file;
}

/** The licences of all packages of which something is in what was built: they ask for being passed on with it. */
async function notices(metafiles) {
  const outputs = metafiles.flatMap((metafile) => Object.values(metafile.outputs));
  const inputs = outputs.flatMap((output) =>
    Object.entries(output.inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? file : [])),
  );
  const folders = inputs.flatMap(
    (file) => /^node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(file) ?? [],
  );
  const parts = [...new Set(folders)].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(path(`${folder}/package.json`), 'utf8'));
    const files = (await readdir(path(folder))).filter((one) =>
      /^(?:licen[cs]e|copying|notice)(?:\.|$)/i.test(one),
    );
    const texts = await Promise.all(files.map((file) => readFile(path(`${folder}/${file}`), 'utf8')));
    return [`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n');
  });
  const all = await Promise.all(parts);
  return `ratelimit holds parts of these packages.\n\n${all.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** Every runbook, checked, as JSON: start-up pays for no YAML. */
async function buildRunbooks(dist) {
  const parser = `${dist}/parse.cjs`;
  await build({ ...common, entryPoints: ['src/runbooks/parse.ts'], outfile: parser, format: 'cjs' });
  const { parseRunbook } = createRequire(import.meta.url)(parser);
  await mkdir(`${dist}/runbooks`, { recursive: true });
  for (const file of await readdir(path('src/runbooks'))) {
    if (!file.endsWith('.yaml')) continue;
    const name = file.slice(0, -'.yaml'.length);
    const source = `src/runbooks/${file}`;
    const runbook = parseRunbook(await readFile(path(source), 'utf8'), source);
    if (runbook.name !== name) throw new Error(`${source}: name is ${runbook.name}, expected ${name}`);
    await writeFile(`${dist}/runbooks/${name}.json`, JSON.stringify(runbook));
  }
  await rm(parser);
}

/** Every incident of the drill, checked, as JSON. */
async function buildIncidents(dist) {
  const parser = `${dist}/parse-incident.cjs`;
  await build({ ...common, entryPoints: ['src/incidents/parse.ts'], outfile: parser, format: 'cjs' });
  const { parseIncident } = createRequire(import.meta.url)(parser);
  await mkdir(`${dist}/incidents`, { recursive: true });
  for (const file of await readdir(path('src/drill/incidents'))) {
    const source = `src/drill/incidents/${file}`;
    const incident = parseIncident(await readFile(path(source), 'utf8'), source);
    await writeFile(`${dist}/incidents/${file.replace(/\.yaml$/, '.json')}`, JSON.stringify(incident));
  }
  await rm(parser);
}

/** The manual page, from the same tree of commands as the help. */
async function buildManual(dist) {
  const made = `${dist}/manual.cjs`;
  const { version } = JSON.parse(await readFile(path('package.json'), 'utf8'));
  await build({
    ...common,
    stdin: {
      contents:
        "export { buildProgram } from './src/program.ts'; export { manualPage } from './src/manual/page.ts';",
      resolveDir: path('.'),
    },
    outfile: made,
    format: 'cjs',
    // Only the tree is looked at: what commands load when they run is not needed.
    external: ['./commands/*', '../commands/*'],
    define: { __VERSION__: JSON.stringify(version), 'import.meta.url': '""' },
  });
  const { buildProgram, manualPage } = createRequire(import.meta.url)(made);
  await writeFile(
    `${dist}/ratelimit.1`,
    manualPage(
      buildProgram({}, () => {}),
      version,
      today(),
    ),
  );
  await rm(made);
}

/** The day of the build; of whoever wants the same bytes again, the day that they say (reproducible-builds.org). */
function today() {
  const { SOURCE_DATE_EPOCH: seconds } = process.env;
  return (seconds ? new Date(Number(seconds) * 1_000) : new Date()).toISOString().slice(0, 10);
}

/** Runs the program, so that what it needs is compiled; whatever else runs later is compiled then. */
function warm(file) {
  const home = dirname(file);
  const { status, stderr } = spawnSync(process.execPath, [path('scripts/warm.mjs'), file], {
    env: { XDG_CONFIG_HOME: home, XDG_STATE_HOME: home },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the program does not start: ${stderr}`);
}

// Built aside and moved into place: whoever runs the program meanwhile finds the old one or the new one, whole.
const fresh = await mkdtemp(path('dist.new-'));
const old = `${fresh}.old`;
await chmod(fresh, 0o755);
try {
  const file = await buildProgram(fresh);
  await buildRunbooks(fresh);
  await buildIncidents(fresh);
  await buildManual(fresh);
  warm(file);
  // The journal of that run.
  await rm(`${fresh}/ratelimit`, { recursive: true });
  await rename(path('dist'), old).catch(() => {});
  await rename(fresh, path('dist'));
} finally {
  await rm(fresh, { recursive: true, force: true });
  await rm(old, { recursive: true, force: true });
}
