import type { Evidence } from '../evidence/types.ts';
import type { CategorySpec, Runbook, StepSpec } from '../runbooks/schema.ts';
import { isSafeId, type Link, linkTo } from '../values/pages.ts';
import type { Finding, Subject, Verdict } from '../verdict/types.ts';

/** A response of the runbook, filled for this finding. */
export interface Proposal {
  readonly id: string;
  readonly kind: 'command' | 'manual';
  /** Words of the command; null for a manual step. */
  readonly argv: readonly string[] | null;
  readonly text: string;
  readonly link: Link | null;
}

/** Commands for that many subjects are spelled out. */
const MAX_COMMANDS = 10;

/** Commands that read all that triage reads. */
const READS_ALL: ReadonlySet<string> = new Set(['triage', 'limits', 'doctor', 'watch', 'report']);
/** Commands that change a system. */
const CHANGES: ReadonlySet<string> = new Set([
  ...['block-ip', 'unblock-ip', 'raise-cap', 'undo', 'kill-switch engage', 'kill-switch release'],
]);

/** Does a proposed command change nothing? */
export const onlyLooks = ([, command = '', part = '']: readonly string[]): boolean =>
  !CHANGES.has(command) && !CHANGES.has(`${command} ${part}`);

/**
 * The runbook's responses to a finding, in its order. Only checked identifiers enter a command: an address, or an id
 * of letters, digits, dash and underscore. Each command carries what it needs to hit the system that was read.
 */
export function propose(
  finding: Finding,
  category: CategorySpec,
  runbook: Runbook,
  evidence: Evidence,
): Proposal[] {
  return finding.responses.flatMap(({ id, except }): Proposal[] => {
    const step = category.respond.find((candidate) => candidate.id === id);
    if (!step) return [];
    const to = step.link === null ? undefined : runbook.links[step.link];
    const link = to === undefined ? null : linkTo(to, finding.subjects);
    const text = [step.text, ...figureOf(step, evidence)].join(' ');
    const manual: Proposal = { id, kind: 'manual', argv: null, text, link };
    if (step.command === null) return isForNobody(finding, except) ? [] : [manual];
    const subjects = finding.subjects.filter((subject) => !except.includes(subject.id));
    const commands = argvs(step, subjects, runbook, evidence);
    if (commands.length === 0) return except.length > 0 ? [] : [manual];
    return commands.map((argv) => ({ ...manual, kind: 'command', argv }));
  });
}

/** What a step says of a number, an estimate: two digits of it. */
function figureOf({ figure }: StepSpec, { signals }: Evidence): string[] {
  if (figure === null) return [];
  const signal = signals[figure.signal];
  const isTold = signal?.status === 'measured' || (signal?.status === 'empty' && signal.live);
  if (!isTold || signal.total === null) return [figure.else];
  return [figure.say.replaceAll('{total}', twoDigits(signal.total))];
}

/** Made when it is needed: a format takes its time to load, and most steps say no number. */
const twoDigits = (value: number): string =>
  new Intl.NumberFormat('en', { maximumSignificantDigits: 2 }).format(value);

/** Is it withheld for each of those whom the finding is about? */
const isForNobody = ({ subjects }: Finding, except: readonly string[]): boolean =>
  except.length > 0 && subjects.every(({ id }) => except.includes(id));

/** The responses to all findings, by category, in the order of the findings. */
export const proposeAll = (
  verdict: Verdict,
  runbook: Runbook,
  evidence: Evidence,
): ReadonlyMap<string, readonly Proposal[]> =>
  new Map(
    verdict.findings.flatMap((finding) => {
      const category = runbook.categories.find(({ id }) => id === finding.category);
      return category ? [[finding.category, propose(finding, category, runbook, evidence)]] : [];
    }),
  );

function argvs(
  { command, each }: StepSpec,
  subjects: readonly Subject[],
  runbook: Runbook,
  evidence: Evidence,
): string[][] {
  if (command === null) return [];
  const reach = READS_ALL.has(command[1] ?? '') ? evidence.reads : evidence.reach;
  const fill = (subject: string, enough: string) => [
    ...command.map((word) => word.replaceAll('{subject}', () => subject).replaceAll('{enough}', enough)),
    ...reach,
  ];
  if (each === null) return [fill('', '')];
  const needsAmount = command.some((word) => word.includes('{enough}'));
  return subjects
    .filter((subject) => subject.kind === each && isSafeId(subject))
    .slice(0, MAX_COMMANDS)
    .flatMap(({ id }) => {
      const enough = needsAmount ? enoughFor(id, runbook, evidence) : '';
      return enough === null ? [] : [fill(id, enough)];
    });
}

/** What `raise-cap` takes at the most, USD. */
const MOST_USD = 999_999_999;

/** A cap in whole USD above what an agent has spent and may spend; null: there is none, or its row is not there. */
function enoughFor(agent: string, { remedies }: Runbook, { signals }: Evidence): string | null {
  const spec = remedies['raise-cap'];
  const row = spec === null ? undefined : signals[spec.signal]?.rows.find(({ id }) => id === agent);
  if (spec === null || row === undefined) return null;
  const used = Math.max(row.value, row.limit?.value ?? 0);
  const enough = Math.max(Math.ceil(used * spec.headroom), Math.floor(used) + 1);
  return enough <= MOST_USD ? enough.toFixed(2) : null;
}
