import type { Adapter, Answer } from '../../evidence/collect.ts';
import { type Reading, unknown } from '../../evidence/types.ts';
import type { Asked } from '../asked.ts';
import { SourceError } from '../source-error.ts';
import { answered } from './answer.ts';
import { type HttpClient, makeHttpClient } from './http.ts';
import { readQuery } from './own-query.ts';
import { readRate } from './rate.ts';
import { type Question, readAge, readGauge } from './read.ts';

/** Reads all of a runbook's Prometheus sources at once, each on its own: one that fails leaves the others be. */
export const readPrometheus: Adapter = async (asked, { config, runbook, windowSeconds, clock, signal }) => {
  const http = makeHttpClient(config.prometheus, signal, clock.now);
  const startedAt = clock.now();
  try {
    const answers = asked.map(async (one): Promise<Answer> => {
      const { queries } = config;
      try {
        const reading = await readOne(one, { http, runbook, kind: one.kind, windowSeconds, queries });
        return answered(one, reading, clock.now() - startedAt);
      } catch (error) {
        return answered(one, failed(error, http), clock.now() - startedAt);
      }
    });
    return await Promise.all(answers);
  } finally {
    http.close();
  }
};

function readOne({ source }: Asked, question: Question): Promise<Reading> {
  switch (source.kind) {
    case 'prometheus-rate':
      return readRate(source, question);
    case 'prometheus-gauge':
      return readGauge(source, question);
    case 'prometheus-age':
      return readAge(source, question);
    case 'prometheus-query':
      return readQuery(source, question);
    default:
      throw new SourceError('malformed', `${source.kind} is not a source in Prometheus`);
  }
}

function failed(error: unknown, http: HttpClient): Reading {
  if (error instanceof SourceError) return unknown(error.cause, `prometheus ${http.host}: ${error.message}`);
  throw error;
}
