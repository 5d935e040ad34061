/** A key of a template such as `acp:ip_block:{ip}`; the id was checked before. @param date today, yyyymmdd */
export function keyFor(template: string, id: string, date = ''): string {
  const end = template.slice(template.indexOf('}') + 1);
  return prefixOf(template) + id + end.replace('{yyyymmdd}', date);
}

/** What stands before the id in such a key. */
export const prefixOf = (template: string): string => template.slice(0, template.indexOf('{'));

/** `20261121`: the day of a time by the server's clock, UTC. */
export const dayOf = (iso: string): string => iso.slice(0, 10).replaceAll('-', '');

/** Key families as people write them: `acp:agent_cost_today:* / acp:agent_cost_cap:*`. */
export const keyPatterns = (...templates: readonly string[]): string =>
  templates.map((template) => template.replaceAll(/\{[^}]*\}/g, '*')).join(' / ');
