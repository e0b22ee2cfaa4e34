/** Warns of networks that hold every address. */
import type { Report } from '../problems.ts';
import type { ValidConfig } from './types.ts';

const isEverybody = (network: string) => /\/0+$/.test(network);

export function warnOfOpenNetworks({ trusted_proxies = [], applications }: ValidConfig, report: Report): void {
  const everybody = trusted_proxies.findIndex(isEverybody);
  if (everybody >= 0) {
    // Attack: a client that reaches the port itself names the URL, the method and the address that count.
    report(
      ['trusted_proxies', everybody],
      `${trusted_proxies[everybody]} is every address: a client that reaches Gatepost directly is believed like a proxy; list the addresses of your proxies`,
    );
  }
  applications.forEach(({ access }, index) => {
    access?.forEach(({ policy, networks }, at) => {
      const open = networks?.findIndex(isEverybody) ?? -1;
      if (open < 0 || policy === 'required' || policy === 'deny') return;
      report(
        ['applications', index, 'access', at, 'networks', open],
        `${networks?.[open]} is every address: the rule opens to everybody; leave networks out, or name your own`,
      );
    });
  });
}
