/** Makes sure that processes share their sessions, and ports are not used twice. */
import type { Report } from '../problems.ts';
import { splitListenAddress } from '../schema/addresses.ts';
import type { ValidConfig } from './types.ts';

export function checkProcess({ store, workers, listen }: ValidConfig, report: Report): void {
  if (store === 'memory' && workers !== undefined && workers !== 1) {
    report(
      ['workers'],
      'must be 1 with store: memory, as each worker would have its own sessions; use file:// or redis:// for more',
    );
  }
  const http = listen?.http === undefined ? undefined : splitListenAddress(listen.http);
  const metrics = listen?.metrics ? splitListenAddress(listen.metrics) : undefined;
  if (!http || !metrics || http.port === 0 || http.port !== metrics.port) return;
  const everywhere = (host: string | undefined) => host === undefined || host === '0.0.0.0' || host === '::';
  if (http.host === metrics.host || everywhere(http.host) || everywhere(metrics.host)) {
    report(['listen', 'metrics'], 'must not be the address of listen.http: metrics must not be public');
  }
}
