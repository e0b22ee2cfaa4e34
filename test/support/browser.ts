/** A browser without a window: fetch with a cookie jar; redirects are followed only when the test says so. */

interface Kept {
  value: string;
  host: string;
  domain: boolean;
  path: string;
  secure: boolean;
}

/** To browsers, this machine is as good as https. */
const isTrustworthy = ({ protocol, hostname }: URL) =>
  protocol === 'https:' || ['localhost', '127.0.0.1'].includes(hostname);

export interface Page {
  status: number;
  url: string;
  headers: Headers;
  /** Absolute, where there is a `Location`. */
  location: string | undefined;
  text: string;
}

/** `resolve` sends a public address (`https://app.example.com`) to a loopback one, as a proxy in front would. */
export function createBrowser(
  resolve: (url: URL) => { url: string; headers?: Record<string, string> } | undefined = () => undefined,
  /** Node's own `fetch` says of itself that it is a script (`Sec-Fetch-Mode: cors`), whatever it is told. */
  send: (url: string, init: RequestInit & { headers: Headers }) => Promise<Response> = fetch,
) {
  const jar = new Map<string, Kept>();

  const keep = (url: URL, line: string) => {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const name = pair.slice(0, pair.indexOf('='));
    const get = (key: string) =>
      attributes.find((one) => one.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1);
    const domain = get('domain')?.replace(/^\./, '');
    if (domain && url.hostname !== domain && !url.hostname.endsWith(`.${domain}`)) return;
    const secure = attributes.some((one) => one.toLowerCase() === 'secure');
    if (secure && !isTrustworthy(url)) return;
    const host = domain ?? url.hostname;
    const key = `${name}|${host}|${get('path') ?? '/'}`;
    const gone = get('max-age') === '0' || (get('expires') && Date.parse(get('expires')!) < Date.now());
    if (gone) jar.delete(key);
    else jar.set(key, { value: pair, host, domain: domain !== undefined, path: get('path') ?? '/', secure });
  };

  const cookiesFor = (url: URL) =>
    [...jar.values()]
      .filter((one) => url.hostname === one.host || (one.domain && url.hostname.endsWith(`.${one.host}`)))
      .filter((one) => url.pathname.startsWith(one.path) && (!one.secure || isTrustworthy(url)))
      .map((one) => one.value)
      .join('; ');

  const open = async (address: string, init: RequestInit = {}): Promise<Page> => {
    const url = new URL(address);
    const target = resolve(url) ?? { url: address };
    const headers = new Headers({
      accept: 'text/html',
      ...target.headers,
      ...(init.headers as Record<string, string>),
    });
    const cookie = cookiesFor(url);
    if (cookie) headers.set('cookie', cookie);
    const response = await send(target.url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) keep(url, line);
    const location = response.headers.get('location');
    return {
      status: response.status,
      url: address,
      headers: response.headers,
      location: location === null ? undefined : new URL(location, address).href,
      text: await response.text(),
    };
  };

  /** Opens and follows redirects until a page, or until `stop` says that the next address is far enough. */
  const follow = async (address: string, stop: (url: URL) => boolean = () => false): Promise<Page> => {
    let page = await open(address);
    for (let hops = 0; page.location !== undefined && !stop(new URL(page.location)); hops += 1) {
      if (hops > 20) throw new Error(`more than 20 redirects, last to ${page.location}`);
      page = await open(page.location);
    }
    return page;
  };

  const submit = (page: Page, fields: Record<string, string>) => {
    const action = /action="([^"]+)"/.exec(page.text)?.[1];
    const hidden = [...page.text.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    const body = new URLSearchParams({ ...Object.fromEntries(hidden.map((one) => [one[1], one[2]])), ...fields });
    return open(new URL(action ?? '', page.url).href, { method: 'POST', body });
  };

  return { open, follow, submit, jar, cookiesFor: (address: string) => cookiesFor(new URL(address)) };
}
