import type { Runbook } from '../runbooks/schema.ts';
import type { Clock } from '../signals/asked.ts';
import { clockChecks } from './clocks.ts';
import type { LogsFacts, Readiness, StreamsSeen } from './facts.ts';
import { type Check, checkOf, unknownCheck } from './types.ts';

const LOKI = { check: 'logs', source: 'Loki' } as const;

/** How the store of the logs stands, and whether it has the streams that are read. @param facts null: none is asked */
export function logsChecks(facts: LogsFacts | null, runbook: Runbook, clock: Pick<Clock, 'ms'>): Check[] {
  if (facts === null) {
    const signals = readInLogs(runbook);
    return signals.length === 0
      ? []
      : [checkOf({ ...LOKI, code: 'logs-absent', level: 'note', status: 'absent', args: { signals } })];
  }
  const { version, ready, streams } = facts;
  return [
    version.known
      ? checkOf({
          ...{ ...LOKI, code: 'logs-version', level: 'fine', latencyMs: version.value.latencyMs },
          args: { version: version.value.name },
        })
      : unknownCheck('logs', 'version-unknown', version, LOKI),
    readyCheck(ready),
    ...streams.map(streamsCheck),
    ...clockChecks('Loki', facts.clock, clock),
  ];
}

const readInLogs = ({ signals }: Runbook): string[] =>
  Object.entries(signals).flatMap(([id, { sources }]) =>
    sources.some(({ kind }) => kind === 'logs-count') ? [id] : [],
  );

function readyCheck(ready: Readiness): Check {
  switch (ready.state) {
    case 'ready':
      return checkOf({ ...LOKI, code: 'logs-ready', level: 'fine', latencyMs: ready.latencyMs });
    case 'not-ready':
      return checkOf({ ...LOKI, code: 'logs-not-ready', level: 'warning', reason: ready.said });
    case 'unknown':
      return unknownCheck('logs', 'logs-ready-unknown', ready, LOKI);
  }
}

function streamsCheck({ selector, found, instead }: StreamsSeen): Check {
  const streams = Object.entries(selector).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  if (!found.known)
    return unknownCheck('logs', 'logs-streams-unknown', found, { ...LOKI, args: { streams } });
  if (found.value > 0) {
    const { value: entities } = found;
    return checkOf({ ...LOKI, code: 'logs-streams', level: 'fine', entities, args: { streams } });
  }
  return checkOf({
    ...{ ...LOKI, code: 'logs-no-streams', level: 'warning', entities: 0 },
    args: {
      streams,
      label: instead?.label ?? null,
      lacking: instead?.lacking ?? null,
      names: instead?.names ?? [],
    },
  });
}
