import { limitProblems, withLimits } from '../runbooks/limits.ts';
import { thresholdProblems, withThresholds } from '../runbooks/load.ts';
import type { Runbook } from '../runbooks/schema.ts';
import type { Incident } from './schema.ts';

type Settings = Pick<Incident, 'thresholds' | 'limits'>;

/** What keeps the settings of an incident from being some of its runbook, as sentences with the name. */
export const settingProblems = (runbook: Runbook, { thresholds, limits }: Settings): string[] => [
  ...thresholdProblems(runbook, thresholds),
  ...limitProblems(runbook, limits),
];

/**
 * The runbook as the team's context has it in an incident.
 * @throws ConfigError for a threshold that the runbook does not have; limits that do not fit are left out
 */
export const withSettingsOf = ({ thresholds, limits }: Settings, runbook: Runbook): Runbook =>
  withLimits(withThresholds(runbook, thresholds), limits);
