/** Express with a login of its own, as people build it: two small servers of express/, whose packages npm installs for them alone. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolsFolder } from '../../scripts/tools.ts';
import { startProcess } from '../servers.ts';
import { CLIENT_ID, CLIENT_SECRET, COOKIE_SECRET, type Peer } from './peer.ts';
import { ORIGIN } from './visitor.ts';

const sources = fileURLToPath(new URL('express', import.meta.url));
/** The servers run from here, beside their packages. */
const folder = join(toolsFolder, 'peers', 'express');

type Packages = Record<string, string>;
const wanted: Packages = JSON.parse(readFileSync(join(sources, 'package.json'), 'utf8')).dependencies;

function isInstalled(name: string): boolean {
  const file = join(folder, 'node_modules', name, 'package.json');
  return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === wanted[name];
}

function install(): void {
  mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'openid_connect.js', 'session.js'])
    copyFileSync(join(sources, name), join(folder, name));
  if (Object.keys(wanted).every(isInstalled)) return;
  process.stderr.write(`installs with npm into ${folder}\n`);
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--loglevel=error'];
  execFileSync('npm', ['install', ...quiet], { cwd: folder, stdio: ['ignore', process.stderr, 'inherit'] });
}

function server(name: string, file: string, title: (packages: Packages) => string): Peer {
  return {
    name,
    callback: '/callback',
    prepare() {
      install();
      return `Express ${wanted.express}, ${title(wanted)}`;
    },
    async start({ issuer, port, verbose }) {
      const env = {
        NODE_ENV: 'production',
        PORT: String(port),
        ISSUER: issuer,
        ORIGIN,
        CLIENT_ID,
        CLIENT_SECRET,
        COOKIE_SECRET,
      };
      const running = await startProcess({
        command: [process.execPath, join(folder, file)],
        port,
        path: '/auth',
        env,
        errors: verbose ? 'inherit' : 'ignore',
      });
      return {
        ...running,
        target: '/auth',
        allowed: 200,
        openLogin: (browser) => browser.follow(`${ORIGIN}/login`),
        signOut: (browser) => browser.open(`${ORIGIN}/logout`),
      };
    },
  };
}

export const expressServers = [
  server(
    'express-openid-connect',
    'openid_connect.js',
    (packages) => `express-openid-connect ${packages['express-openid-connect']}, session in the cookie`,
  ),
  server('express-session', 'session.js', (packages) => `express-session ${packages['express-session']}, memory`),
];
