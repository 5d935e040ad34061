import type { LogsCode } from '../doctor/types.ts';
import { listOf, plural, said, type Teller, textOf } from './doctor-document.ts';
import { someOf } from './lines.ts';

/** How the store of the logs stands. */
export const LOGS_SENTENCES: Readonly<Record<LogsCode, Teller>> = {
  'logs-version': ({ args, latencyMs }) =>
    said(`Loki ${textOf(args.version)} answers (${latencyMs ?? 0} ms)`),
  'logs-ready': () => said('it says that it is ready'),
  'logs-not-ready': ({ reason }) =>
    said(
      `Loki says that it is not ready: ${textOf(reason, 300)}`,
      'Lines of the last minutes may be missing from what triage counts, until it is. See its own health (GET /ready).',
    ),
  'logs-ready-unknown': ({ reason }) =>
    said(
      `whether it is ready is not told, which a gateway in front of it often hides: ${textOf(reason, 300)}`,
    ),
  'logs-streams': ({ args, entities }) =>
    said(
      `${plural(entities ?? 0, 'stream')} of the last day ${entities === 1 ? 'has' : 'have'} ${streamsOf(args)}`,
    ),
  'logs-no-streams': ({ args }) => {
    const names = listOf(args.names);
    const lacking = textOf(args.lacking, 80);
    const there = names.length === 0 ? 'none' : someOf(names, 8);
    const why =
      args.lacking === null
        ? ''
        : args.label === null
          ? ` (there is no label ${lacking}; labels: ${there})`
          : ` (values of ${textOf(args.label, 80)}: ${there})`;
    return said(
      `Loki has no stream of the last day with ${streamsOf(args)}, so triage reads nothing there${why}`,
      'Name the streams of this system in logs.selector of the context; or see whether it still sends its logs.',
    );
  },
  'logs-streams-unknown': ({ args, reason }) =>
    said(`whether any stream has ${streamsOf(args)} is not known: ${textOf(reason, 300)}`),
  'logs-absent': ({ args }) => {
    const signals = listOf(args.signals);
    return said(
      `no logs are configured, in which ${plural(signals.length, 'signal')} would be read: ${someOf(signals)} (--logs-url, or logs in the context)`,
    );
  },
};

const streamsOf = ({ streams }: Parameters<Teller>[0]['args']): string => listOf(streams, 200).join(' ');
