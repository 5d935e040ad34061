import type { PrometheusFacts, Scraping } from './facts.ts';
import { type Check, checkOf, unknownCheck } from './types.ts';

/** A rate needs two samples. */
const INTERVALS = 2;

/** How the Prometheus stands that triage asks: does it see everything, and everything once? */
export function prometheusChecks({ version, scraping }: PrometheusFacts, windowSeconds: number): Check[] {
  const prometheus = { check: 'prometheus', source: 'Prometheus' } as const;
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
      ? [...intervalChecks(scraping.value, windowSeconds), ...copyChecks(scraping.value)]
      : [unknownCheck('prometheus', 'scraping-unknown', scraping, prometheus)]),
  ];
}

function intervalChecks({ intervals }: Scraping, windowSeconds: number): Check[] {
  const [slowest] = Object.entries(intervals).sort((a, b) => b[1] - a[1]);
  if (slowest === undefined) return [];
  const [metric, intervalSeconds] = slowest;
  const isShort = windowSeconds < INTERVALS * intervalSeconds;
  return [
    checkOf({
      ...{ check: 'prometheus', source: 'Prometheus' },
      ...(isShort ? SHORT : LONG_ENOUGH),
      args: { metric, intervalSeconds, windowSeconds },
    }),
  ];
}

const SHORT = { code: 'window-short', level: 'problem' } as const;
const LONG_ENOUGH = { code: 'window-long-enough', level: 'fine' } as const;

/** Is anything counted twice, and is anything collected elsewhere? */
function copyChecks({ duplicates, instances, prometheuses }: Scraping): Check[] {
  const base = { check: 'prometheus', source: 'Prometheus' } as const;
  const [first] = duplicates;
  const twice =
    first === undefined
      ? checkOf({ ...base, code: 'scraped-once', level: 'fine' })
      : checkOf({
          ...{ ...base, code: 'scraped-twice', level: 'problem', entities: duplicates.length },
          args: { ...first, metrics: [...new Set(duplicates.map(({ metric }) => metric))] },
        });
  const others =
    prometheuses.count > 1
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
