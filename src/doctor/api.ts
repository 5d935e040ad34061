import type { Runbook } from '../runbooks/schema.ts';
import type { ApiFacts } from './facts.ts';
import { type Check, checkOf } from './types.ts';

/** Can the remedies that go through the system's API be applied? Nothing when the runbook has none. */
export function apiChecks(facts: ApiFacts, { remedies }: Runbook): Check[] {
  const needs = [
    ...(remedies['kill-switch'] === null ? [] : ['kill-switch']),
    ...(remedies['raise-cap']?.permanent == null ? [] : ['raise-cap --permanent']),
  ];
  if (needs.length === 0) return [];
  const base = { check: 'api', source: 'API', args: { needs } } as const;
  switch (facts.state) {
    case 'not-configured':
      return [checkOf({ ...base, code: 'api-absent', level: 'note', status: 'absent' })];
    case 'no-token':
      return [checkOf({ ...base, code: 'api-no-token', level: 'warning' })];
    case 'plain-http':
      return [checkOf({ ...base, code: 'api-plain-http', level: 'problem', reason: facts.reason })];
    case 'unreachable':
      return [
        checkOf({
          ...{ ...base, code: 'api-unreachable', level: 'problem', status: 'unknown' },
          ...{ cause: facts.cause, reason: facts.reason },
        }),
      ];
    case 'answered': {
      const { url, status, said, isJson, latencyMs } = facts;
      const args = { ...base.args, url, status, said };
      return [checkOf({ ...base, ...judge(status, isJson), latencyMs, args })];
    }
  }
}

/** What the status of a question about nobody's tenant says of the token. */
function judge(status: number, isJson: boolean): Pick<Check, 'code' | 'level' | 'cause'> & Partial<Check> {
  if (status === 401) return { code: 'api-refuses', level: 'problem', cause: 'auth' };
  // A token of one tenant may be forbidden to ask about nobody's, and do all that it is for.
  if (status === 403) return { code: 'api-forbids', level: 'warning', status: 'unknown', cause: null };
  if (status >= 200 && status < 300 && isJson) return { code: 'api-answers', level: 'fine', cause: null };
  if (status >= 500 || status === 429) return { code: 'api-fails', level: 'problem', cause: 'refused' };
  // Not found may be nobody's tenant, or a wrong path; a page of HTML may be a login.
  return { code: 'api-unclear', level: 'note', status: 'unknown', cause: 'refused' };
}
