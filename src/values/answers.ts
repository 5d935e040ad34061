/** The answer to a question of a runbook of whoever does not know; every question has it. */
export const DONT_KNOW = 'unknown';
