/** `npm run demo`: starts everything, says what to open, and ends with Ctrl-C. */
import { parseArgs } from 'node:util';
import { startDemo } from './demo.ts';
import { type GatewayName, gatewayNames } from './gateways.ts';

const usage = `npm run demo -- [--port N] [--gateway ${gatewayNames.join('|')}]`;

function readArguments() {
  const { values } = parseArgs({ options: { port: { type: 'string' }, gateway: { type: 'string' } } });
  const { port, gateway } = values;
  if (port !== undefined && !/^[1-9]\d{0,4}$/.test(port)) throw new Error('--port must be a number');
  if (gateway !== undefined && !gatewayNames.includes(gateway as GatewayName)) {
    throw new Error(`--gateway must be one of ${gatewayNames.join(', ')}`);
  }
  return { port: port === undefined ? undefined : Number(port), gateway: gateway as GatewayName | undefined };
}

function instructions({ url, issuer, gateway }: Awaited<ReturnType<typeof startDemo>>): string {
  return `
  Open            ${url}
  Log in as       alice / wonderland   (may open ${url}/admin)
            or    bob / builder        (may not)
  No login        ${url}/public/

  From a shell    curl ${url}/public/
                  curl -u alice:app-alice ${url}/

  Proxy           ${gateway}
  Provider        ${issuer}
  Configuration   demo/gatepost.yaml

  A browser that does not find app.localhost needs this line in its hosts file:  127.0.0.1 app.localhost
  Below is Gatepost's log: one line for each auth request. Ctrl-C ends everything.
`;
}

try {
  const starting = startDemo(readArguments());
  // From the very start: what is half started is ended too.
  const end = () => void starting.then((demo) => demo.close()).finally(() => process.exit(0));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  console.log(instructions(await starting));
} catch (error) {
  console.error(`${(error as Error).message}\n${usage}`);
  process.exit(1);
}
