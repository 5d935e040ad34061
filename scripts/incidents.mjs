// Writes the labelled incidents of test/incidents from named patterns: `npm run incidents`. With --check it only says
// whether they are as they would be written.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Document, visit } from 'yaml';
import { INCIDENTS } from './incidents/list.mjs';
import { together } from './incidents/patterns.mjs';

const folder = fileURLToPath(new URL('../test/incidents/', import.meta.url));
const HEAD =
  '# Written by scripts/incidents.mjs from scripts/incidents/list.mjs. What is written by hand is in hard/.\n';

/** One incident as YAML: an item a line, so that a difference is a line. */
function yamlOf(story, expect, parts) {
  const { keys, series } = together(...parts);
  const doc = new Document({
    schema: 'ratelimit/incident/v1',
    title: story.replace(/\.$/, '').slice(0, 100),
    story,
    expect,
    keys,
    series,
  });
  visit(doc, {
    Map: (_, node, path) => {
      if (path.length > 2) node.flow = true;
    },
    Seq: (_, node, path) => {
      if (path.length > 3) node.flow = true;
    },
  });
  return HEAD + doc.toString({ lineWidth: 0 });
}

const wanted = new Map(
  Object.entries(INCIDENTS).map(([name, [story, expect, parts]]) => [
    `${name}.yaml`,
    yamlOf(story, expect, parts),
  ]),
);
const present = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
const read = (file) => (present.includes(file) ? readFileSync(`${folder}${file}`, 'utf8') : null);
const stale = [
  ...[...wanted].filter(([file, yaml]) => read(file) !== yaml).map(([file]) => file),
  ...present.filter((file) => !wanted.has(file)),
];
if (process.argv.includes('--check')) {
  if (stale.length > 0)
    process.stderr.write(`not as scripts/incidents.mjs writes them: ${stale.join(', ')}\n`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const file of present.filter((one) => !wanted.has(one))) rmSync(`${folder}${file}`);
  for (const [file, yaml] of wanted) writeFileSync(`${folder}${file}`, yaml);
  process.stdout.write(`${wanted.size} incidents in test/incidents, ${stale.length} of them changed\n`);
}
