/** `gatepost healthcheck`: whether a Gatepost answers on the metrics port of this machine or container. */
import { request } from 'node:http';
import { readVariable } from '../config/outpost/variables.ts';
import { formatListenAddress, isEverywhere, splitListenAddresses } from '../config/schema/addresses.ts';
import { endpointPath } from '../endpoints.ts';
import { messageOf } from '../errors.ts';
import { EXIT_FAILED, EXIT_OK, type Io } from './io.ts';

/** Milliseconds for an answer; it comes at once, or the process hangs. */
const ANSWER_MS = 2000;
const DEFAULT_METRICS = '127.0.0.1:9300';

/**
 * Reads no configuration: `AUTHENTIK_LISTEN__METRICS` says where to ask. A Gatepost that waits for authentik or its store
 * is healthy, as a restart would not help.
 */
export async function healthcheckCommand({ env, error }: Pick<Io, 'env' | 'error'>): Promise<number> {
  const listen = readVariable('AUTHENTIK_LISTEN__METRICS', env) || DEFAULT_METRICS;
  try {
    await Promise.any(placesOf(listen).map(ping));
    return EXIT_OK;
  } catch (cause) {
    const problems = cause instanceof AggregateError ? cause.errors.map(messageOf) : [messageOf(cause)];
    error(`gatepost: no Gatepost answers the ping on ${listen} (AUTHENTIK_LISTEN__METRICS): ${problems.join('; ')}`);
    return EXIT_FAILED;
  }
}

/** Where this machine reaches what listens there. */
function placesOf(listen: string): string[] {
  return splitListenAddresses(listen).flatMap((address) => {
    const hosts = isEverywhere(address) ? ['127.0.0.1', '::1'] : [address.host];
    return hosts.map((host) => formatListenAddress({ host, port: address.port }));
  });
}

/** Resolves with a good answer. */
function ping(place: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const url = `http://${place}${endpointPath('ping')}`;
    const options = { method: 'HEAD', agent: false, signal: AbortSignal.timeout(ANSWER_MS) };
    request(url, options, (response) => {
      const { statusCode = 0 } = response.resume();
      if (statusCode >= 200 && statusCode < 300) resolve();
      else reject(new Error(`the answer is ${statusCode}`));
    })
      .on('error', reject)
      .end();
  });
}
