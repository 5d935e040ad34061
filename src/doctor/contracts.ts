import type { ContractSpec, Runbook } from '../runbooks/schema.ts';
import { labelOf, namesOf } from '../runbooks/sources.ts';
import { keyPattern } from '../values/template.ts';
import { isThere, type Source } from './reach.ts';
import { type Check, checkOf } from './types.ts';

/** What of a contract is to be seen. */
interface Seen {
  readonly contract: ContractSpec;
  /** Sources of its own. */
  readonly own: readonly Source[];
  readonly there: readonly Source[];
  readonly isUnknown: boolean;
}

function seenIn({ contracts }: Runbook, sources: readonly Source[]): Seen[] {
  return contracts.map((contract): Seen => {
    const own = sources.filter(({ spec }) => namesOf(spec).some((name) => contract.speaks.includes(name)));
    const isUnknown = own.some(({ report }) => report.status === 'unknown');
    return { contract, own, there: own.filter(isThere), isUnknown };
  });
}

const isSpoken = ({ there }: Seen): boolean => there.length > 0;
const isSilent = ({ there, isUnknown }: Seen): boolean => there.length === 0 && !isUnknown;

/**
 * Sources of contracts that the system does not speak, while it speaks another: that such a key family is empty does not
 * mean that nothing happens.
 */
export function unspokenSources(runbook: Runbook, sources: readonly Source[]): ReadonlySet<Source> {
  const seen = seenIn(runbook, sources);
  if (!seen.some(isSpoken)) return new Set();
  const spoken = new Set(seen.filter(isSpoken).flatMap(({ own }) => own));
  return new Set(seen.filter(isSilent).flatMap(({ own }) => own.filter((source) => !spoken.has(source))));
}

/**
 * Which of the ways that the runbook knows this system has to keep its facts, and what follows: where a signal is kept
 * here and where it is not, and which signals only the other way has.
 */
export function contractChecks(runbook: Runbook, sources: readonly Source[]): Check[] {
  const { contracts, signals } = runbook;
  if (contracts.length === 0) return [];
  const seen = seenIn(runbook, sources);
  if (!seen.some(isSpoken)) {
    const isUnknown = seen.some((one) => one.isUnknown);
    return [
      checkOf({
        ...{ check: 'contract', code: 'contract-none', level: isUnknown ? 'note' : 'warning' },
        status: isUnknown ? 'unknown' : 'absent',
        args: { titles: contracts.map(({ title }) => title) },
      }),
    ];
  }
  const unspoken = unspokenSources(runbook, sources);
  const silent = seen.filter(isSilent).map(({ contract }) => contract.title);
  const drifted = Object.keys(signals).flatMap((signal): Check[] => {
    const own = sources.filter((source) => source.signal === signal);
    const missing = own.filter((source) => unspoken.has(source));
    if (missing.length === 0) return [];
    const here = own.filter((source) => !unspoken.has(source));
    const args = { not: labels(missing, contracts), silent };
    const base = { check: 'contract', level: 'note', signal } as const;
    if (here.length === 0) return [checkOf({ ...base, code: 'kept-nowhere', status: 'absent', args })];
    // What is nowhere to be seen is no drift between the two: of the source itself more is said.
    if (here.every(({ report }) => report.status === 'absent' || report.status === 'unknown')) return [];
    const traits = [...new Set(here.flatMap(traitsOf))];
    const isSeen = here.some(isThere) ? 'yes' : null;
    return [
      checkOf({
        ...{ ...base, code: 'kept-elsewhere' },
        args: { ...args, here: labels(here, contracts), traits, lost: lost(missing, here), seen: isSeen },
      }),
    ];
  });
  const spokenFirst = [...seen].sort((a, b) => Number(isSpoken(b)) - Number(isSpoken(a)));
  return [
    ...spokenFirst.map((one) =>
      checkOf({
        ...{ check: 'contract', level: 'note', source: one.contract.id },
        code: isSpoken(one) ? 'contract-spoken' : 'contract-unseen',
        status: isSpoken(one) ? 'ok' : one.isUnknown ? 'unknown' : 'absent',
        args: { title: one.contract.title, there: one.there.length, of: one.own.length },
      }),
    ),
    ...drifted,
  ];
}

/** What of the sources the contracts are about: of a spend and its cap often only the spend. */
function labels(sources: readonly Source[], contracts: readonly ContractSpec[]): string[] {
  const isMeant = (name: string) => contracts.some(({ speaks }) => speaks.includes(name));
  const all = sources.flatMap(({ spec }) => {
    const meant = 'metric' in spec ? [] : namesOf(spec).filter(isMeant);
    return meant.length > 0 ? meant.map(keyPattern) : [labelOf(spec)];
  });
  return [...new Set(all)];
}

/** Labels that only the missing sources would have told. */
function lost(missing: readonly Source[], here: readonly Source[]): string[] {
  const mixes = (list: readonly Source[]) =>
    list.flatMap(({ spec }) => ('mix' in spec && spec.mix !== null ? [spec.mix] : []));
  return [...new Set(mixes(missing))].filter((label) => !mixes(here).includes(label));
}

/** What is particular to a source, as codes: `window 1m`, `stops-at 25`, `named-by-client`, `cents`, `month`, `by limit_type`. */
function traitsOf({ spec }: Source): string[] {
  switch (spec.kind) {
    case 'redis-counter':
      return [
        ...(spec.window === null ? [] : [`window ${spec.window}`]),
        ...(spec['stops-at'] === null ? [] : [`stops-at ${spec['stops-at']}`]),
        ...(spec['named-by'] === 'client' ? ['named-by-client'] : []),
      ];
    case 'redis-spend':
      return [
        ...(spec.unit === 'cents' ? ['cents'] : []),
        ...(spec.spend.endsWith('{yyyy-mm}') ? ['month'] : []),
      ];
    case 'prometheus-rate':
      return spec.mix === null ? [] : [`by ${spec.mix}`];
    default:
      return [];
  }
}
