/** The `hosts` of rules: which hosts of an application a rule is about, found in maps. Pure. */
import { hostnameOf, parentOf } from '../http/host.ts';

/** @param host as `normalizeHost` gives it */
export type HostMatcher = (host: string) => boolean;

/**
 * Compiles the `hosts` of a rule: hosts as `normalizeHost` gives them, or `*.` for one label before such a host.
 *
 * Attack: `admin.example.com:8080`. A proxy serves a site by its name, and the client writes the port. So a rule that
 * closes is about the name, whatever the port; a rule that opens is about name and port.
 *
 * @param permissive whether the rule opens
 */
export function compileHosts(hosts: readonly string[], permissive: boolean): HostMatcher {
  const compared = permissive ? hosts : hosts.map(hostnameOf);
  const exact = new Set(compared.filter((host) => !host.startsWith('*')));
  const parents = new Set(compared.filter((host) => host.startsWith('*')).map(parentOf));
  return (host) => {
    const name = permissive ? host : hostnameOf(host);
    return exact.has(name) || (parents.size > 0 && parents.has(parentOf(name)));
  };
}

/**
 * For each host the numbers of the rules that may be about it, in order, put together at set-up: a rule for another host
 * costs a request nothing, be there two hundred.
 *
 * @param hostsOf what `compileHosts` was given, by the number of the rule; `undefined`: every host
 */
export function createHostIndex(hostsOf: ReadonlyMap<number, readonly string[] | undefined>) {
  const always: number[] = [];
  const byName = new Map<string, number[]>();
  const byParent = new Map<string, number[]>();
  for (const [number, hosts] of hostsOf) {
    if (hosts === undefined) always.push(number);
    for (const host of new Set(hosts?.map(hostnameOf))) {
      const [map, key] = host.startsWith('*') ? [byParent, parentOf(host)] : [byName, host];
      map.set(key, [...(map.get(key) ?? []), number]);
    }
  }
  const joined = (...lists: (readonly number[] | undefined)[]) =>
    [...new Set(lists.flatMap((list) => list ?? []))].sort((one, other) => one - other);
  const forName = new Map([...byName].map(([name, own]) => [name, joined(always, own, byParent.get(parentOf(name)))]));
  const forParent = new Map([...byParent].map(([parent, own]) => [parent, joined(always, own)]));
  if (forName.size === 0 && forParent.size === 0) return (): readonly number[] => always;
  return (host: string): readonly number[] => {
    const name = hostnameOf(host);
    return forName.get(name) ?? (forParent.size === 0 ? undefined : forParent.get(parentOf(name))) ?? always;
  };
}
