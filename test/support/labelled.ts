import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseIncident } from '../../src/incidents/parse.ts';
import type { Incident } from '../../src/incidents/schema.ts';

const folder = fileURLToPath(new URL('../incidents/', import.meta.url));

/** The labelled incidents of test/incidents by name, those written by hand as `hard/<name>`. */
export const labelled: ReadonlyMap<string, Incident> = new Map(
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => [file.slice(0, -'.yaml'.length), parseIncident(readFileSync(`${folder}${file}`), file)]),
);
