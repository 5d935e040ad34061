import type { JournalEvent, NewEvent } from '../journal/types.ts';
import type { Clock } from '../signals/asked.ts';
import type { Keyspace } from '../signals/redis/keyspace.ts';
import type { Plan } from './types.ts';
import type { Writer } from './writer.ts';

/** What the operator ordered beside the remedy itself. */
export interface Order {
  readonly reason: string | null;
  readonly operator: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
  /** How long to watch for the effect; 0: not at all. */
  readonly verifySeconds: number;
  /** The words of this very command. */
  readonly command: readonly string[];
  /** True when the context was named on the command line. */
  readonly contextNamed: boolean;
}

/** Somebody who can be asked. Each throws when the operator leaves (Ctrl-C). */
export interface Ask {
  reason(): Promise<string>;
  confirm(question: string): Promise<boolean>;
  typed(what: string, word: string): Promise<boolean>;
}

/** What the one door needs of the world. */
export interface Door {
  readonly keyspace: Keyspace;
  readonly writer: Writer;
  readonly journal: { append(event: NewEvent): Promise<JournalEvent> };
  /** null: nobody can be asked. */
  readonly ask: Ask | null;
  readonly clock: Clock;
  readonly interrupt: AbortSignal;
  readonly newId: () => string;
  /** Shows what is about to happen. */
  readonly show: (plan: Plan) => void;
  readonly progress: (text: string) => void;
  /** The context's name, whether it is a production one, and the stream that the team reads; all may be missing. */
  readonly context: string | null;
  readonly production: boolean;
  readonly stream: string | null;
  readonly runbook: string;
  /** Without secrets. */
  readonly systems: { readonly redis: string | null; readonly api: string | null };
  /** Words that make a command hit the same systems. */
  readonly reach: readonly string[];
}
