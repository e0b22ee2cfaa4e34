/** Makes sure that processes share their sessions, and ports are not used twice. */
import type { Report } from '../problems.ts';
import { isEverywhere, type ListenAddress, splitListenAddresses } from '../schema/addresses.ts';
import type { ValidConfig } from './types.ts';

export function checkProcess({ store, workers, listen }: ValidConfig, report: Report): void {
  if (store === 'memory' && workers !== undefined && workers !== 1) {
    report(
      ['workers'],
      'must be 1 with store: memory, as each worker would have its own sessions; use file:// or redis:// for more',
    );
  }
  const http = addressesOf(listen?.http);
  const isShared = (metrics: ListenAddress) => http.some((address) => areOne(address, metrics));
  if (addressesOf(listen?.metrics).some(isShared)) {
    report(['listen', 'metrics'], 'must not be the address of listen.http: metrics must not be public');
  }
}

const addressesOf = (listen: string | false | undefined) => (listen ? splitListenAddresses(listen) : []);

function areOne(one: ListenAddress, other: ListenAddress): boolean {
  if (one.port === 0 || one.port !== other.port) return false;
  return one.host === other.host || isEverywhere(one) || isEverywhere(other);
}
