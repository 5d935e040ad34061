import { mapping, thresholdName } from './fields.ts';

/** How a signal's entities are told apart into loud ones and the rest. See `verdict/spread.ts`. */
export const spreadSchema = mapping({
  floor: thresholdName.nullable().default(null),
  volume: thresholdName.nullable().default(null),
  'loud-at': thresholdName,
  'loud-share': thresholdName,
  few: thresholdName,
  rest: mapping({ volume: thresholdName, sources: thresholdName }).nullable().default(null),
  many: mapping({
    each: thresholdName,
    'at-least': thresholdName,
    'none-above': thresholdName,
  })
    .nullable()
    .default(null),
});
