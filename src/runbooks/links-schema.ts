import { z } from 'zod';
import { entityKind, identifier, mapping, text } from './fields.ts';

/** What a URL may hold beside its places. */
const LITERAL = /^[\w.~/?=&%:+,;@!$*()#-]*$/;

/** Places that are filled with a subject's id: of one kind, or of any. */
const OF_SUBJECTS: readonly string[] = [...entityKind.options, 'subject'];

/**
 * Where a page is: `{web}/users/{user}`. The first place is a URL that the context's `links` give by this name; another one
 * is a subject's id, of that kind or of any (`{subject}`).
 */
const urlTemplate = text(300).superRefine((value, context) => {
  const report = (message: string) => context.addIssue({ code: 'custom', message });
  const [, base = '', rest = ''] = /^\{([^{}]*)\}(.*)$/.exec(value) ?? [];
  if (!identifier.safeParse(base).success || OF_SUBJECTS.includes(base)) {
    report('expected a name in braces first, such as {web}: the context says under `links` where that is');
    return;
  }
  const places = [...rest.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name);
  const unknown = places.find((name) => !OF_SUBJECTS.includes(name));
  if (unknown !== undefined)
    report(`there is no place {${unknown}}; places: ${OF_SUBJECTS.map((name) => `{${name}}`).join(' ')}`);
  else if (new Set(places).size > 1) report('expected subjects of one kind only');
  if (!/^(?:[/?#]|$)/.test(rest) || !LITERAL.test(rest.replaceAll(/\{[^{}]*\}/g, ''))) {
    report('expected a path after the first place, of characters that a URL may hold');
  }
});

/** Pages that an operator opens next, by name. */
export const linksSchema = z
  .record(
    identifier,
    mapping({
      title: text(80),
      /** How it is found without a URL. */
      see: text(300),
      /** null: there is no page to lead to. */
      url: urlTemplate.nullable().default(null),
    }),
  )
  .default({});
