/** The auth requests that are measured, as Traefik sends them for a browser or a program behind it. */

/** The credentials of an auth request. */
export interface Credentials {
  /** `Cookie` with a live session. */
  cookie: string;
  /** `Authorization` with an app password that was accepted before. */
  basic: string;
}

export interface Case {
  name: string;
  title: string;
  /** The share of the ceiling to reach. */
  aim: number;
  /** The status of every response. */
  status: number;
  headers(credentials: Credentials): Record<string, string>;
}

export const HOST = 'app.example.com';
export const TARGET = '/outpost.goauthentik.io/auth/traefik';

/** What Traefik 3 adds, and what a browser sends with every request. */
const common = {
  Host: 'gatepost.internal:9000',
  'X-Forwarded-Method': 'GET',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': HOST,
  'X-Forwarded-For': '203.0.113.7',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-GB,en;q=0.9,de;q=0.8',
};
const page = {
  ...common,
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Sec-Fetch-Mode': 'navigate',
};

export const cases: Case[] = [
  {
    name: 'session',
    title: 'valid session',
    aim: 0.92,
    status: 200,
    headers: ({ cookie }) => ({
      ...page,
      'X-Forwarded-Uri': '/d/abc/overview?from=now-6h&to=now',
      Cookie: `theme=dark; ${cookie}`,
    }),
  },
  {
    name: 'anonymous',
    title: 'anonymous 401',
    aim: 0.88,
    status: 401,
    headers: () => ({
      ...common,
      Accept: '*/*',
      'Sec-Fetch-Mode': 'cors',
      'X-Forwarded-Uri': '/api/live?from=now-6h&to=now',
    }),
  },
  {
    name: 'public',
    title: 'public path',
    aim: 0.9,
    status: 200,
    headers: () => ({ ...page, 'X-Forwarded-Uri': '/public/build/app.js?v=11.2' }),
  },
  {
    name: 'basic',
    title: 'known Basic, no cookie',
    aim: 0.85,
    status: 200,
    headers: ({ basic }) => ({
      ...common,
      Accept: '*/*',
      'User-Agent': 'DAVx5/4.4 (dav4jvm; okhttp/4.12.0) Android/14',
      'X-Forwarded-Uri': '/dav/calendars/alice/home/',
      Authorization: basic,
    }),
  },
];
