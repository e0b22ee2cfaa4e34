/** A login in a browser of its own, which begins at one process and may end at another. */
import { createBrowser } from '../support/browser.ts';
import type { Answer } from './ask.ts';
import { examine } from './examine.ts';
import type { Gatepost } from './gatepost.ts';
import type { Person, Session } from './ledger.ts';
import { alone } from './people.ts';
import { fromBrowser, type Question } from './questions.ts';
import { OUTPOST, type Site } from './site.ts';
import type { World } from './world.ts';

/** A browser for one login; what it asks of Gatepost goes to one process after the other, and is judged. */
function createVisitor(world: World, site: Site, processes: Gatepost[]) {
  let requests = 0;
  const send = async (url: string, { headers }: { headers: Headers }): Promise<Response> => {
    const { pathname, search } = new URL(url);
    const path = pathname + search;
    if (url.startsWith(world.provider.issuer)) {
      return toResponse(await world.provider.ask({ path, headers: Object.fromEntries(headers) }));
    }
    const process = processes[requests++ % processes.length]!;
    const question: Question = {
      title: `a login at ${site.slug}: ${pathname}`,
      path,
      headers: fromBrowser(site, Object.fromEntries(headers)),
    };
    const { answer } = await examine(world, process, question, () => 'login');
    return toResponse(answer);
  };
  return createBrowser(undefined, send);
}

function toResponse({ status, headers, body }: Answer): Response {
  if (status === 0) return new Response(null, { status: 504 });
  const response = new Response(body, { status });
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'set-cookie' || name === 'location')
      for (const one of [value ?? []].flat()) response.headers.append(name, one);
  }
  return response;
}

/** The new session; `undefined` where the login was not answered with one. */
export async function logIn(
  world: World,
  person: Person,
  site: Site,
  processes: Gatepost[],
): Promise<Session | undefined> {
  return alone(person, async () => {
    const browser = createVisitor(world, site, processes);
    const { issuer } = world.provider;
    const origin = `https://${site.host}`;
    const first = await browser.open(`${origin}${OUTPOST}/start?rd=/page`);
    if (!first.location?.startsWith(issuer)) return undefined;
    const back = await browser.follow(`${first.location}&login_hint=${person.user}`, (url) => url.origin !== issuer);
    if (back.location === undefined) return undefined;
    await browser.open(back.location);
    const pair = browser
      .cookiesFor(`${origin}/`)
      .split('; ')
      .find((one) => one.startsWith(`${site.cookie}=`));
    if (pair === undefined) return undefined;
    const cookie = pair.slice(pair.indexOf('=') + 1);
    const where = processes.map(({ name }) => name).join(' and ');
    const session = world.ledger.add({ person, site, cookie }, where);
    if (session.madeAt >= world.state.unsettledSince) {
      world.ledger.doubt(session, 'made while processes had different folders');
    }
    return session;
  });
}
