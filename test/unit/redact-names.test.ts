import { expect, test } from 'vitest';
import { redact } from '../../src/evidence/redact.ts';
import { measured, rowOf } from '../../src/evidence/types.ts';
import { aegis, evidence } from '../support/evidence.ts';

const of = (id: string, value: number, labels = {}) =>
  measured({ total: null, distinct: 1, rows: [rowOf({ id, valid: true, value, labels })] });

test('a name out of a key is replaced, a word of the system stays', () => {
  const redacted = redact(
    evidence({
      quarantines: of('acme:agent-7', 3600, { reason: { 'cost spike of acme': 1 } }),
      'rejects-by-layer': of('auth_fail_ip', 40),
    }),
    aegis,
    [],
  );
  expect(redacted.signals['rejects-by-layer']?.rows[0]?.id).toBe('auth_fail_ip');
  expect(JSON.stringify(redacted)).not.toMatch(/acme|agent-7/);
});
