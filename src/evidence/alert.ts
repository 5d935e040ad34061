import type { Cause } from './types.ts';

/** Who said what is triaged, or with what: named for this run, a rule of the configuration, a label of the alert, a runbook that lists the alert, or nobody. */
export type PickedBy = 'given' | 'rule' | 'label' | 'list' | 'default';

export interface AlertSilence {
  readonly id: string;
  /** null: the silence could not be read. */
  readonly createdBy: string | null;
  readonly comment: string | null;
  /** ISO 8601, UTC. */
  readonly endsAt: string | null;
  readonly endsInSeconds: number | null;
  /** How many of the instances it silences. */
  readonly instances: number;
}

/** The name is null when that alert is not among those that fire. */
export interface AlertInhibitor {
  readonly fingerprint: string;
  readonly name: string | null;
  readonly instances: number;
}

/** One alert of those that were taken together. */
export interface AlertInstance {
  readonly fingerprint: string;
  readonly state: 'active' | 'suppressed';
  /** ISO 8601, UTC. */
  readonly startsAt: string;
  /** Those in which the instances differ. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The alert that a triage is about: plain data, kept beside the evidence. It never decides the verdict. All texts are as
 * Alertmanager has them, cut short where they are very long.
 */
export interface Alert {
  /** The Alertmanager that was asked, without credentials. */
  readonly source: string;
  /** The fingerprint or the name that was asked for; null: whichever fires. */
  readonly wanted: string | null;
  /** `suppressed`: it fires, and nobody is told. `not-firing`: no such alert is there. `unknown`: it could not be read. */
  readonly state: 'active' | 'suppressed' | 'not-firing' | 'unknown';
  /** Why it is not firing or not known. */
  readonly reason: string | null;
  readonly cause: Cause | null;
  readonly name: string | null;
  /** Of the instance that fires longest. */
  readonly fingerprint: string | null;
  /** Since when that one fires; ISO 8601, UTC. */
  readonly startsAt: string | null;
  readonly firingForSeconds: number | null;
  /** Those that all instances have in common. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where its expression is looked at: an http(s) URL, never followed; null: it does not say. */
  readonly generatorUrl: string | null;
  readonly silencedBy: readonly AlertSilence[];
  readonly inhibitedBy: readonly AlertInhibitor[];
  /** Names of time intervals in which it is mute. */
  readonly mutedBy: readonly string[];
  readonly instanceCount: number;
  /** Those that fire longest, at most a few dozen. */
  readonly instances: readonly AlertInstance[];
  /** How long Prometheus is averaged over for its sake, seconds; null: not for its sake. */
  readonly windowSeconds: number | null;
  /** Why this context and this runbook. */
  readonly pickedBy: { readonly context: PickedBy; readonly runbook: PickedBy };
  /** Sentences that the operator should see. */
  readonly warnings: readonly string[];
}
