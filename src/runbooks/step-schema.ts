import { z } from 'zod';
import { figureSchema } from './estimate-schema.ts';
import { identifier, mapping, text } from './fields.ts';

/** What to do about a category: a command of this program, or a step for people. */
export const stepSchema = mapping({
  id: identifier,
  text: text(400),
  /**
   * The words of a command. `{subject}` is filled with checked ids only, `{enough}` with a cap in USD above what the
   * subject has spent. What it needs to reach the system that was read is added.
   */
  command: z.array(text(200)).min(1).nullable().default(null),
  /** One command for each subject of this kind. */
  each: identifier.nullable().default(null),
  link: identifier.nullable().default(null),
  figure: figureSchema,
  /** The code of a caveat: proposed only while that holds. */
  with: identifier.nullable().default(null),
  /** An answer of the operator that makes it this category has settled it: then it is not proposed. */
  'until-answered': z.boolean().default(false),
})
  .refine((s) => s.each === null || s.command !== null, {
    error: '`each` needs a `command`',
    path: ['each'],
  })
  .superRefine(({ command, each }, context) => {
    const places = (command ?? []).flatMap((word) => word.match(/\{[^}]*\}/g) ?? []);
    const unknown = places.find((place) => place !== '{subject}' && place !== '{enough}');
    const isOurs = command === null || command[0] === 'ratelimit';
    const forbidden = command?.find((word) => /^--(?:yes|force)/.test(word));
    const report = (message: string) => context.addIssue({ code: 'custom', message, path: ['command'] });
    if (!isOurs) report('a command begins with ratelimit; what else is to be run belongs into the text');
    else if (forbidden !== undefined) report(`${forbidden} is for the operator to give, not for a runbook`);
    else if (unknown !== undefined) report(`there is no place ${unknown}; places: {subject} {enough}`);
    else if (places.length > 0 && each === null) report(`${places[0]} needs \`each\`: whose is it?`);
  });
