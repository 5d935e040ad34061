import type { HttpTarget } from '../config/types.ts';
import { isPlainId, isRecord } from '../values/parse.ts';
import type { Clock } from './asked.ts';
import { jsonIn } from './json-answer.ts';
import { makeHttpClient } from './prometheus/http.ts';
import { SourceError } from './source-error.ts';

/** An alert that fires, as Alertmanager holds it. All of its texts are somebody else's. */
export interface Firing {
  /** Hexadecimal, of its labels. */
  readonly fingerprint: string;
  /** `suppressed`: it fires, and nobody is told. */
  readonly state: 'active' | 'suppressed';
  /** ISO 8601, UTC. */
  readonly startsAt: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where its expression is looked at; '' when it does not say. Not followed. */
  readonly generatorUrl: string;
  /** Ids of silences. */
  readonly silencedBy: readonly string[];
  /** Fingerprints of alerts. */
  readonly inhibitedBy: readonly string[];
  /** Names of time intervals. */
  readonly mutedBy: readonly string[];
}

/** What says that nobody is to be told of some alerts. */
export interface Silence {
  readonly createdBy: string;
  readonly comment: string;
  /** ISO 8601, UTC. */
  readonly endsAt: string;
}

/** Asks one Alertmanager by its API v2. Each question throws SourceError, in words that name the host. */
export interface Alertmanager {
  /** All alerts that fire, silenced and inhibited ones too. */
  alerts(): Promise<Firing[]>;
  /** @param id of the form of a UUID, as `silencedBy` holds them */
  silence(id: string): Promise<Silence>;
}

/** More are no page any more, and would be none that is read. */
const MAX_ALERTS = 20_000;

/**
 * @param timeoutMs for each question: an operator may think for a while between two of them
 * @param interrupt aborted when the operator interrupts
 */
export function connectAlertmanager(
  target: HttpTarget,
  timeoutMs: number,
  clock: Clock,
  interrupt: AbortSignal,
): Alertmanager {
  const get = async <T>(path: string, params: Record<string, string>, read: (answer: unknown) => T) => {
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), interrupt]);
    const http = makeHttpClient(target, signal, clock.now, {
      whenTooLarge: 'too many alerts fire there',
    });
    try {
      return read(jsonIn((await http.get(path, params)).body));
    } catch (error) {
      throw error instanceof SourceError
        ? new SourceError(error.cause, `alertmanager ${http.host}: ${error.message}`)
        : error;
    } finally {
      http.close();
    }
  };
  return {
    alerts: () => get('/api/v2/alerts', ALL, (answer) => alertsIn(answer, clock)),
    silence: (id) => get(`/api/v2/silence/${id}`, {}, (answer) => silenceIn(answer, clock)),
  };
}

const ALL = { active: 'true', silenced: 'true', inhibited: 'true', unprocessed: 'true' };

const malformed = (what: string): SourceError => new SourceError('malformed', what);

function alertsIn(answer: unknown, clock: Clock): Firing[] {
  if (!Array.isArray(answer)) throw malformed('the answer is not a list of alerts');
  if (answer.length > MAX_ALERTS) {
    throw malformed(`${answer.length} alerts fire, at most ${MAX_ALERTS} are read, so none is`);
  }
  return answer.map((entry) => alertIn(entry, clock));
}

function alertIn(entry: unknown, clock: Clock): Firing {
  if (!isRecord(entry) || !isRecord(entry.status)) throw malformed('an alert of the answer has no status');
  const { fingerprint, startsAt, labels, status, generatorURL } = entry;
  if (typeof fingerprint !== 'string' || !/^[0-9a-f]{1,64}$/.test(fingerprint)) {
    throw malformed('an alert of the answer has no fingerprint');
  }
  const { state, silencedBy, inhibitedBy, mutedBy } = status;
  if (state !== 'active' && state !== 'suppressed' && state !== 'unprocessed') {
    throw malformed(`alert ${fingerprint} of the answer has no state`);
  }
  const names = isRecord(labels) ? Object.entries(labels) : null;
  if (names === null || !names.every((label): label is [string, string] => typeof label[1] === 'string')) {
    throw malformed(`the labels of alert ${fingerprint} are not texts`);
  }
  return {
    fingerprint,
    // One that has just come in is not suppressed so far.
    state: state === 'suppressed' ? 'suppressed' : 'active',
    startsAt: timeIn(startsAt, `alert ${fingerprint} does not say since when it fires`, clock),
    labels: Object.fromEntries(names),
    generatorUrl: typeof generatorURL === 'string' ? generatorURL : '',
    silencedBy: textsIn(silencedBy, isPlainId),
    inhibitedBy: textsIn(inhibitedBy, isPlainId),
    mutedBy: textsIn(mutedBy),
  };
}

function silenceIn(answer: unknown, clock: Clock): Silence {
  if (!isRecord(answer)) throw malformed('the answer is not a silence');
  const { createdBy, comment, endsAt } = answer;
  if (typeof createdBy !== 'string' || typeof comment !== 'string') {
    throw malformed('the silence of the answer does not say by whom and why');
  }
  return { createdBy, comment, endsAt: timeIn(endsAt, 'the silence of the answer does not end', clock) };
}

function timeIn(value: unknown, otherwise: string, clock: Clock): string {
  const ms = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? clock.ms(value) : Number.NaN;
  const iso = Number.isFinite(ms) ? clock.iso(ms) : '';
  if (!/^\d{4}-/.test(iso)) throw malformed(otherwise);
  return iso;
}

/** Versions before 0.28 know no `mutedBy`. */
function textsIn(list: unknown, isFit: (text: string) => boolean = () => true): string[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'string' && isFit(one))) {
    throw malformed('what suppresses an alert of the answer is not a list of names');
  }
  return list;
}
