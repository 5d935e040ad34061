import type { Row } from '../evidence/types.ts';
import { networkOf, plainAddress } from './addresses.ts';
import { ask, kindOf, type Node, names, type Scene, subjectsOf } from './ask.ts';
import { thresholdOf } from './spread.ts';
import { type Outcome, plainId } from './types.ts';
import { candidates, partOf, someOf, standsOut } from './whom.ts';

// Conditions on where the entities that stand out come from.

export function notPublic({ signal, of }: Node<'not-public'>, scene: Scene): Outcome {
  return ask(scene, { code: 'not-public', signal, threshold: 1 }, (read) => {
    const inside = (row: Row) => row.public === false;
    const { rows, met, subjects } = someOf(of, signal, standsOut(signal, read, scene), inside, scene);
    return { measured: rows.length, met, subjects, args: { names: names(rows) } };
  });
}

export function claimed({ signal, of }: Node<'claimed'>, scene: Scene): Outcome {
  return ask(scene, { code: 'claimed', signal, threshold: 1 }, (read) => {
    const own = candidates(signal, read, scene);
    const { rows, met, subjects } = someOf(of, signal, own, (row) => row.claimed, scene);
    const args = { names: names(rows), sources: [...new Set(rows.flatMap((row) => row.sources))].join(', ') };
    return { measured: rows.length, met, subjects, args };
  });
}

export function oneNetwork({ signal, share }: Node<'one-network'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, share);
  return ask(scene, { code: 'one-network', signal, threshold }, () => {
    const { crowd } = scene.analysis(signal);
    const networks = new Map<string, Row[]>();
    for (const row of crowd) {
      const network = networkOf(plainId(row.id) ?? '');
      if (network !== null) networks.set(network, [...(networks.get(network) ?? []), row]);
    }
    const [largest] = [...networks]
      // One address of a network is that address.
      .filter(([, rows]) => rows.length > 1)
      .map(([network, rows]) => ({ network, count: rows.length, part: partOf(rows, crowd) }))
      .sort((a, b) => b.part - a.part);
    const { network = '', count = 0, part: measured = 0 } = largest ?? {};
    return { measured, met: measured >= threshold, args: { count, network } };
  });
}

export function listed({ signal, by, part, all }: Node<'listed'>, scene: Scene): Outcome {
  return ask(scene, { code: 'listed', signal: by, threshold: 1 }, (list) => {
    const own = scene.signals[signal];
    const hasSpread = (scene.runbook.signals[signal]?.spread ?? null) !== null;
    const rows = hasSpread || own === undefined ? standsOut(signal, own, scene) : own.rows;
    const others = new Set(list.rows.map((row) => (part === 'last' ? lastOf(row) : nameOf(row, by, scene))));
    const both = rows.filter((row) =>
      others.has(part === 'last' ? plainId(row.id) : nameOf(row, signal, scene)),
    );
    return {
      measured: both.length,
      met: both.length > 0 && (all !== true || both.length === rows.length),
      subjects: subjectsOf(scene, signal, both),
      args: { names: names(both), ...leftOf(rows, both, all) },
    };
  });
}

/** Where all of them are asked for, how many are not so. */
const leftOf = (rows: readonly Row[], found: readonly Row[], all: true | undefined) =>
  all === true ? { left: rows.length - found.length } : {};

/** What two signals may both know an entity by: names of two kinds may be alike. */
const nameOf = (row: Row, signal: string, scene: Scene): string =>
  JSON.stringify([kindOf(row, signal, scene), plainAddress(plainId(row.id) ?? JSON.stringify(row.id))]);

/** The last of several names with colons between them. */
const lastOf = ({ id }: Row): string | null => plainId(id)?.split(':').at(-1) ?? null;

export function plateau({ signal }: Node<'plateau'>, scene: Scene): Outcome {
  return ask(scene, { code: 'plateau', signal, threshold: 1 }, (read) => {
    const rows = candidates(signal, read, scene).filter((row) => row.atLeast);
    const args = { names: names(rows), largest: rows[0]?.value ?? 0 };
    return { measured: rows.length, met: rows.length > 0, subjects: subjectsOf(scene, signal, rows), args };
  });
}

export function shared({ signal, by, 'at-least': least, all }: Node<'shared'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, least);
  return ask(scene, { code: 'shared', signal: by, threshold }, (other) => {
    const own = scene.signals[signal];
    const rows = own === undefined ? [] : candidates(signal, own, scene);
    const users = (row: Row) =>
      Math.max(
        0,
        ...other.rows
          .filter(({ id }) => id === row.id)
          .flatMap(({ labels }) => Object.values(labels).map((mix) => Object.keys(mix).length)),
      );
    const several = rows.filter((row) => users(row) >= threshold);
    return {
      measured: Math.max(0, ...rows.map(users)),
      met: several.length > 0 && (all !== true || several.length === rows.length),
      subjects: subjectsOf(scene, signal, several),
      args: { names: names(several), ...leftOf(rows, several, all) },
    };
  });
}
