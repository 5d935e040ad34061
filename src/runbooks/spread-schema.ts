import { identifier, mapping } from './fields.ts';

/** How a signal's entities are told apart into loud ones and the rest. See `verdict/spread.ts`. */
export const spreadSchema = mapping({
  floor: identifier.nullable().default(null),
  volume: identifier.nullable().default(null),
  'loud-at': identifier,
  'loud-share': identifier,
  few: identifier,
  rest: mapping({ volume: identifier, sources: identifier }).nullable().default(null),
  many: mapping({
    each: identifier,
    'at-least': identifier,
    'none-above': identifier,
  })
    .nullable()
    .default(null),
});
