/** Assembles the demo: an OpenID provider, Gatepost, a site and a proxy before it, all on loopback, all in this process. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../src/config/load.ts';
import type { Config } from '../src/config/schema/config.ts';
import { serve } from '../src/server/server.ts';
import { startDemoProvider } from './demo_provider.ts';
import { type GatewayName, startAnyGateway } from './gateways.ts';
import { startSite } from './site.ts';

export interface DemoOptions {
  /** Default: the first real proxy that is installed, else the built-in one. */
  gateway?: GatewayName | undefined;
  /** Default: 8080, or any free port where that is taken. */
  port?: number | undefined;
  /** The level of Gatepost's log; `info` by default. */
  log_level?: Config['log']['level'];
}

const configuration = fileURLToPath(new URL('gatepost.yaml', import.meta.url));

/** @throws Error where the port that was asked for is taken, or the gateway that was asked for does not start */
export async function startDemo({ gateway, port: wanted, log_level = 'info' }: DemoOptions = {}) {
  const stops: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const port = await choosePort(wanted);
    const url = `http://app.localhost:${port}`;
    const client_secret = randomBytes(24).toString('base64url');
    const provider = await startDemoProvider({ clients: [{ client_id: 'demo', client_secret, url }] });
    stops.push(provider.close);
    const site = await startSite();
    stops.push(site.stop);
    const env = {
      DEMO_URL: url,
      DEMO_ISSUER: provider.issuer,
      DEMO_CLIENT_SECRET: client_secret,
      DEMO_SECRET: randomBytes(32).toString('base64url'),
      DEMO_LOG_LEVEL: log_level,
    };
    const gatepost = await serve(await loadConfig(configuration, { env }));
    stops.push(gatepost.close);
    const front = await startAnyGateway(gateway, { port, gatepost: gatepost.http.port, site: site.port });
    stops.push(front.stop);
    return { url, issuer: provider.issuer, gateway: front.description, gatepost: gatepost.http.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function choosePort(wanted: number | undefined): Promise<number> {
  const port = (await tryPort(wanted ?? 8080)) ?? (wanted === undefined ? await tryPort(0) : undefined);
  if (port === undefined) throw new Error(`port ${wanted} is taken: choose another with --port`);
  return port;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((done) => {
    const server = createServer().once('error', () => done(undefined));
    server.listen(port, '127.0.0.1', () => {
      const { port: got } = server.address() as { port: number };
      server.close(() => done(got));
    });
  });
}
