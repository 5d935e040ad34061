import type { Check } from '../doctor/types.ts';
import { type DoctorDocument, plural } from './doctor-document.ts';
import { troubles } from './doctor-groups.ts';

/** One line that alone is worth reading. */
export function headline(document: DoctorDocument): string {
  const [problems, warnings] = [troubles(document, 'problem').length, troubles(document, 'warning').length];
  const counts = [
    ...(problems > 0 ? [plural(problems, 'problem')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
  ];
  const categories = document.checks.filter(({ check }) => check === 'category');
  const count = (code: Check['code']) => categories.filter((check) => check.code === code).length;
  const [judged, partly] = [count('category-judged'), count('category-in-part')];
  const rest = `${judged} of ${plural(categories.length, 'category', 'categories')} can be judged${partly > 0 ? `, ${partly} in part` : ''}`;
  return `${counts.length > 0 ? `${counts.join(', ')}: ` : ''}${whatIs(document)}; ${rest}`;
}

/** What it comes to, the worst first. */
function whatIs({ checks, outcome }: DoctorDocument): string {
  if (outcome === 'refused') return 'a system refuses what triage or a remedy needs';
  if (outcome === 'unknown') return 'not every source could be read';
  const problems = checks.filter(({ level }) => level === 'problem').map(({ code }) => code);
  if (problems.includes('quiet-deceptive')) return 'triage would say that all is quiet here whatever happens';
  if (problems.includes('quiet-blind')) return 'triage cannot say that all is quiet here';
  if (problems.some((code) => code.endsWith('-drifted'))) return 'triage looks in the wrong place';
  return problems.length > 0
    ? 'triage works here, and something needs action'
    : 'triage can tell quiet from trouble here';
}
