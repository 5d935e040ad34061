import { z } from 'zod';
import { mapping } from './schema-parts.ts';

const amount = z.number('a number over 0').positive('a number over 0');

/** An entity's own limit or the name of its tier; which tiers there are, the runbook knows. */
const entry = z.union([amount, z.string().min(1).max(80)], 'a number over 0 or the name of a tier');

/** A context's own limits, by the name of the runbook's table. */
export const limits = z.record(
  z.string(),
  mapping(
    {
      default: amount.optional(),
      tiers: z.record(z.string().max(80), amount, 'a mapping of tiers to numbers').optional(),
      entries: z.record(z.string().max(200), entry, 'a mapping of ids to numbers or tiers').optional(),
    },
    'a mapping of default, tiers, entries',
  ),
  'a mapping of tables to their limits',
);
