import { z } from 'zod';
import { mapping } from '../runbooks/fields.ts';

const amount = z.number().positive();
const name = (max: number) => z.string().min(1).max(max);

/** Limits that the team's context sets, by the name of the runbook's table, as a configuration has them. */
export const limitsSchema = z
  .record(
    z.string(),
    mapping({
      default: amount.optional(),
      tiers: z.record(name(80), amount).optional(),
      /** By the entity's id: a number, or the name of a tier. */
      entries: z
        .record(
          name(200),
          z.union([amount, name(80)], { error: 'expected a number over 0 or the name of a tier' }),
        )
        .optional(),
    }),
  )
  .default({});
