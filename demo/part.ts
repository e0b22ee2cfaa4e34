/** One part of the demo as a process of its own, for docker-compose.yml: `provider` or `site`, on port 8080. */
import { type DemoClient, startDemoProvider } from './demo_provider.ts';
import { startSite } from './site.ts';

const address = '0.0.0.0';
const port = 8080;

/** `SITES` is a list such as `app=http://app.localhost`; the secret of the client `app` is `app-demo-secret`. */
function readClients(sites: string): [DemoClient, ...DemoClient[]] {
  const [first, ...others] = sites.split(' ').map((pair): DemoClient => {
    const [client_id = '', url = ''] = pair.split('=');
    return { client_id, client_secret: `${client_id}-demo-secret`, url };
  });
  return [first!, ...others];
}

const parts: Record<string, () => Promise<unknown>> = {
  provider: () => {
    const { ISSUER: issuer, SITES: sites } = process.env;
    if (!issuer || !sites) throw new Error('ISSUER and SITES must be set');
    return startDemoProvider({ issuer, address, port, clients: readClients(sites) });
  },
  site: () => startSite(port, address),
};

const start = parts[process.argv[2] ?? ''];
if (!start) throw new Error(`say which part: ${Object.keys(parts).join(' or ')}`);
await start();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0));
