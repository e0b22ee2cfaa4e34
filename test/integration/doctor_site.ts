/** A proxy in front of Gatepost and an application that shows its headers, and what the doctor finds there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema/config.ts';
import type { Check } from '../../src/doctor/check.ts';
import { diagnose } from '../../src/doctor/doctor.ts';
import { serve } from '../../src/server/server.ts';
import { findTool } from '../support/tools.ts';
import { ask } from './ask.ts';
import type { Certificate } from './certificate.ts';
import { freePort } from './program.ts';
import { type Site, type TestedProxy, withChange } from './proxy.ts';
import { startUpstream } from './upstream.ts';

export interface SiteOptions {
  /** Alters the files before the proxy reads them. */
  change?: (site: Site) => void;
  /** Lines of the configuration beside the application, and of the application. */
  top?: string;
  application?: string;
  /** The doctor's configuration, where it is another one than that of the server. */
  secret?: string;
  tls?: Certificate;
  /** In place of the scheme that the proxy speaks. */
  scheme?: 'http' | 'https';
}

/** No provider is asked: nobody logs in. */
function configText(externalHost: string, { top = '', application = '', secret }: SiteOptions, gatepost: number) {
  return `
listen: { http: "127.0.0.1:${gatepost}", metrics: off }
secret: ${secret ?? 'the-secret-of-the-doctor-and-the-server'}
nginx_method_header: X-Original-Method
log: { level: error }
${top}
applications:
  - name: App
    slug: app
    external_host: ${externalHost}
    issuer: http://127.0.0.1:9/
    client_id: app
    client_secret: secret
${application}`;
}

export async function examineSite(proxy: TestedProxy, options: SiteOptions = {}): Promise<Check[]> {
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-doctor-'));
  const [port, gatepostPort] = [await freePort(), await freePort()];
  const name = `app-${proxy.name}.localhost`;
  const host = `${name}:${port}`;
  const scheme = options.tls ? 'https' : 'http';
  const external = `${options.scheme ?? scheme}://${host}`;
  const upstream = await startUpstream();
  const { secret: _, ...served } = options;
  const gatepost = await serve(parseConfig(configText(external, served, gatepostPort)));
  const site: Site = {
    mode: 'forward_single',
    directory,
    port,
    hosts: [name],
    gatepost: gatepostPort,
    upstream: upstream.port,
    cookie: 'authentik_proxy_a172cedc',
    tls: options.tls,
  };
  const running = await withChange(proxy, options.change ?? (() => undefined)).start(findTool(proxy.tool)!, site);
  try {
    await untilRouted(port, host);
    const config = parseConfig(configText(external, options, gatepostPort));
    return await examineThrough(config, `${scheme}://${host}/`);
  } finally {
    await running.stop();
    await Promise.all([gatepost.close(), upstream.close()]);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Traefik listens before it has read its routes. */
async function untilRouted(port: number, host: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await ask(port, { host, path: '/' }).catch(() => undefined);
    if (answer !== undefined && answer.status !== 404) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function examineThrough(config: Config, through: string): Promise<Check[]> {
  const [application] = config.applications;
  const direct = new URL(`http://${config.listen.http}`);
  return diagnose({ config, applications: [], through: { application: application!, url: new URL(through), direct } });
}
