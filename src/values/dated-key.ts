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
