import { isPlainId } from './parse.ts';

/** A calendar day or month, UTC. */
export type Period = 'day' | 'month';

/** The date at the end of a key template: what is counted there begins anew with each day or month, UTC. */
const DATE = /\{(yyyymmdd|yyyy-mm-dd|yyyy-mm)\}$/;

/** A key template with its date filled in. @param iso a time by the server's clock */
export const withDate = (template: string, iso: string): string =>
  template.replace(DATE, (_, form: string) => {
    if (form === 'yyyy-mm') return iso.slice(0, 7);
    return form === 'yyyymmdd' ? iso.slice(0, 10).replaceAll('-', '') : iso.slice(0, 10);
  });

/** What time a dated key covers; null for one without a date. */
export function periodOf(template: string): Period | null {
  const [, form] = DATE.exec(template) ?? [];
  if (form === undefined) return null;
  return form === 'yyyy-mm' ? 'month' : 'day';
}

/** A template with its places as stars: `acp:auth_fail:*`. */
export const keyPattern = (template: string): string => template.replaceAll(/\{[^}]*\}/g, '*');

/** What stands before the id in a key of a template. */
export const prefixOf = (template: string): string => template.slice(0, template.indexOf('{'));

/** A key (or a path) of a template such as `acp:ip_block:{ip}`, without a date; the id was checked before. */
export const keyFor = (template: string, id: string): string =>
  prefixOf(template) + id + template.slice(template.indexOf('}') + 1);

/** The id that stands in the place of such a key or path, when it is a plain one; null: it is of another template. */
export function idIn(template: string, text: string): string | null {
  const after = template.length - template.indexOf('}') - 1;
  const id = text.slice(prefixOf(template).length, text.length - after);
  return isPlainId(id) && keyFor(template, id) === text ? id : null;
}
