/** Seconds of the times that a limit may be for. */
export const PERIOD_SECONDS = { second: 1, minute: 60, hour: 3_600, day: 86_400 } as const;
