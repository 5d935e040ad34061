import type { PrometheusFacts, Scraping } from './facts.ts';
import { type Check, checkOf, unknownCheck } from './types.ts';

/** A rate needs two samples. */
const INTERVALS = 2;

/** Which one it is, and what is asked. */
interface Look {
  /** What it is called. */
  readonly source: string;
  readonly windowSeconds: number;
  /** How many Prometheus triage asks. */
  readonly asked: number;
}

/** How the Prometheus stands that triage asks: does it see everything, and everything once? */
export function prometheusChecks({ version, scraping }: PrometheusFacts, look: Look): Check[] {
  const prometheus = { check: 'prometheus', source: look.source } as const;
  return [
    version.known
      ? checkOf({
          ...prometheus,
          code: 'prometheus-version',
          level: 'fine',
          args: { version: version.value },
        })
      : unknownCheck('prometheus', 'version-unknown', version, prometheus),
    ...(scraping.known
      ? [...intervalChecks(scraping.value, look), ...copyChecks(scraping.value, look)]
      : [unknownCheck('prometheus', 'scraping-unknown', scraping, prometheus)]),
  ];
}

function intervalChecks({ intervals }: Scraping, { source, windowSeconds }: Look): Check[] {
  const [slowest] = Object.entries(intervals).sort((a, b) => b[1] - a[1]);
  if (slowest === undefined) return [];
  const [metric, intervalSeconds] = slowest;
  const isShort = windowSeconds < INTERVALS * intervalSeconds;
  return [
    checkOf({
      ...{ check: 'prometheus', source },
      ...(isShort ? SHORT : LONG_ENOUGH),
      args: { metric, intervalSeconds, windowSeconds },
    }),
  ];
}

const SHORT = { code: 'window-short', level: 'problem' } as const;
const LONG_ENOUGH = { code: 'window-long-enough', level: 'fine' } as const;

/** Is anything counted twice, and is anything collected elsewhere? */
function copyChecks({ duplicates, instances, prometheuses }: Scraping, { source, asked }: Look): Check[] {
  const base = { check: 'prometheus', source } as const;
  const [first] = duplicates;
  const twice =
    first === undefined
      ? checkOf({ ...base, code: 'scraped-once', level: 'fine' })
      : checkOf({
          ...{ ...base, code: 'scraped-twice', level: 'problem', entities: duplicates.length },
          args: { ...first, metrics: [...new Set(duplicates.map(({ metric }) => metric))] },
        });
  const others =
    prometheuses.count > Math.max(1, asked)
      ? [
          checkOf({
            ...{ ...base, code: 'other-prometheus', level: 'warning', entities: prometheuses.count },
            args: { count: prometheuses.count, names: prometheuses.names },
          }),
        ]
      : [];
  if (instances.count === 0) return [twice, ...others];
  return [
    twice,
    ...others,
    checkOf({
      ...{ ...base, code: 'instances-seen', level: 'note', entities: instances.count },
      args: { count: instances.count, names: instances.names },
    }),
  ];
}
