import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startService, temporaryFolder, until } from './processes.ts';
import { prometheusLogin, prometheusPasswordHash } from './prometheus.ts';

interface AlertmanagerOptions {
  /** As in its configuration file. */
  inhibitRules?: readonly Readonly<Record<string, unknown>>[];
  /** Ask for {@link prometheusLogin}. */
  basicAuth?: boolean;
}

/** An alert as a client posts it; it fires from now on unless said. */
interface PostedAlert {
  labels: Record<string, string>;
  startsAt?: string;
  endsAt?: string;
  generatorURL?: string;
}

interface PostedSilence {
  /** Labels and the values that they must have. */
  matchers: Record<string, string>;
  createdBy: string;
  comment: string;
  /** Milliseconds from now on. */
  forMs?: number;
}

/** What the tests read of an alert that fires. */
interface Listed {
  fingerprint: string;
  labels: Record<string, string>;
  status: { state: string; silencedBy: string[]; inhibitedBy: string[] };
}

/** A real Alertmanager of this test's own. It notifies nobody. */
export interface TestAlertmanager {
  url: string;
  pid: number;
  /** Alerts begin to fire; resolves when they do. */
  post(...alerts: PostedAlert[]): Promise<void>;
  /** Everything that fires ends; resolves when nothing fires. Silences end, too. */
  clear(): Promise<void>;
  /** Adds a silence and resolves with its id when it is in effect. */
  silence(silence: PostedSilence): Promise<string>;
  alerts(): Promise<Listed[]>;
  /** The fingerprint of the one alert with this label. */
  fingerprintOf(label: string, value: string): Promise<string>;
  /** Waits until an alert of this name is suppressed. */
  untilSuppressed(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts an Alertmanager that stands alone. */
export async function startAlertmanager(options: AlertmanagerOptions = {}): Promise<TestAlertmanager> {
  const folder = await temporaryFolder('alertmanager');
  const config = join(folder, 'alertmanager.yml');
  const web = join(folder, 'web.yml');
  const { username, password } = prometheusLogin;
  // By the name this one is known from others.
  const nobody = `nobody of ${folder}`;
  // JSON is YAML.
  await writeFile(
    config,
    JSON.stringify({
      route: { receiver: nobody, group_wait: '0s' },
      receivers: [{ name: nobody }],
      inhibit_rules: options.inhibitRules ?? [],
    }),
  );
  const users = options.basicAuth ? { basic_auth_users: { [username]: prometheusPasswordHash } } : {};
  await writeFile(web, JSON.stringify(users));
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    ...(options.basicAuth
      ? { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
      : {}),
  };
  const ask = async (url: string, init: RequestInit = {}): Promise<string> => {
    const answer = await fetch(url, { ...init, headers });
    const body = await answer.text();
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${body}`);
    return body;
  };

  const service = await startService({
    name: 'alertmanager',
    folder,
    command: async (port) => [
      'prometheus-alertmanager',
      `--config.file=${config}`,
      `--web.config.file=${web}`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--storage.path=${join(folder, 'data')}`,
      // Without a cluster it waits for nobody.
      '--cluster.listen-address=',
      '--log.level=warn',
    ],
    async ready(port) {
      const { config: own } = JSON.parse(await ask(`http://127.0.0.1:${port}/api/v2/status`));
      return typeof own.original === 'string' && own.original.includes(nobody);
    },
  });
  const url = `http://127.0.0.1:${service.port}`;
  const alerts = async (): Promise<Listed[]> => JSON.parse(await ask(`${url}/api/v2/alerts`));
  const isSame = (a: Record<string, string>, b: Record<string, string>) =>
    JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
  const send = (path: string, body: unknown) =>
    ask(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) });

  return {
    ...{ url, pid: service.pid, stop: service.stop, alerts },
    async post(...posted) {
      await send('/api/v2/alerts', posted);
      const fires = async () => {
        const all = await alerts();
        return posted.every(({ labels }) => all.some((one) => isSame(one.labels, labels)));
      };
      await until(fires, 'the alerts fire');
    },
    async clear() {
      const past = new Date(Date.now() - 1_000).toISOString();
      const all = await alerts();
      if (all.length > 0)
        await send(
          '/api/v2/alerts',
          all.map(({ labels }) => ({ labels, startsAt: past, endsAt: past })),
        );
      for (const { id, status } of JSON.parse(await ask(`${url}/api/v2/silences`))) {
        if (status.state !== 'expired') await ask(`${url}/api/v2/silence/${id}`, { method: 'DELETE' });
      }
      await until(async () => (await alerts()).length === 0, 'nothing fires');
    },
    async silence({ matchers, createdBy, comment, forMs = 3_600_000 }) {
      const now = Date.now();
      const { silenceID } = JSON.parse(
        await send('/api/v2/silences', {
          matchers: Object.entries(matchers).map(([name, value]) => ({ name, value, isRegex: false })),
          startsAt: new Date(now).toISOString(),
          endsAt: new Date(now + forMs).toISOString(),
          ...{ createdBy, comment },
        }),
      );
      const inEffect = async () =>
        (await alerts()).some(({ status }) => status.silencedBy.includes(silenceID));
      await until(inEffect, 'the silence is in effect');
      return silenceID;
    },
    async fingerprintOf(label, value) {
      const found = (await alerts()).filter(({ labels }) => labels[label] === value);
      const [only] = found;
      if (only === undefined || found.length > 1)
        throw new Error(`${found.length} alerts with ${label}=${value}`);
      return only.fingerprint;
    },
    async untilSuppressed(name) {
      const isSo = async () =>
        (await alerts()).some(
          ({ labels, status }) => labels.alertname === name && status.state === 'suppressed',
        );
      await until(isSo, `${name} is suppressed`);
    },
  };
}
