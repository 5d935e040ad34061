/** Labels of an alert that say which context and which runbook it is about: the alerting rules of a runbook have them. */
export const LEADING_LABELS = { context: 'ratelimit_context', runbook: 'ratelimit_runbook' } as const;
