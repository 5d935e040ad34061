import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseIncident } from '../../src/incidents/parse.ts';
import type { Incident } from '../../src/incidents/schema.ts';

const folder = fileURLToPath(new URL('../incidents/', import.meta.url));

/** The labelled incidents of all runbooks by name, such as `hard/<name>` for those of Aegis that are written by hand. */
export const everyLabelled: ReadonlyMap<string, Incident> = new Map(
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => [file.slice(0, -'.yaml'.length), parseIncident(readFileSync(`${folder}${file}`), file)]),
);

/** Those of one runbook. */
export const labelledOf = (runbook: string): ReadonlyMap<string, Incident> =>
  new Map([...everyLabelled].filter(([, incident]) => incident.runbook === runbook));

/** Those of Aegis. */
export const labelled = labelledOf('aegis');
