import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import type { Incident } from '../incidents/schema.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { makeHome } from './home.ts';
import { startSystems } from './systems.ts';

export interface Opening {
  readonly incident: Incident;
  readonly runbook: Runbook;
  /** How commands of the drill name the runbook: its name, or an absolute path. */
  readonly runbookName: string;
  /** Deadline for reading everything; undefined: the usual one. */
  readonly timeout: string | undefined;
}

/** An incident that is being played. */
export interface Drill {
  /** The world as every command of the drill sees it. */
  readonly context: Context;
  close(): Promise<void>;
}

/**
 * Plays an incident. In the context that comes back every client connects to the drill's own systems, whatever it is
 * told: flags, environment and configuration of the outside do not exist there, and the journal is the drill's own.
 */
export async function openDrill(
  { incident, runbook, runbookName, timeout }: Opening,
  outside: Context,
): Promise<Drill> {
  const home = await makeHome();
  const systems = await startSystems(incident, runbook.remedies, outside.clock).catch(async (error) => {
    await home.remove();
    throw error;
  });
  const { redis, api, prometheusUrl, readPrometheus, readLogs, readHistory } = systems;
  const close = async () => {
    systems.close();
    await home.remove();
  };
  const token = api.bearerToken?.reveal() ?? '';
  const { thresholds, limits } = incident;
  await home
    .write({
      ...{ redis: redis.display, prometheus: prometheusUrl, api: api.url, token },
      ...{ runbook: runbookName, thresholds, limits, timeout },
    })
    .catch(async (error) => {
      await close();
      throw error;
    });
  const context: Context = {
    ...outside,
    env: withoutOurs(outside.env),
    configHome: home.configHome,
    stateFolder: home.stateFolder,
    readStdin: async () => {
      throw new UsageError('a drill reads its command lines from stdin: give addresses as arguments');
    },
    // The drill's own hosts are addresses already; nobody else's are looked up.
    addressesOf: async () => [],
    adapters: async () => {
      const { redis: readRedis } = await outside.adapters();
      return {
        redis: (asked, request) => readRedis(asked, { ...request, config: { ...request.config, redis } }),
        prometheus: readPrometheus,
        logs: readLogs,
      };
    },
    historian: async () => readHistory,
    keyspace: (config, ends) => outside.keyspace({ ...config, redis }, ends),
    api: (_, config) => outside.api(api, config),
    alertmanager: async () => {
      throw new UsageError('a drill has no Alertmanager', 'Triage without --alert.');
    },
    journal: () => outside.journalIn(home.stateFolder),
    journalIn: () => outside.journalIn(home.stateFolder),
  };
  return { context, close };
}

/** The environment without what the program itself reads of it. */
const withoutOurs = (env: Context['env']): Context['env'] =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('RATELIMIT_')));
