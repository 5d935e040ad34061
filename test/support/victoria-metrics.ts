import { join } from 'node:path';
import { startService, temporaryFolder, until } from './processes.ts';

interface VictoriaMetricsOptions {
  /** OpenMetrics text to import, as for `startPrometheus`. */
  series?: string;
  /**
   * How long samples stay unseen (`-search.latencyOffset`). Its own default is 30s: a query is answered as of half a
   * minute ago, so that no scrape is seen half. Here it is none, so that both servers answer about the same moment.
   */
  latencyOffset?: string;
}

/** A real VictoriaMetrics of this test's own: what `startPrometheus` gives, for the server beside it. */
export interface TestVictoriaMetrics {
  url: string;
  pid: number;
  query(promql: string): Promise<{ metric: Record<string, string>; value: number }[]>;
  stop(): Promise<void>;
}

/**
 * Starts a VictoriaMetrics that serves the series. Samples of the future are kept (up to two days ahead) and, as with
 * Prometheus, unseen until their time has come.
 */
export async function startVictoriaMetrics(
  options: VictoriaMetricsOptions = {},
): Promise<TestVictoriaMetrics> {
  const folder = await temporaryFolder('victoria-metrics');
  const data = join(folder, 'data');
  const service = await startService({
    name: 'victoria-metrics',
    folder,
    command: async (port) => [
      'victoria-metrics',
      `-httpListenAddr=127.0.0.1:${port}`,
      `-storageDataPath=${data}`,
      '-retentionPeriod=10y',
      `-search.latencyOffset=${options.latencyOffset ?? '0s'}`,
      // Imported samples are older than what a cache of answers is made for.
      '-search.disableCache',
      // It takes most of a machine's memory for caches otherwise.
      '-memory.allowedBytes=64MB',
      '-loggerLevel=WARN',
    ],
    async ready(port) {
      const flags = await (await fetch(`http://127.0.0.1:${port}/flags`)).text();
      return flags.includes(data);
    },
  });
  const url = `http://127.0.0.1:${service.port}`;
  if (options.series !== undefined) await importText(url, options.series);
  return {
    url,
    pid: service.pid,
    async query(promql) {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(promql)}`);
      const { data: answer } = (await response.json()) as {
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      return answer.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    stop: service.stop,
  };
}

/** OpenMetrics has times in seconds, the import in milliseconds; comments are left out, `# EOF` too. */
async function importText(url: string, series: string): Promise<void> {
  const lines = series.split('\n').flatMap((line) => {
    const at = line.lastIndexOf(' ');
    if (line.startsWith('#') || at < 0) return [];
    return `${line.slice(0, at)} ${Math.round(Number(line.slice(at + 1)) * 1000)}`;
  });
  if (lines.length === 0) return;
  const response = await fetch(`${url}/api/v1/import/prometheus`, { method: 'POST', body: lines.join('\n') });
  if (!response.ok) throw new Error(`the import answered ${response.status}: ${await response.text()}`);
  // What was just written is searched only once it is flushed.
  await fetch(`${url}/internal/force_flush`);
  await until(async () => {
    const counted = (await (await fetch(`${url}/api/v1/series/count`)).json()) as { data: number[] };
    return (counted.data[0] ?? 0) > 0;
  }, 'the imported series are there');
}
