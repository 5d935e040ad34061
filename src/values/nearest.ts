import { distance } from 'fastest-levenshtein';

/** `; did you mean "x"?` for the nearest of the valid names, or nothing when none is near. */
export function nearest(name: string, valid: readonly string[]): string {
  const near = valid
    .map((candidate) => ({ candidate, far: candidate.startsWith(name) ? 0 : distance(name, candidate) }))
    .sort((a, b) => a.far - b.far)[0];
  const allowed = Math.max(2, Math.floor(name.length / 2));
  return near !== undefined && near.far <= allowed ? `; did you mean "${near.candidate}"?` : '';
}
