/** Traefik with compose/traefik-labels*.yml: a double of the Docker Engine tells it the containers of the file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './ask.ts';
import { readCompose } from './compose_file.ts';
import { startDockerEngine } from './docker_engine.ts';
import { startProgram } from './program.ts';
import { copy, fill, type Site, type TestedProxy } from './proxy.ts';

/** Writes the service `app` once more for each host, under the names `one` and `two`, as the page says. */
export function addApplications(site: Site, file: string, hosts: string[]): void {
  const path = join(site.directory, file);
  const text = readFileSync(path, 'utf8');
  const app = /\n {2}app:\n(?: {4}.*\n| *\n)+/.exec(text)?.[0];
  if (!app) throw new Error(`${file} has no service app`);
  const named = hosts.map((host, at) =>
    app
      .replace('\n  app:', `\n  ${at ? 'two' : 'one'}:`)
      .replaceAll('app.example.com', host)
      .replaceAll(/(routers|services)\.app\b/g, `$1.${at ? 'two' : 'one'}`)
      .replaceAll('.service: app\n', `.service: ${at ? 'two' : 'one'}\n`),
  );
  writeFileSync(path, text.replace(app, named.join('')));
}

/** Starts the engine for the site's Compose file, then what `start` starts; both end together. */
export async function withEngine(
  site: Site,
  file: string,
  start: (services: ReturnType<typeof readCompose>, endpoint: string) => ReturnType<typeof startProgram>,
) {
  const services = readCompose(join(site.directory, file));
  const engine = await startDockerEngine(join(site.directory, 'docker.sock'), services);
  try {
    const running = await start(services, engine.endpoint);
    const stop = async () => {
      await running.stop();
      await engine.close();
    };
    return { ...running, stop, engine };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

const startTraefik = (binary: string, site: Site) =>
  withEngine(site, 'compose.yml', (services, endpoint) =>
    startProgram(binary, [...services.traefik!.command, `--providers.docker.endpoint=${endpoint}`], {
      port: site.port,
      directory: site.directory,
    }),
  );

/** Copies the Compose file and fills in what is the same in both. */
function copyCompose(site: Site, file: string): void {
  copy(site, file, 'compose.yml');
  const [one, two] = site.hosts;
  if (two) addApplications(site, 'compose.yml', [one, two]);
  fill(site, 'compose.yml', {
    '.address=:80': `.address=127.0.0.1:${site.port}`,
    'server.port: "8080"': `server.port: "${site.upstream}"`,
    ...(!two && { 'app.example.com': one }),
  });
}

export const traefikLabels = {
  name: 'traefik-labels',
  tool: 'traefik',
  dialect: 'traefik',
  limits: { otherUpgrades: false },
  start(binary, site, change = () => undefined) {
    copyCompose(site, 'compose/traefik-labels.yml');
    fill(site, 'compose.yml', {
      'http://gatepost:9000': `http://127.0.0.1:${site.gatepost}`,
      'server.port: "9000"': `server.port: "${site.gatepost}"`,
      // The cookie's name ends with them, with __Host- before it and without.
      '00000000': site.cookie.slice(-8),
    });
    change();
    return startTraefik(binary, site);
  },
} satisfies TestedProxy;

/** The endpoints of the file are there before the routers of the labels: until then every page is a 404 that no rule made. */
async function awaitApplication(site: Site): Promise<void> {
  const host = `${site.hosts[0]}:${site.port}`;
  for (let waited = 0; waited < 10_000; waited += 50) {
    const { status } = await ask(site.port, { host, path: '/private' });
    if (status !== 404 && status !== 0) return;
    await sleep(50);
  }
  throw new Error('Traefik has no router for the application');
}

/** What applications share is in a file; a middleware of the file has `@file` behind its name. */
export const traefikLabelsFile = {
  ...traefikLabels,
  name: 'traefik-labels-file',
  async start(binary, site, change = () => undefined) {
    copyCompose(site, 'compose/traefik-labels-file.yml');
    copy(site, 'traefik/labels.yml', 'labels.yml');
    fill(site, 'compose.yml', { '=/etc/traefik/gatepost.yml': `=${site.directory}/labels.yml` });
    fill(site, 'labels.yml', {
      'http://gatepost:9000': `http://127.0.0.1:${site.gatepost}`,
      '00000000': site.cookie.slice(-8),
    });
    change();
    const running = await startTraefik(binary, site);
    try {
      await awaitApplication(site);
    } catch (error) {
      await running.stop();
      throw error;
    }
    return running;
  },
} satisfies TestedProxy;
