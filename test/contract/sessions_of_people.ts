/** The sessions of the people of the table of decisions, made when a case first needs one. */
import { type Case, type Person, TOP } from './decision_table.ts';
import { type Contract, hostOf, type Pairs, type Slug, signedIn, sites } from './setup.ts';

export interface PeoplesSessions {
  /** The port of the server with the configuration of a case. */
  portOf(one: Case): Promise<number>;
  /** The `Cookie` header of a person at the application of a URL, on that server. */
  cookie(one: Case, person: Person): Promise<[string, string]>;
}

export function createSessions(contract: () => Contract): PeoplesSessions {
  const ports = new Map<string, Promise<number>>();
  const cookies = new Map<string, Promise<[string, string]>>();
  const remember = <T>(map: Map<string, Promise<T>>, key: string, make: () => Promise<T>) => {
    const known = map.get(key) ?? make();
    map.set(key, known);
    return known;
  };
  const portOf = ({ top = TOP }: Case) =>
    top === TOP
      ? Promise.resolve(contract().port)
      : remember(ports, top, async () => (await contract().another(top)).http.port);
  return {
    portOf,
    cookie(one, person) {
      const slug = slugOf(one.url);
      return remember(cookies, `${one.top} ${slug} ${person}`, async () =>
        signedIn(contract(), slug, person, await portOf(one)),
      );
    },
  };
}

/** What a case sends to the server. */
export async function headersOf(one: Case, sessions: PeoplesSessions): Promise<Pairs> {
  const { as, headers = [] } = one;
  const own = typeof headers === 'function' ? headers(valueIn(await sessions.cookie(one, 'alice'))) : headers;
  return as === undefined ? own : [await sessions.cookie(one, as), ...own];
}

const valueIn = ([, cookie]: [string, string]) => cookie.slice(cookie.indexOf('=') + 1);

/** The site of a URL: its own, or the domain that it is in. */
function slugOf(url: string): Slug {
  const { hostname } = new URL(url);
  const name = hostname.replace(/\.$/, '');
  const found = Object.keys(sites).find((slug) => {
    const own = new URL(hostOf(slug)).hostname;
    const domain = /cookie_domain: (\S+)/.exec(sites[slug]?.more ?? '')?.[1];
    return own === name || (domain !== undefined && name.endsWith(`.${domain}`));
  });
  if (found === undefined) throw new Error(`no site has ${url}`);
  return found;
}
