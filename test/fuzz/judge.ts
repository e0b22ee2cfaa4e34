/** Whether Gatepost may answer a question so: what the contract forbids, judged from the bytes that were sent. */
import { type Answer, headerOf } from './connection.ts';
import { allows, type Client, onlySiteOf, type Person, pathsOf } from './oracle.ts';
import type { Credential } from './people.ts';
import type { Question } from './questions.ts';
import { type Site, siteOf } from './sites.ts';

const PREFIX = '/outpost.goauthentik.io';
const PAGES = ['start', 'callback', 'sign_out', 'session', 'ping'].map((page) => `${PREFIX}/${page}`);
const STATUSES = { nginx: [200, 401, 403, 500], others: [200, 302, 303, 401, 403, 404, 414, 429, 500] };

interface Asked {
  /** Every URL that one could take for the forwarded one. */
  urls: string[];
  client: Client;
}

/** A list counts as one value where all its members are equal. */
function members(values: string[]): string[] {
  const all = values.flatMap((value) => value.split(',')).map((value) => value.trim());
  return [...new Set(all)];
}

/** What the question asks, from its headers. Empty `urls`: nothing that may be answered by a yes. */
function askedOf({ dialect, method, path, headers }: Question): Asked {
  const all = (name: string) => headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value.trim());
  const last = all('x-forwarded-for').join(',').split(',').at(-1)?.trim() ?? '';
  const address = /^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/.exec(last)?.[1];
  const one = (values: string[]) => (values.length === 1 ? values[0] : undefined);
  const compose = (hosts: string[], uris: string[]) =>
    members(
      all('x-forwarded-proto').length > 0
        ? all('x-forwarded-proto')
        : dialect === 'traefik' || dialect === 'caddy'
          ? []
          : ['https'],
    ).flatMap((scheme) => members(hosts).flatMap((host) => uris.map((uri) => `${scheme}://${host}${uri}`)));
  if (dialect === 'envoy') {
    const uri = path.slice(path.indexOf('/auth/envoy') + '/auth/envoy'.length);
    return { urls: compose(all('host'), [uri]), client: { method, address } };
  }
  if (dialect !== 'nginx') {
    const forwarded = all('x-forwarded-method');
    const client = { method: forwarded.length === 0 ? 'GET' : one(forwarded), address };
    return { urls: compose(all('x-forwarded-host'), all('x-forwarded-uri')), client };
  }
  const client = { method: one(all('x-original-method')), address };
  const whole = all('x-original-url');
  const uris = [...all('x-original-uri'), ...all('x-forwarded-uri')];
  if (whole.length === 0) {
    const hosts = all('x-forwarded-host');
    return { urls: compose(hosts.length > 0 ? hosts : all('host'), uris), client };
  }
  const origin = /^[^/]*\/\/[^/?#]*/.exec(whole[0]!)?.[0] ?? '';
  return { urls: [...whole, ...uris.map((uri) => origin + uri)], client };
}

const isUsable = (url: string) => /^(https?|wss?):\/\/[^\0-\x20\x7f]+$/i.test(url);

function judgeAllow(question: Question, answer: Answer, credentials: Credential[]): string[] {
  const { urls, client } = askedOf(question);
  const user = headerOf(answer, 'x-authentik-username') ?? '';
  const site = urls.length > 0 && urls.every(isUsable) ? onlySiteOf(urls) : undefined;
  if (site === undefined) return [`200 for ${JSON.stringify(urls)}, which is no one site`];
  const wrong: string[] = [];
  const app = headerOf(answer, 'x-authentik-meta-app');
  if (app !== undefined && app !== site.slug) wrong.push(`judged by the rules of ${app}, not of ${site.slug}`);
  const own = question.headers.find(([name]) => name === 'Host')?.[1] ?? '';
  const hosts = question.dialect === 'nginx' || question.dialect === 'caddy' ? siteOf(own) : undefined;
  if (hosts !== undefined && hosts !== site) wrong.push(`Host names ${hosts.slug}, the URL ${site.slug}`);
  const paths = pathsOf(urls);
  if (user === '' && ['uid', 'email', 'jwt', 'groups'].some((name) => headerOf(answer, `x-authentik-${name}`)))
    wrong.push('an identity without a user name');
  if (user !== '' && paths.some((path) => new RegExp(`^${PREFIX}/auth(/|$)`).test(path)))
    wrong.push('an identity for an auth endpoint');
  if (urls.length === 1 && PAGES.includes(paths[0] ?? ''))
    return user === '' ? wrong : [...wrong, 'an identity for a page'];
  // Above are pages that Gatepost itself serves; what comes here an application gets.
  const cookie = headerOf(answer, 'cookie') ?? '';
  if (credentials.some(({ secret }) => cookie.includes(secret))) wrong.push('a session cookie for the application');
  const person = user === '' ? undefined : sentBy(question, credentials, site, user);
  if (user !== '' && person === undefined) wrong.push(`${user} at ${site.slug} without a credential for it`);
  if (!allows(site, urls, client, person)) wrong.push(`open to ${user || 'nobody in particular'} at ${site.slug}`);
  return wrong;
}

/** The person of that name whose credential for this site is in the request. */
function sentBy({ headers }: Question, credentials: Credential[], site: Site, user: string): Person | undefined {
  const sent = headers.filter(([name]) => /^(cookie|authorization)$/i.test(name)).map(([, value]) => value);
  return credentials.find(
    ({ person, slug, secret }) =>
      person.name === user &&
      (slug === undefined || slug === site.slug) &&
      sent.some((value) => value.includes(secret)),
  )?.person;
}

/** A redirect, or nginx's `Location`, leads to the login of the site that was asked for, and back to it. */
function judgeLocation(question: Question, location: string): string[] {
  const { urls } = askedOf(question);
  const site = onlySiteOf(urls);
  if (site === undefined) return [`Location for ${JSON.stringify(urls)}, which is no one site`];
  const start = `${site.origin}${PREFIX}/start?rd=`;
  if (!location.startsWith(start)) return [`Location ${location}`];
  const rd = decodeURIComponent(location.slice(start.length));
  return onlySiteOf([rd]) === site ? [] : [`Location leads back to ${rd}`];
}

/** What is wrong with an answer; nothing, mostly. */
export function judge(question: Question, answer: Answer, credentials: Credential[]): string[] {
  const { status, headers } = answer;
  const reason = headerOf(answer, 'x-gatepost-reason');
  // Node's own answer to what is no HTTP.
  if ((status === 400 || status === 431) && reason === undefined && headerOf(answer, 'connection') === 'close')
    return headers.some(([name]) => name.startsWith('x-authentik-')) ? ['an identity beside an error of HTTP'] : [];
  const wrong: string[] = [];
  const allowed = question.dialect === 'nginx' ? STATUSES.nginx : STATUSES.others;
  if (!allowed.includes(status)) wrong.push(`status ${status} (${reason})`);
  if (status !== 200 && !reason) wrong.push(`${status} without a reason`);
  const isHead = question.method === 'HEAD';
  if (
    status === 500 &&
    (reason !== 'configuration_error' || !(isHead || answer.body.startsWith('configuration error: ')))
  )
    wrong.push(`500 with the reason ${reason}: ${answer.body}`);
  if (headerOf(answer, 'cache-control') !== 'no-store') wrong.push('an answer that may be stored');
  for (const [name, value] of headers) if (/[\0-\x1f\x7f]/.test(value)) wrong.push(`a control character in ${name}`);
  if (status !== 200 && headers.some(([name, value]) => name === 'x-authentik-username' && value))
    wrong.push(`an identity beside ${status}`);
  const location = headerOf(answer, 'location');
  if (location !== undefined) wrong.push(...judgeLocation(question, location));
  return status === 200 ? [...wrong, ...judgeAllow(question, answer, credentials)] : wrong;
}

/** A line of the log is one line of JSON, without a raw control or line-separator character and without a secret. */
export function judgeLines(lines: string[], credentials: Pick<Credential, 'secret'>[]): string[] {
  return lines.flatMap((line) => {
    const wrong: string[] = [];
    if (/[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(line.replace(/\n$/, '')))
      wrong.push(`a raw control character in ${JSON.stringify(line)}`);
    if (credentials.some(({ secret }) => line.includes(secret))) wrong.push(`a secret in ${line}`);
    try {
      JSON.parse(line);
    } catch {
      wrong.push(`no JSON: ${line}`);
    }
    return wrong;
  });
}
