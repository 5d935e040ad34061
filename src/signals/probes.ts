import { apiHealth } from './api-health.ts';
import { lokiHealth } from './logs/loki-health.ts';
import { prometheusHealth } from './prometheus/health.ts';
import { redisClock, redisInfo, redisServers } from './redis/health.ts';
import { redisRights } from './redis/rights.ts';
import { surveyKeys } from './redis/survey.ts';

/** The doctor's questions to real systems; loaded when it first needs them. */
export const probes = {
  redisServers,
  redisClock,
  redisInfo,
  redisRights,
  surveyKeys,
  prometheusHealth,
  lokiHealth,
  apiHealth,
};

export type Probes = typeof probes;
