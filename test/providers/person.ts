/** A person with a browser who fills in whatever form a provider shows: name, password, consent. */
import { request } from 'undici';
import { createBrowser, type Page } from '../support/browser.ts';

export interface Account {
  /** What is typed in as the user name. */
  login: string;
  password: string;
}

interface Field {
  name: string;
  type: string;
  value: string;
}

const ATTRIBUTE = /([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g;

const decoded = (text: string) =>
  text.replace(/&(amp|quot|lt|gt|#39|#x27|#61|#43|#x2F);/g, (_, name: string) => ENTITIES[name] ?? '');
const ENTITIES: Record<string, string> = {
  amp: '&',
  quot: '"',
  lt: '<',
  gt: '>',
  '#39': "'",
  '#x27': "'",
  '#61': '=',
  '#43': '+',
  '#x2F': '/',
};

function attributes(tag: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', double, single, bare] of tag.replace(/^<\w+/, '').matchAll(ATTRIBUTE))
    found[name.toLowerCase()] = decoded(double ?? single ?? bare ?? '');
  return found;
}

interface Form {
  action: string;
  method: string;
  fields: Field[];
}

const CONTROL = /<(?:input|button)\b[^>]*>/gi;

function toField(tag: string): Field {
  const { name = '', type = tag.startsWith('<button') ? 'submit' : 'text', value = '' } = attributes(tag);
  return { name, type, value };
}

function forms(html: string): Form[] {
  return [...html.matchAll(/(<form\b[^>]*>)([\s\S]*?)<\/form>/gi)].map(([, open = '', inner = '']) => {
    const { action = '', method = 'get', id } = attributes(open);
    const inside = [...inner.matchAll(CONTROL)].map(([tag]) => tag);
    // A button may stand elsewhere and name its form.
    const elsewhere = [...html.matchAll(CONTROL)]
      .map(([tag]) => tag)
      .filter((tag) => id && attributes(tag).form === id);
    return { action, method: method.toUpperCase(), fields: [...inside, ...elsewhere].map(toField) };
  });
}

/** Of several buttons the one that goes on: by its value, else by its name, else the first. */
const GOES_ON = /allow|accept|approve|authori[sz]e|confirm|consent|continue|grant|login|submit|yes/i;

function pickButton(fields: Field[]): Field | undefined {
  const buttons = fields.filter(({ type, name }) => type === 'submit' && name !== '');
  return (
    buttons.find(({ value }) => GOES_ON.test(value)) ?? buttons.find(({ name }) => GOES_ON.test(name)) ?? buttons[0]
  );
}

function fill({ fields }: Form, account: Account): URLSearchParams {
  const body = new URLSearchParams();
  const button = pickButton(fields);
  let hasName = false;
  for (const { name, type, value } of fields) {
    if (name === '' || type === 'submit' || type === 'button') continue;
    const isText: boolean = (type === 'text' || type === 'email') && !hasName;
    hasName ||= isText;
    if (type === 'password') body.append(name, account.password);
    else if (isText) body.append(name, value || account.login);
    else if (type === 'checkbox' || type === 'radio') body.append(name, value || 'on');
    else body.append(name, value);
  }
  if (button) body.append(button.name, button.value);
  return body;
}

/** As a browser asks for a page: without what `fetch` adds. */
async function sendAsPage(url: string, { method = 'GET', headers, body }: RequestInit & { headers: Headers }) {
  const form = body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  const answer = await request(url, {
    method: method as 'GET',
    headers: { ...Object.fromEntries(headers), ...form },
    ...(body && { body: String(body) }),
  });
  const text = await answer.body.text();
  const received = new Headers();
  for (const [name, value] of Object.entries(answer.headers))
    for (const one of [value ?? []].flat()) received.append(name, Buffer.from(one, 'latin1').toString('latin1'));
  return new Response(text === '' ? null : text, { status: answer.statusCode, headers: received });
}

const MAX_PAGES = 10;

/** @param host of the protected site; every request for it is sent to `ask` */
export function createPerson(host: string, port: () => number, account: Account) {
  const browser = createBrowser((url) => {
    if (url.host !== host) return undefined;
    const target = url.pathname + url.search;
    const headers = { 'x-forwarded-proto': 'http', 'x-forwarded-host': host };
    // As Traefik does: the pages of Gatepost are its own router, and every other request is a question first.
    return url.pathname.startsWith('/outpost.goauthentik.io/')
      ? { url: `http://127.0.0.1:${port()}${target}`, headers }
      : {
          url: `http://127.0.0.1:${port()}/outpost.goauthentik.io/auth/traefik`,
          headers: { ...headers, 'x-forwarded-uri': target, 'x-forwarded-method': 'GET' },
        };
  }, sendAsPage);

  const isAtSite = (address: string) => new URL(address).host === host;

  async function send(page: Page, form: Form): Promise<Page> {
    const address = new URL(form.action || page.url, page.url);
    const body = fill(form, account);
    const origin = new URL(page.url).origin;
    const headers = { origin, referer: page.url };
    if (form.method === 'POST') return browser.open(address.href, { method: 'POST', body, headers });
    address.search = body.toString();
    return browser.open(address.href, { headers });
  }

  /** Follows redirects, and fills in forms where `fills` says so, until no page leads on. */
  async function goOn(first: Page, fills: (page: Page) => boolean): Promise<Page> {
    let page = first;
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      for (let hops = 0; page.location !== undefined; hops += 1) {
        if (hops > 20) throw new Error(`more than 20 redirects, last to ${page.location}`);
        page = await browser.open(page.location);
      }
      const form = pickForm(page);
      if (isAtSite(page.url) || form === undefined || !fills(page)) return page;
      page = await send(page, form);
    }
    throw new Error(`no end of forms, last at ${page.url}:\n${page.text.slice(0, 2000)}`);
  }

  return {
    browser,
    /** Opens an address and goes through the login where one is shown. */
    signIn: async (address: string) => goOn(await browser.open(address), () => true),
    /** Opens an address and confirms what is asked, but gives no password. */
    confirm: async (address: string) => goOn(await browser.open(address), (page) => !asksForLogin(page)),
    /** Opens an address, and stops at the first page. */
    open: async (address: string) => goOn(await browser.open(address), () => false),
  };
}

export type Person = ReturnType<typeof createPerson>;

/** A page may have a form for the language or the search beside the one that is meant. */
function pickForm({ text }: Page): Form | undefined {
  const all = forms(text);
  return all.find(hasPassword) ?? all.find(({ method }) => method === 'POST');
}

const hasPassword = ({ fields }: Form) => fields.some(({ type }) => type === 'password');

/** Whether a page asks who somebody is. */
export const asksForLogin = ({ text }: Page) =>
  forms(text).some(({ fields }) =>
    fields.some(
      ({ name, type }) => type === 'password' || (/^(login|username|email)$/.test(name) && type !== 'hidden'),
    ),
  );
