import { readdirSync, readFileSync } from 'node:fs';
import { parseIncident } from '../../src/incidents/parse.ts';
import type { Incident } from '../../src/incidents/schema.ts';

const FOLDER = new URL('../../src/drill/incidents/', import.meta.url);

/** The incidents that come with the program, by name. */
export const shipped: Readonly<Record<string, Incident>> = Object.fromEntries(
  readdirSync(FOLDER).map((file) => [
    file.replace(/\.yaml$/, ''),
    parseIncident(readFileSync(new URL(file, FOLDER)), file),
  ]),
);

/** An incident of these keys and series, in YAML's flow style, and nothing abnormal about it. */
export const incidentYaml = (rest: string): string =>
  ['schema: ratelimit/incident/v1', 'title: t', 'story: s', 'expect: { category: quiet }', rest].join('\n');

export const incidentOf = (rest: string): Incident => parseIncident(incidentYaml(rest), 'my.yaml');
