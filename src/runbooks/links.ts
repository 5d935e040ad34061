import { nearest } from '../values/nearest.ts';
import type { Runbook } from './schema.ts';

type Bases = Readonly<Record<string, string>>;

/** The place that every runbook has: where whoever is paged reads it. */
const RUNBOOK = 'runbook';

/** The place in the context that a URL of a link begins with: `web` of `{web}/users/{user}`. */
const baseOf = (url: string | null): string[] => /^\{([^{}]*)\}/.exec(url ?? '')?.slice(1) ?? [];

/** What keeps a context's links from being some that this runbook's pages are at, as sentences with the name. */
export function linkProblems({ name: runbook, links }: Runbook, bases: Bases): string[] {
  const names = [...new Set([...Object.values(links).flatMap(({ url }) => baseOf(url)), RUNBOOK])];
  return Object.keys(bases)
    .filter((name) => !names.includes(name))
    .map((name) => `links.${name}: runbook ${runbook} has no pages there${nearest(name, names)}`);
}

/** The runbook with its pages, its own among them, where the context says that they are; the others stay without. */
export const withLinks = (runbook: Runbook, bases: Bases): Runbook => ({
  ...runbook,
  url: Object.hasOwn(bases, RUNBOOK) ? (bases[RUNBOOK] ?? null) : runbook.url,
  links: Object.fromEntries(
    Object.entries(runbook.links).map(([id, link]) => {
      const [name = ''] = baseOf(link.url);
      const base = Object.hasOwn(bases, name) ? bases[name] : undefined;
      return [
        id,
        base === undefined ? link : { ...link, url: `${base}${link.url?.slice(name.length + 2) ?? ''}` },
      ];
    }),
  ),
});
