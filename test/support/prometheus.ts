import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Certificates, makeCertificates } from './certificates.ts';
import { runTool, startService, temporaryFolder } from './processes.ts';

interface PrometheusOptions {
  /** OpenMetrics text to backfill. */
  series?: string;
  /** Ask for {@link prometheusLogin}, speak TLS, or both. */
  webConfig?: { basicAuth?: boolean; tls?: boolean };
  /** Serve everything below this path, such as `/prometheus`. */
  routePrefix?: string;
  /** Further flags, such as a limit. */
  flags?: readonly string[];
  /** Really scrape; `interval` is `1s` unless said. */
  scrape?: { job: string; targets: string[]; interval?: string }[];
  /** Alerting rules as YAML, evaluated every second, and the URL of the Alertmanager that hears of what fires. */
  alerting?: { rules: string; alertmanager: string };
}

/** A real Prometheus of this test's own. */
export interface TestPrometheus {
  /** The base URL with the route prefix, without a slash at the end. */
  url: string;
  pid: number;
  /** Undefined unless TLS was asked for. */
  tls: Certificates | undefined;
  /** An instant query at the server's own now. */
  query(promql: string): Promise<{ metric: Record<string, string>; value: number }[]>;
  stop(): Promise<void>;
}

/** The one account of a server started with `basicAuth`. */
export const prometheusLogin = { username: 'oncall', password: 'open-sesame' };
/** bcrypt of that password at the lowest cost, so that a request does not wait for it. */
export const prometheusPasswordHash = '$2b$04$abcdefghijklmnopqrstuuXcjcm5avyCiJoD2uS24xa2lb6fjMB3G';

/**
 * Starts a Prometheus that serves the backfilled series.
 *
 * - The newest sample is served at once. Series may reach into the future: an instant query ignores what is
 *   later than now, and rates stay true for as long as the test runs.
 * - But nothing can be scraped until the clock has passed the newest backfilled sample ("out of bounds"):
 *   with `scrape`, let the series end now (`to: 0`).
 * - The first scrape comes 5 seconds after the start, plus up to one interval; where that is too
 *   slow, backfill `up`.
 */
export async function startPrometheus(options: PrometheusOptions = {}): Promise<TestPrometheus> {
  const folder = await temporaryFolder('prometheus');
  const data = join(folder, 'data');
  const tls = options.webConfig?.tls ? await makeCertificates(folder) : undefined;
  if (options.series !== undefined) await backfill(options.series, folder, data);

  const { alerting } = options;
  const rulesFile = join(folder, 'rules.yml');
  if (alerting) await writeFile(rulesFile, alerting.rules);
  const configFile = await writeJson(join(folder, 'prometheus.yml'), {
    ...(alerting && {
      global: { evaluation_interval: '1s' },
      rule_files: [rulesFile],
      alerting: {
        alertmanagers: [{ static_configs: [{ targets: [new URL(alerting.alertmanager).host] }] }],
      },
    }),
    scrape_configs: (options.scrape ?? []).map(({ job, targets, interval = '1s' }) => ({
      job_name: job,
      scrape_interval: interval,
      scrape_timeout: interval,
      static_configs: [{ targets }],
    })),
  });
  const webFile = await writeJson(join(folder, 'web.yml'), {
    ...(tls && { tls_server_config: { cert_file: tls.server.cert, key_file: tls.server.key } }),
    ...(options.webConfig?.basicAuth && {
      basic_auth_users: { [prometheusLogin.username]: prometheusPasswordHash },
    }),
  });
  const prefix = options.routePrefix ?? '';
  const baseUrl = (port: number) => `${tls ? 'https' : 'http'}://127.0.0.1:${port}${prefix}`;

  const service = await startService({
    name: 'prometheus',
    folder,
    command: async (port) => [
      'prometheus',
      `--config.file=${configFile}`,
      `--web.config.file=${webFile}`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--web.route-prefix=${prefix || '/'}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=10y',
      '--log.level=warn',
      ...(options.flags ?? []),
      // How soon a firing alert is told of again, and so how soon its end is believed.
      ...(alerting ? ['--rules.alert.resend-delay=1s'] : []),
    ],
    async ready(port) {
      await get(`${baseUrl(port)}/-/ready`, tls);
      const flags = JSON.parse(await get(`${baseUrl(port)}/api/v1/status/flags`, tls));
      return flags.data['storage.tsdb.path'] === data;
    },
  });

  const url = baseUrl(service.port);
  return {
    url,
    pid: service.pid,
    tls,
    async query(promql) {
      const answer = JSON.parse(await get(`${url}/api/v1/query?query=${encodeURIComponent(promql)}`, tls));
      const rows: { metric: Record<string, string>; value: [number, string] }[] = answer.data.result;
      return rows.map(({ metric, value }) => ({
        metric,
        value: Number(value[1].replace('Inf', 'Infinity')),
      }));
    },
    stop: service.stop,
  };
}

/**
 * Writes the series as blocks. One pass over the text is made per block, so blocks are as long as
 * possible: with the default of 2 hours, three weeks of 20 series take half a minute, not half a second.
 */
async function backfill(series: string, folder: string, data: string): Promise<void> {
  const file = join(folder, 'series.om');
  await writeFile(file, series);
  const longest = '--max-block-duration=8760h';
  await runTool('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', longest, file, data], folder);
}

/** JSON is YAML. */
async function writeJson(file: string, content: unknown): Promise<string> {
  await writeFile(file, JSON.stringify(content));
  return file;
}

async function get(url: string, tls: Certificates | undefined): Promise<string> {
  const { username, password } = prometheusLogin;
  const auth = `${username}:${password}`;
  const request = tls ? getHttps(url, { auth, ca: readFileSync(tls.ca) }) : getHttp(url, { auth });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}: ${body}`);
  return body;
}
