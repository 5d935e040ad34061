import type { Entry } from '../journal/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { idIn, prefixOf } from '../values/template.ts';
import type { Subject } from './model.ts';

interface Place {
  readonly template: string;
  readonly kind: string;
}

/** Whom an entry of the journal was about, by the keys and paths that the runbook's remedies write to. */
export function subjectsOf(entry: Entry, runbook: Runbook): Subject[] {
  const places = placesOf(runbook);
  const found = entry.changes.flatMap(({ system, target }) =>
    places.flatMap(({ template, kind }) => {
      const id = system === 'redis' ? idOf(template, target) : pathId(template, target);
      return id === null ? [] : [{ kind, id }];
    }),
  );
  const known = new Map(found.map((subject) => [JSON.stringify(subject), subject]));
  return [...known.values()];
}

function placesOf({ remedies, signals }: Runbook): Place[] {
  const block = remedies['block-ip'];
  const cap = remedies['raise-cap'];
  const kill = remedies['kill-switch'];
  const spend = cap === null ? undefined : signals[cap.signal];
  const caps = (spend?.sources ?? []).flatMap((source) =>
    source.kind === 'redis-spend' && source.cap !== null ? [source.cap] : [],
  );
  const agent = spend?.entity?.kind ?? 'agent';
  return [
    ...(block === null ? [] : [{ template: block.key, kind: 'ip' }]),
    ...[...new Set(caps)].map((template) => ({ template, kind: agent })),
    ...(cap?.permanent == null ? [] : [{ template: cap.permanent.path, kind: agent }]),
    ...(kill === null
      ? []
      : [...(kill.key === null ? [] : [kill.key]), kill.path].map((template) => ({
          template,
          kind: 'tenant',
        }))),
  ];
}

/** An address is no plain id, so it is what stands behind the prefix. */
function idOf(template: string, key: string): string | null {
  const prefix = prefixOf(template);
  if (!key.startsWith(prefix)) return null;
  const rest = key.slice(prefix.length);
  return template.endsWith('}') && /^[\w.:/-]{1,128}$/.test(rest) ? rest : idIn(template, key);
}

/** `PATCH https://aegis.example/api/agents/agent-7`: the path stands at its end. */
function pathId(template: string, target: string): string | null {
  const at = target.lastIndexOf(prefixOf(template));
  return at < 0 ? null : idIn(template, target.slice(at));
}
