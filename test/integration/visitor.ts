/** A person without a browser: follows redirects by hand, keeps cookies, fills in the provider's form. */
import { type Answer, type Asker, ask } from './ask.ts';

/** A response and the URL it came from. */
export interface Page extends Answer {
  url: string;
}

/** Every host is on loopback; its port is the one in the URL. `secure`: sends requests for https. */
export function createVisitor(secure: Asker = ask) {
  const jar = new Map<string, { value: string; host: string; wide: boolean }>();

  const keep = ({ hostname }: URL, line: string) => {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const value = pair.slice(pair.indexOf('=') + 1);
    const domain = attributes.find((one) => /^domain=/i.test(one))?.slice('domain='.length);
    const expires = attributes.find((one) => /^expires=/i.test(one))?.slice('expires='.length);
    const name = pair.slice(0, pair.indexOf('='));
    if (value === '' || (expires && Date.parse(expires) < Date.now())) jar.delete(name);
    else jar.set(name, { value, host: domain ?? hostname, wide: domain !== undefined });
  };

  const cookies = ({ hostname }: URL) =>
    [...jar]
      .filter(([, { host, wide }]) => hostname === host || (wide && hostname.endsWith(`.${host}`)))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');

  const open = async (address: string, form?: Record<string, string>): Promise<Page> => {
    const url = new URL(address);
    const headers: [string, string][] = [['Accept', 'text/html']];
    const cookie = cookies(url);
    if (cookie) headers.push(['Cookie', cookie]);
    if (form) headers.push(['Content-Type', 'application/x-www-form-urlencoded']);
    const path = address.slice(url.origin.length).replace(/#.*/, '') || '/';
    const body = form && { method: 'POST', body: Buffer.from(new URLSearchParams(form).toString()) };
    const request = { path, host: url.host, headers, ...body };
    const answer = await (url.protocol === 'https:' ? secure : ask)(Number(url.port), request);
    for (const line of answer.cookies) keep(url, line);
    return { ...answer, url: address };
  };

  /** Follows redirects until a page that is none, or until the address begins with `until`. */
  const follow = async (first: Page, until?: string): Promise<Page> => {
    let page = first;
    for (let hops = 0; page.headers.location && hops < 20; hops += 1) {
      const next = new URL(String(page.headers.location), page.url).href;
      if (until && next.startsWith(until)) return page;
      page = await open(next);
    }
    return page;
  };

  /** From any address to the page behind the login, as this user. */
  const signIn = async (address: string, username: string, password: string): Promise<Page> => {
    const form = await follow(await open(address));
    if (!form.text.includes('name="username"')) return form;
    const action = /action="([^"]+)"/.exec(form.text)?.[1] ?? '';
    return follow(await open(new URL(action, form.url).href, { username, password, action: 'login' }));
  };

  return { open, follow, signIn, jar, cookies: (address: string) => cookies(new URL(address)) };
}

export type Visitor = ReturnType<typeof createVisitor>;
