import { literal } from '../runbooks/match.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { isAddress, readAddress } from '../values/address.ts';
import type { Alert } from './alert.ts';
import type { AlertHistory, ChartHistory, Line } from './history.ts';
import { mapMessages, mapReasons } from './messages.ts';
import type { Evidence, Id, Row, Signal } from './types.ts';

/**
 * Are its ids words of the system itself, such as a reason or a layer? They say nothing about anybody. A name that is a
 * part of a key of Redis is always somebody's, as an agent's in quarantine is.
 */
const isVocabulary = ({ entity, sources }: Runbook['signals'][string]): boolean =>
  (entity === null || entity.kind === 'name' || entity.kind === 'word') &&
  sources.every(({ kind }) => kind.startsWith('prometheus-'));

/** What an id is made of where it is several names with colons between them, such as a tenant and an agent. */
function placesOf({ sources }: Runbook['signals'][string]): string[] {
  const [first] = sources;
  const places = first?.kind === 'redis-entry' ? [...first.key.matchAll(/\{([^}]*)\}/g)] : [];
  return places.length > 1 ? places.map(([, name = '']) => name) : [];
}

/** Labels of our own making, whose values are words of this program. */
const OWN_LABELS: ReadonlySet<string> = new Set(['by']);

/** What a capture holds of a system. */
export interface Captured {
  readonly evidence: Evidence;
  readonly history: readonly ChartHistory[];
  readonly alertHistory: AlertHistory | null;
}

/** `redactAll` of evidence alone. */
export const redact = (evidence: Evidence, runbook: Runbook, hosts: readonly string[]): Evidence =>
  redactAll({ evidence, history: [], alertHistory: null }, runbook, hosts).evidence;

/**
 * The same with other addresses and ids: each stands for the same one throughout, so the evidence is judged to the same
 * verdict. Words that the runbook's conditions ask for stay. What a suggested command would need to reach the system is
 * left out.
 * @param hosts names of the systems that were read, as they occur in messages
 */
export function redactAll(
  { evidence, history, alertHistory }: Captured,
  runbook: Runbook,
  hosts: readonly string[],
): Captured {
  const stands = new StandIns(wordsOf(runbook));
  const signals = Object.entries(evidence.signals).map(([id, signal]): [string, Signal] => {
    const spec = runbook.signals[id];
    const kind = spec?.entity?.kind ?? 'name';
    const keeps = spec !== undefined && isVocabulary(spec);
    const sources = signal.sources.map((source) => ({ ...source, sample: null }));
    const parts = spec === undefined ? [] : placesOf(spec);
    const rows = signal.rows.map((row) => redactRow(row, { kind: row.kind ?? kind, keeps, parts }, stands));
    return [id, { ...signal, sources, rows }];
  });
  const charts = history.map((chart) => redactChart(chart, runbook, stands));
  const periods = (alertHistory?.periods ?? []).map((period) => ({
    ...period,
    labels: Object.fromEntries(
      Object.entries(period.labels).map(([label, value]) => [label, stands.forLabel(label, value)]),
    ),
  }));
  const servers = evidence.scan?.nodes.map(({ name }) => name) ?? [];
  const nodes = evidence.scan?.nodes.map((node, index) => ({ ...node, name: `server-${index + 1}` })) ?? [];
  const scan = evidence.scan === null ? null : { ...evidence.scan, nodes };
  // Messages last: by then every name that occurs in them has its stand-in.
  // Why earlier looks or the journal could not be read may name a folder of somebody.
  const earlier = evidence.earlier && {
    ...evidence.earlier,
    unread: evidence.earlier.unread === null ? null : '(redacted)',
    journalUnread: evidence.earlier.journalUnread === null ? null : '(redacted)',
  };
  const named = { ...evidence, reach: [], reads: [], scan, earlier, signals: Object.fromEntries(signals) };
  const inText = (message: string) => stands.inText(message, [...hosts, ...servers]);
  const { charts: shown, alerts: told } = mapReasons(
    charts,
    alertHistory === null ? null : { ...alertHistory, periods },
    inText,
  );
  return { evidence: mapMessages(named, inText), history: shown, alertHistory: told };
}

function redactChart(chart: ChartHistory, runbook: Runbook, stands: StandIns): ChartHistory {
  const spec = runbook.signals[chart.chart];
  const by = runbook.charts.find(({ signal }) => signal === chart.chart)?.by ?? null;
  const keeps = by === null && spec !== undefined && isVocabulary(spec);
  const kind = spec?.entity?.kind ?? 'name';
  const named = (id: string) => (by === null ? stands.forName(kind, id) : stands.forLabel(by, id));
  return {
    ...chart,
    lines: chart.lines.map((line): Line => ({ ...line, id: keeps ? line.id : named(line.id) })),
  };
}

/**
 * The same alert without what names anybody or any place: that it fires, since when, and what suppresses it. Its name
 * stays, as a rule of alerting has it; a fingerprint tells its labels to those who guess them.
 */
export const redactAlert = (alert: Alert): Alert => ({
  ...alert,
  ...{ source: '(url)', wanted: alert.wanted === alert.name ? alert.wanted : null },
  ...{ fingerprint: null, labels: {}, generatorUrl: null, instances: [], warnings: [] },
  reason: alert.reason === null ? null : '(redacted)',
  silencedBy: alert.silencedBy.map((one, index) => ({
    ...one,
    ...{ id: `silence-${index + 1}`, createdBy: null, comment: null },
  })),
  inhibitedBy: alert.inhibitedBy.map((one, index) => ({ ...one, fingerprint: `alert-${index + 1}` })),
});

function redactRow(
  row: Row,
  {
    kind,
    keeps,
    parts,
  }: { readonly kind: string; readonly keeps: boolean; readonly parts: readonly string[] },
  stands: StandIns,
): Row {
  const labels = Object.entries(row.labels).map(([label, mix]) => {
    const shown = Object.entries(mix).map(([value, part]) => [
      OWN_LABELS.has(label) ? value : stands.forLabel(label, value),
      part,
    ]);
    return [label, Object.fromEntries(shown)] as const;
  });
  return {
    ...row,
    id: keeps ? row.id : (stands.forParts(parts, row) ?? stands.forId(kind, row)),
    labels: Object.fromEntries(labels),
    limit:
      row.limit === null ? null : { ...row.limit, stored: row.limit.stored === null ? null : '(redacted)' },
  };
}

/** Which name stands for which. */
class StandIns {
  readonly #kept: ReadonlySet<string>;
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #networks = new Map<string, number>();

  constructor(kept: ReadonlySet<string>) {
    this.#kept = kept;
  }

  forId(kind: string, { id, valid, public: isPublic }: Row): Id {
    const name = typeof id === 'string' ? id : id.hex;
    if (this.#kept.has(name)) return id;
    if (!valid) return this.#standIn(`not-a-valid-${kind}`, name);
    return kind === 'ip' ? this.#address(name, isPublic !== false) : this.#standIn(kind, name);
  }

  /** A name that came without what rows know of theirs. */
  forName(kind: string, name: string): string {
    if (name === '' || this.#kept.has(name)) return name;
    return kind === 'ip' && isAddress(name) ? this.#address(name, true) : this.#standIn(kind, name);
  }

  /** An id of several names, each as it is called elsewhere; null: it is not one. */
  forParts(parts: readonly string[], { id }: Row): Id | null {
    const names = typeof id === 'string' ? id.split(':') : [];
    if (parts.length === 0 || names.length !== parts.length) return null;
    return names.map((name, index) => this.forLabel(parts[index] ?? 'name', name)).join(':');
  }

  /** A label may name a tenant or a job that is known as an entity, too. */
  forLabel(label: string, value: string): string {
    if (value === '' || this.#kept.has(value)) return value;
    return this.#names.get(value) ?? this.#standIn(label, value);
  }

  inText(message: string, hosts: readonly string[]): string {
    // The longest first: one name may be a part of another.
    const names = [...this.#names].sort(([a], [b]) => b.length - a.length);
    let text = message;
    for (const host of hosts) text = text.replaceAll(host, '(host)');
    for (const [name, stand] of names) {
      if (name.length > 2) for (const one of spellingsOf(name)) text = replaceName(text, one, stand);
    }
    return text
      .replace(/\b\w+:\/\/[^\s),]+/g, '(url)')
      .replace(/\d{1,3}(?:\.\d{1,3}){3}/g, (found) =>
        isStandIn(found) || !isAddress(found) ? found : this.#address(found, true),
      );
  }

  #standIn(kind: string, name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    // What the runbook asks for by the beginning of a name must still begin so.
    const word = [...this.#kept].find(
      (one) => name.startsWith(one) && !/^[a-z0-9]/i.test(name.slice(one.length)),
    );
    const stand = `${word ?? kind}-${this.#next(word ?? kind)}`;
    this.#names.set(name, stand);
    return stand;
  }

  /**
   * Of a range that nobody has: 198.18.0.0/15 is for benchmarks (RFC 2544), 2001:db8::/32 for documents (RFC 3849).
   * Addresses of one IPv6 network stay together, and an IPv4 address inside an IPv6 one stays the same.
   */
  #address(name: string, isPublic: boolean): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const stand = this.#standInAddress(name, isPublic);
    this.#names.set(name, stand);
    return stand;
  }

  #standInAddress(name: string, isPublic: boolean): string {
    const [, before, inner] = /^(.*:)(\d+(?:\.\d+){3})$/.exec(name) ?? [];
    const read = readAddress(name);
    if (inner !== undefined && read?.kind() === 'ipv4') return `${before}${this.#address(inner, isPublic)}`;
    const number = this.#next('address');
    if (!name.includes(':')) {
      return `${isPublic ? '198.18' : '10.255'}.${(number >> 8) & 255}.${number & 255}`;
    }
    const network = String(read?.toByteArray().slice(0, 8));
    const known = this.#networks.get(network) ?? this.#networks.size + 1;
    this.#networks.set(network, known);
    return `2001:db8:${isPublic ? '1' : '2'}:${known.toString(16)}::${number.toString(16)}`;
  }

  #next(kind: string): number {
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    return number;
  }
}

/** A name as it is, in quotes, and as one of the several values of a label that a source asks for. */
const spellingsOf = (name: string): Set<string> =>
  new Set([name, ...[name, literal(name)].map((text) => JSON.stringify(text).slice(1, -1))]);

/** Not inside of a longer word, such as the name of a metric. */
function replaceName(text: string, name: string, stand: string): string {
  const isWord = (char: string | undefined) => char !== undefined && /[A-Za-z0-9_]/.test(char);
  const parts = text.split(name);
  return parts.slice(1).reduce((all, part, index) => {
    const isInside = isWord(parts[index]?.at(-1)) || isWord(part[0]);
    return all + (isInside ? name : stand) + part;
  }, parts[0] ?? '');
}

const isStandIn = (address: string): boolean => /^(?:198\.18|10\.255)\./.test(address);

/** Every word that the runbook's conditions ask for: ids, values of labels, beginnings of names. */
function wordsOf(runbook: Runbook): Set<string> {
  const words = new Set<string>();
  const collect = (node: unknown, key = ''): void => {
    if (typeof node === 'string' && WORD_KEYS.has(key)) words.add(node);
    if (typeof node !== 'object' || node === null) return;
    for (const [name, value] of Object.entries(node)) collect(value, Array.isArray(node) ? key : name);
  };
  for (const { when, 'sure-when': sure, caveats } of runbook.categories) collect([when, sure, caveats]);
  collect(runbook.abnormal);
  return words;
}

const WORD_KEYS: ReadonlySet<string> = new Set(['id', 'only', 'not-only', 'named']);
