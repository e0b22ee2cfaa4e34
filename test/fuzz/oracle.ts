/** What an auth request may open at most, by the contract's words. It says nothing about what it must open. */
import { readingsOf } from './readings.ts';
import { type Rule, type Site, siteOf } from './sites.ts';

export interface Person {
  name: string;
  groups: string[];
}

/** The client's method and address as the dialect's headers say them; `undefined`: not known. */
export interface Client {
  method: string | undefined;
  address: string | undefined;
}

/** The parts of an absolute URL as parsers see them that disagree about where the authority ends. */
function parses(url: string): { authority: string; rest: string }[] {
  const results = [/^[a-z]+:\/\/([^/?#]*)(.*)$/is, /^[a-z]+:\/\/([^/]*)(.*)$/is].map((form) => form.exec(url));
  const found = results.map((match) => ({ authority: match?.[1] ?? '', rest: match?.[2] ?? '' }));
  try {
    const { host, pathname } = new URL(url);
    found.push({ authority: host, rest: pathname });
  } catch {
    found.push({ authority: '', rest: '' });
  }
  return found;
}

/** The one site that every parser finds; `undefined` where one finds another, or user information. */
export function onlySiteOf(urls: string[]): Site | undefined {
  const found = urls.flatMap(parses).map(({ authority }) => (authority.includes('@') ? undefined : siteOf(authority)));
  return found.every((site) => site === found[0]) ? found[0] : undefined;
}

const pathOf = (rest: string) => rest.replace(/\?.*$/s, '') || '/';

/** All readings of the paths of all these URLs. */
export function pathsOf(urls: string[]): string[] {
  return [...new Set(urls.flatMap(parses).flatMap(({ rest }) => readingsOf(pathOf(rest))))];
}

function matches(rule: Rule, path: string, { method, address }: Client): boolean {
  const opens = rule.policy === 'public' || rule.policy === 'optional';
  if (rule.path !== undefined && !new RegExp(rule.path, 'u').test(path)) return false;
  // What is not known opens nothing, and escapes nothing.
  if (rule.methods && !(method === undefined ? !opens : rule.methods.includes(method.replace(/^HEAD$/, 'GET'))))
    return false;
  return rule.network === undefined || (address === undefined ? !opens : address.startsWith(rule.network));
}

function allowsPath(site: Site, origin: string, path: string, client: Client, person: Person | undefined): boolean {
  const skipped = site.domain === undefined ? path : origin + path;
  if (site.skip !== undefined && new RegExp(site.skip, 'u').test(skipped)) return true;
  const rule = site.rules.find((one) => matches(one, path, client));
  if (rule?.policy === 'deny') return false;
  if (rule?.policy === 'public' || rule?.policy === 'optional') return true;
  if (person === undefined) return false;
  return rule?.groups === undefined || rule.groups.some((group) => person.groups.includes(group));
}

/** Whether every reading of these URLs is open to this person, or to nobody in particular. */
export function allows(site: Site, urls: string[], client: Client, person: Person | undefined): boolean {
  const origin = /^[a-z]+:\/\/[^/?#]*/i.exec(urls[0] ?? '')?.[0].toLowerCase() ?? '';
  return pathsOf(urls).every((path) => allowsPath(site, origin, path, client, person));
}
