import { endpointsOf } from '../config/display.ts';
import type { Config, HttpTarget, Secret } from '../config/types.ts';
import type { Alert } from '../evidence/alert.ts';
import type { Answers } from '../evidence/answers.ts';
import { CAPTURE_SCHEMA } from '../evidence/capture-name.ts';
import type { Capture } from '../evidence/capture-schema.ts';
import type { History } from '../evidence/history.ts';
import { mapAlert, mapMessages, mapReasons } from '../evidence/messages.ts';
import { type Captured, redactAlert, redactAll } from '../evidence/redact.ts';
import type { Evidence } from '../evidence/types.ts';
import { toJson } from '../output/json.ts';
import type { Runbook } from '../runbooks/schema.ts';

/** What a run has collected. */
export interface Collected {
  readonly evidence: Evidence;
  readonly runbook: Runbook;
  readonly context: string | null;
  readonly alert: Alert | null;
  readonly totalMs: number;
  readonly answers: Answers;
  /** How the charts went until then; null: nobody asked. */
  readonly history: History | null;
}

/** What a run has collected, as a capture without secrets. Ends with a newline. */
export function captureText(run: Collected, config: Config, isRedacted: boolean, version: string): string {
  const { runbook, context, alert, totalMs, answers } = run;
  const withoutSecrets = hiding(secretsOf(config));
  const clean = cleaned(run, withoutSecrets);
  const cleanAlert = alert && mapAlert(alert, withoutSecrets);
  const shown = isRedacted ? redactAll(clean, runbook, hostsOf(config)) : clean;
  const capture: Capture = {
    ...{ schema: CAPTURE_SCHEMA, version, runbook: config.runbook },
    context: isRedacted ? null : context,
    ...{ thresholds: config.thresholds, totalMs, redacted: isRedacted },
    alert: isRedacted ? cleanAlert && redactAlert(cleanAlert) : cleanAlert,
    ...shown,
    answers: isRedacted ? byNobody(answers) : answers,
  };
  return toJson(capture);
}

/** Who answered is somebody's name. */
const byNobody = (answers: Answers): Answers =>
  Object.fromEntries(Object.entries(answers).map(([id, { answer }]) => [id, { answer, by: 'operator' }]));

/** How messages name the systems that were read. */
const hostsOf = ({ redis, prometheus, logs }: Config): string[] =>
  [
    ...[redis.display, redis.path],
    ...[...prometheus, ...(logs === null ? [] : [logs.http])].flatMap(({ url }) => [url, new URL(url).host]),
    ...endpointsOf(redis).map(({ host }) => host),
  ].filter((name): name is string => name !== null && name !== '');

/** A message may quote what a server answered, and that may echo what it was sent. */
const hiding =
  (secrets: readonly string[]) =>
  (message: string): string =>
    secrets.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), message);

function cleaned({ evidence, history }: Collected, hide: (message: string) => string): Captured {
  const told = mapReasons(history?.charts ?? [], history?.alerts ?? null, hide);
  return { evidence: mapMessages(evidence, hide), history: told.charts, alertHistory: told.alerts };
}

function secretsOf({ redis, prometheus, logs, alertmanager }: Config): string[] {
  const ofHttp = ({
    bearerToken,
    basicAuth,
    tls,
    headers,
  }: HttpTarget): (Secret | string | null | undefined)[] => [
    ...[bearerToken, basicAuth?.password, tls?.key],
    ...Object.entries(headers).flatMap(([name, value]) =>
      /auth|token|key|cookie/i.test(name) ? [value] : [],
    ),
  ];
  const ofSentinels = redis.topology.kind === 'sentinel' ? [redis.topology.password] : [];
  return [
    redis.password,
    redis.tls?.key,
    ...ofSentinels,
    ...[...prometheus, ...(logs === null ? [] : [logs.http]), alertmanager].flatMap(ofHttp),
  ].flatMap((secret) => {
    if (secret === null || secret === undefined) return [];
    const text = typeof secret === 'string' ? secret : secret.reveal();
    return text === '' ? [] : [text];
  });
}
