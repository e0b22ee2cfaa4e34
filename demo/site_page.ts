/** The page of the demo's site. */
import { escapeHtml, renderPage } from './page.ts';

/** A request as the site received it. */
export interface Arrived {
  method: string;
  url: string;
  headers: [name: string, value: string][];
}

const identity = [
  'username',
  'groups',
  'entitlements',
  'email',
  'name',
  'uid',
  'jwt',
  'meta-jwks',
  'meta-outpost',
  'meta-provider',
  'meta-app',
  'meta-version',
].map((name) => `X-authentik-${name}`);

/** What the buttons do; a file of its own, because a page of a protected site may not have scripts in it. */
export const pageScript = `
const say = (id, text) => { document.getElementById(id).textContent = text };
document.getElementById('fetch').onclick = async () => {
  say('fetched', '…');
  const response = await fetch('/api/me', { headers: { accept: 'application/json' } });
  const answer = await response.json().catch(() => ({}));
  const text = response.ok ? 'the site responded' : answer.error + ', log in at ' + answer.login_url;
  say('fetched', 'fetch: ' + response.status + ', ' + text);
};
document.getElementById('socket').onclick = () => {
  say('opened', '…');
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/api/socket');
  socket.onmessage = (event) => { say('opened', 'WebSocket: ' + event.data); socket.close() };
  socket.onerror = () => say('opened', 'WebSocket: refused');
};
`;

export function renderSite({ method, url, headers }: Arrived): string {
  const values = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
  const get = (name: string) => values.get(name.toLowerCase()) ?? '';
  const path = url.split('?')[0]!;
  const username = get('X-authentik-username');
  const greeting = username ? `Hello, ${get('X-authentik-name') || username}` : 'Hello, visitor';
  const others = headers.filter(([name]) => !/^x-authentik-/i.test(name));
  const body = `
${navigation(path, username)}
<h1>${escapeHtml(greeting)}</h1>
<p>${escapeHtml(explain(path, username))}</p>
<h2>The identity headers from Gatepost</h2>
<table>${identity.map((name) => row(name, get(name))).join('')}</table>
<h2>What a script on this page sees</h2>
<p>A script cannot follow a redirect to a login, so it gets 401 instead. Try it on the public page, signed out.</p>
<div class="row"><button id="fetch">fetch('/api/me')</button><button id="socket">open a WebSocket</button></div>
<output id="fetched"></output><output id="opened"></output>
<h2>The rest of the request</h2>
<p><code>${escapeHtml(`${method} ${url}`)}</code></p>
<details><summary>${others.length} other headers</summary><table>${others.map(([name, value]) => row(name, value)).join('')}</table></details>
<script src="/public/page.js"></script>`;
  return renderPage(`Demo site: ${username || 'not signed in'}`, body);
}

function navigation(path: string, username: string): string {
  const links: [string, string][] = [
    ['/', 'Home'],
    ['/public/', 'Public page'],
    ['/admin', 'Admins only'],
    username ? ['/outpost.goauthentik.io/sign_out', 'Sign out'] : ['/outpost.goauthentik.io/start?rd=%2F', 'Sign in'],
  ];
  const items = links.map(([to, text]) => `<a href="${to}"${to === path ? ' aria-current="page"' : ''}>${text}</a>`);
  return `<nav>${items.join('')}</nav>`;
}

function explain(path: string, username: string): string {
  if (path.startsWith('/public/')) {
    const known = username ? 'you are signed in, so the site knows you' : 'you are not signed in';
    return `This page needs no login; ${known}.`;
  }
  if (path.startsWith('/admin')) return 'Only members of the group “admins” may read this page.';
  return 'This page needs a login. The site itself has none: it only reads the headers below.';
}

function row(name: string, value: string): string {
  const shown = value.length > 160 ? `${value.slice(0, 80)} … (${value.length} characters)` : value;
  const cell = value === '' ? '<td class="none">empty</td>' : `<td>${escapeHtml(shown)}</td>`;
  return `<tr><th>${escapeHtml(name)}</th>${cell}</tr>`;
}
