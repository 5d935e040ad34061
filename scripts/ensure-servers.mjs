// Makes sure that the servers the tests talk to are installed, and the shells that they type into. Silent when they are.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const programs = [
  ...['redis-server', 'redis-cli', 'prometheus', 'promtool', 'victoria-metrics'],
  ...['prometheus-alertmanager', 'amtool'],
  ...['zsh', 'fish', 'tmux'],
];
const packages = [
  ...['redis-server', 'prometheus', 'victoria-metrics', 'prometheus-alertmanager'],
  ...['zsh', 'fish', 'tmux'],
];

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin'].filter(Boolean);

function installed(program) {
  return folders.some((folder) => {
    const file = join(folder, program);
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}

const missing = () => programs.filter((program) => !installed(program));
const say = (line) => process.stdout.write(`${line}\n`);

/** Runs a command quietly; its output is shown only when it fails. */
function run(command, { show = true } = {}) {
  const [file, ...args] = command;
  const result = spawnSync(file, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
  });
  const ok = result.status === 0;
  if (!ok && show) {
    const why = result.error?.message ?? `exit code ${result.status ?? result.signal}`;
    process.stderr.write(`${command.join(' ')}: ${why}\n${result.stdout ?? ''}${result.stderr ?? ''}`);
  }
  return ok;
}

/** What to put before a command to run it as root; undefined when that is not possible without asking. */
function asRoot() {
  if (process.getuid?.() === 0) return [];
  return installed('sudo') && run(['sudo', '-n', 'true'], { show: false }) ? ['sudo', '-n'] : undefined;
}

/**
 * Installs the packages without their services: the tests start servers of their own. RUNLEVEL=1 makes invoke-rc.d
 * leave init scripts alone; where systemd runs, the units are masked (until the next boot at most) while apt-get works.
 */
function install(root) {
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'PREVLEVEL=N'];
  const apt = [...root, ...environment, 'apt-get', '-q', '-y'];
  const update = [...apt, 'update'];
  // A broken source of something else need not stop the installation: only its failure counts.
  if (!run(update, { show: false })) run(update);

  const systemd = existsSync('/run/systemd/system');
  const isKnown = (unit) => run(['systemctl', 'cat', unit], { show: false });
  const units = systemd ? packages.map((name) => `${name}.service`).filter((unit) => !isKnown(unit)) : [];
  const systemctl = (...args) => units.length > 0 && run([...root, 'systemctl', ...args, ...units]);
  systemctl('mask', '--runtime', '--quiet');
  try {
    return run([...apt, 'install', '--no-install-recommends', ...packages]);
  } finally {
    systemctl('unmask', '--runtime', '--quiet');
    // Only units that did not exist before: whatever runs now, this installation started.
    const started = units.filter((unit) => run(['systemctl', 'is-active', '--quiet', unit], { show: false }));
    if (started.length > 0) run([...root, 'systemctl', 'stop', ...started]);
  }
}

function main() {
  const absent = missing();
  if (absent.length === 0) return 0;

  const root = installed('apt-get') ? asRoot() : undefined;
  if (root) {
    say(`Installing ${packages.join(', ')} with apt-get: the tests need ${absent.join(', ')}.`);
    if (install(root) && missing().length === 0) return 0;
  }
  process.stderr.write(
    `The tests need ${missing().join(', ')}.\n` +
      'Install redis-server (6.2 or newer), prometheus with promtool (2.40 or newer), victoria-metrics (1.79 or newer), ' +
      'prometheus-alertmanager with amtool (0.25 or newer), tmux (3.2 or newer), zsh and fish, and put them on the PATH.\n',
  );
  return 1;
}

process.exitCode = main();
