import type { CategorySpec, Runbook, StepSpec } from '../runbooks/schema.ts';
import { isAddress } from '../values/address.ts';
import type { Finding, Subject } from '../verdict/types.ts';

/** A response of the runbook, filled for this finding. */
export interface Remedy {
  readonly id: string;
  readonly kind: 'command' | 'manual';
  /** Words of the command; null for a manual step. */
  readonly argv: readonly string[] | null;
  readonly text: string;
  readonly link: { readonly title: string; readonly see: string } | null;
}

/** What commands need to reach the system that was read. */
export interface Reach {
  /** Words that make redis-cli reach the Redis that was read, without secrets. */
  readonly redis: readonly string[];
  /** True when redis-cli needs a password, which no command may hold. */
  readonly needsPassword?: boolean;
  /** Today, UTC, yyyymmdd. */
  readonly yyyymmdd: string;
}

/** Commands for that many subjects are spelled out. */
const MAX_COMMANDS = 10;
const SAFE_ID = /^[A-Za-z0-9_-]{1,128}$/;

/** May this id become part of a command? Checked here too, whoever made the finding. */
const isSafe = ({ kind, id }: Subject): boolean => (kind === 'ip' ? isAddress(id) : SAFE_ID.test(id));

/**
 * The runbook's responses to a finding, in its order. Only checked identifiers enter a command: an address, or an id
 * of letters, digits, dash and underscore.
 */
export function propose(finding: Finding, category: CategorySpec, runbook: Runbook, reach: Reach): Remedy[] {
  return finding.responses.flatMap(({ id, except }): Remedy[] => {
    const step = category.respond.find((candidate) => candidate.id === id);
    if (!step) return [];
    const link = step.link === null ? null : (runbook.links[step.link] ?? null);
    const manual: Remedy = { id, kind: 'manual', argv: null, text: step.text, link };
    if (step.command === null) return [manual];
    const subjects = finding.subjects.filter((subject) => !except.includes(subject.id));
    const commands = argvs(step, subjects, reach);
    if (commands.length === 0) return except.length > 0 ? [] : [manual];
    const asksRedis = step.command.includes('{redis}') && reach.needsPassword === true;
    const text = asksRedis ? `${step.text} (The password goes to redis-cli in REDISCLI_AUTH.)` : step.text;
    return commands.map((argv) => ({ ...manual, kind: 'command', argv, text }));
  });
}

function argvs(step: StepSpec, subjects: readonly Subject[], reach: Reach): string[][] {
  const { command, each } = step;
  if (command === null) return [];
  const fill = (subject: string) =>
    command.flatMap((word) =>
      word === '{redis}'
        ? reach.redis
        : [word.replaceAll('{subject}', () => subject).replaceAll('{yyyymmdd}', reach.yyyymmdd)],
    );
  if (each === null) return [fill('')];
  return subjects
    .filter((subject) => subject.kind === each && isSafe(subject))
    .slice(0, MAX_COMMANDS)
    .map((subject) => fill(subject.id));
}
