/** A key of a template such as `acp:ip_block:{ip}`, without a date; the id was checked before. */
export const keyFor = (template: string, id: string): string =>
  prefixOf(template) + id + template.slice(template.indexOf('}') + 1);

/** What stands before the id in such a key. */
export const prefixOf = (template: string): string => template.slice(0, template.indexOf('{'));

/** Key families as people write them: `acp:agent_cost_today:* / acp:agent_cost_cap:*`. */
export const keyPatterns = (...templates: readonly string[]): string =>
  templates.map((template) => template.replaceAll(/\{[^}]*\}/g, '*')).join(' / ');
