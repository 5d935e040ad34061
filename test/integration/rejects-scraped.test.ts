import { createServer } from 'node:http';
import { afterAll, expect, it } from 'vitest';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { askOne, httpTarget, row } from '../support/collecting.ts';
import { onStop, stopEverything, until } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus.ts';

afterAll(stopEverything);

/** Seconds: longer than a busy machine may take to ask after what it has just scraped. */
const WINDOW = 6;

/** A gateway that shows its counter of requests by status. */
async function startGateway(status: Record<string, number>) {
  const server = createServer((_, response) => {
    const lines = Object.entries(status).map(
      ([code, value]) =>
        `acp_gateway_request_total{tenant_id="acme",path="/execute",status="${code}"} ${value}\n`,
    );
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end(lines.join(''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = onStop(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { target: `127.0.0.1:${(server.address() as { port: number }).port}`, status, stop };
}

it("sees a scraped tenant's first 429s in full, not an old counter, and not a target that is gone", async () => {
  const known = await startGateway({ 200: 5e5 });
  const old = await startGateway({});
  const scrape = [{ job: 'gateway', targets: [known.target, old.target], interval: '250ms' }];
  const server = await startPrometheus({ scrape });
  const wanted = { prometheus: httpTarget(server.url), windowSeconds: WINDOW };
  const read = () => askOne(readPrometheus, 'rejects-by-tenant', wanted);
  const held = async (promql: string) => (await server.query(promql))[0]?.value ?? 0;

  await until(
    async () => (await held(`count(acp_gateway_request_total offset ${WINDOW}s)`)) > 0,
    'a window of scrapes',
  );
  expect(await read()).toMatchObject({ status: 'empty', live: true });

  known.status[429] = 600;
  old.status[429] = 1e6;
  await until(
    async () => (await held('sum(acp_gateway_request_total{status="429"})')) > 1e6,
    'both were scraped',
  );
  const born = await read();
  expect(row(born, 'acme').value).toBeCloseTo(600 / WINDOW, 6);

  await Promise.all([known.stop(), old.stop()]);
  await until(async () => (await held('sum(up)')) === 0, 'the targets are down');
  await until(
    async () => (await held(`count(last_over_time(acp_gateway_request_total[${WINDOW}s]))`)) === 0,
    'a window',
  );
  expect(await read()).toMatchObject({ status: 'empty', live: false, rows: [] });
});
