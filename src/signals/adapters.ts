import type { Adapters } from '../evidence/collect.ts';
import { readLogs } from './logs/adapter.ts';
import { readPrometheus } from './prometheus/adapter.ts';
import { readRedis } from './redis/read.ts';

/** The adapters for real systems; loaded when a command first needs them. */
export const adapters: Adapters = { redis: readRedis, prometheus: readPrometheus, logs: readLogs };
