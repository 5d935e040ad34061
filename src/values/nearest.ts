import { distance } from 'fastest-levenshtein';

const byDistance = (name: string, valid: readonly string[]) =>
  valid
    .map((candidate) => ({ candidate, far: candidate.startsWith(name) ? 0 : distance(name, candidate) }))
    .sort((a, b) => a.far - b.far);

/** The valid names, the nearest to what was written first. */
export const nearestFirst = (name: string, valid: readonly string[]): string[] =>
  byDistance(name, valid).map(({ candidate }) => candidate);

/** `; did you mean "x"?` for the nearest of the valid names, or nothing when none is near. */
export function nearest(name: string, valid: readonly string[]): string {
  const [near] = byDistance(name, valid);
  const allowed = Math.max(2, Math.floor(name.length / 2));
  return near !== undefined && near.far <= allowed ? `; did you mean "${near.candidate}"?` : '';
}

/** As many names as a reader takes in at a glance. */
const LISTED = 12;

/** As `nearest`; where none is near, the valid names themselves, since whoever wrote the name meant one of them. */
export function nearestOrAll(name: string, valid: readonly string[]): string {
  const near = nearest(name, valid);
  if (near !== '') return near;
  if (valid.length === 0) return '; there are none';
  const more = valid.length > LISTED ? ` and ${valid.length - LISTED} more` : '';
  return `; expected one of ${valid.slice(0, LISTED).join(', ')}${more}`;
}
