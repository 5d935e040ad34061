/** The schema that captures are written in. Whoever writes one need not load what reads them. */
export const CAPTURE_SCHEMA = 'ratelimit/capture/v2';
