// The main job on a recorded incident: the evidence of a real page is judged and shown by the program itself.
// Needs nothing but Node: no Redis, no Prometheus, no network.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const command = ['triage', '--from', path('demo/incident.json')];

process.stdout.write(
  '\nA page says RateLimitSpike. The operator types `ratelimit triage`; here it reads a recorded incident instead.\n\n',
);
const { status } = spawnSync(process.execPath, [path('../bin/ratelimit.js'), ...command], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
