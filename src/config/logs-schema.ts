import { z } from 'zod';
import { hasControl, quote } from '../values/text.ts';
import { httpFields, httpRule } from './http-schema.ts';
import { mapping, text, withRule } from './schema-parts.ts';

const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,127}$/, 'the name of a label');

const labelValue = text('text (a number needs quotes)', (value) =>
  value === '' || hasControl(value) || value.length > 200
    ? `expected 1 to 200 characters and none of them a control character, got ${quote(value)}`
    : null,
);

const MAX_LABELS = 20;

/** Labels of streams; without any it would be all streams there are, which no store of logs searches. */
const selector = z
  .record(labelName, labelValue, 'a mapping of labels to the values that they must have')
  .superRefine((value, context) => {
    const count = Object.keys(value).length;
    if (count > 0 && count <= MAX_LABELS) return;
    context.addIssue({ code: 'custom', message: `expected 1 to ${MAX_LABELS} labels, got ${count}` });
  });

/** Where logs are kept. */
export const logs = withRule(
  mapping(
    {
      /** Which language it is asked in. */
      kind: z.enum(['loki'], 'loki').default('loki'),
      ...httpFields,
      selector: selector.optional(),
    },
    'a URL, or a mapping with url',
  ),
  httpRule,
);
