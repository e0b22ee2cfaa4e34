/** The authorization endpoint: signs a configured user in at once, or asks by a form. */
import { randomBytes } from 'node:crypto';
import type { TestUser } from '../../../demo/provider/options.ts';
import { type Call, form, html, type Reply, redirect } from '../call.ts';
import { type ProxyProvider, redirectUris } from '../proxy_provider.ts';
import type { Session } from '../rows.ts';
import type { World } from '../world.ts';

const CODE_LIFE_MS = 60_000;
const COOKIE = 'authentik_session';

export function authorize(world: World, call: Call): Reply {
  const provider = world.byClientId(call.query.get('client_id') ?? '');
  if (!provider) return html(400, '<h1>Client ID Error</h1>');
  const redirectUri = call.query.get('redirect_uri') ?? '';
  if (!redirectUris(provider).includes(redirectUri)) return html(400, '<h1>Redirect URI Error</h1>');
  const back = (answer: Record<string, string>) => {
    const state = call.query.get('state');
    const query = new URLSearchParams({ ...answer, ...(state !== null && { state }) });
    return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${query}`;
  };
  if (call.query.get('response_type') !== 'code') return redirect(back({ error: 'unsupported_response_type' }));
  if (!call.query.get('scope')?.split(' ').includes('openid'))
    world.violations.add('an authorization request without the scope openid');
  const signedIn = signIn(world, call);
  if (!signedIn) {
    if (call.query.get('prompt') === 'none') return redirect(back({ error: 'login_required' }));
    return loginPage(call);
  }
  const { user, session, headers } = signedIn;
  if (provider.denied.includes(user.username)) return html(403, '<h1>Permission denied</h1>', headers);
  world.logins.push({ username: user.username, provider: provider.name, by: 'browser', address: call.peer });
  return redirect(back({ code: issueCode(world, call, provider, user, session) }), headers);
}

function issueCode(world: World, call: Call, provider: ProxyProvider, user: TestUser, session: Session): string {
  const code = randomBytes(20).toString('hex');
  const asked = (call.query.get('scope') ?? '').split(' ');
  world.codes.set(code, {
    provider,
    user,
    scope: asked.filter((one) => provider.scopes.includes(one)),
    authTimeMs: session.startedMs,
    session,
    nonce: call.query.get('nonce') ?? undefined,
    expiresMs: world.settings.now() + CODE_LIFE_MS,
    redirectUri: call.query.get('redirect_uri') ?? '',
    challenge: call.query.get('code_challenge') ?? undefined,
  });
  if (call.query.has('code_challenge') && call.query.get('code_challenge_method') !== 'S256')
    world.violations.add('PKCE by another method than S256');
  return code;
}

/** By authentik's own cookie, by the form, or without asking. */
function signIn(
  world: World,
  call: Call,
): { user: TestUser; session: Session; headers: Record<string, string> } | undefined {
  const known = sessionOf(world, call);
  if (known && call.query.get('prompt') !== 'login') return { ...known, headers: {} };
  const user = call.method === 'POST' ? byPassword(world, call) : byName(world, world.autoLogin);
  if (!user) return undefined;
  const session = world.newSession(user.username);
  const secure = call.scheme === 'https' ? '; Secure; SameSite=None' : '; SameSite=Lax';
  return { user, session, headers: { 'set-cookie': `${COOKIE}=${session.key}; Path=/; HttpOnly${secure}` } };
}

/** authentik's own session of a browser. */
export function sessionOf(world: World, call: Call): { user: TestUser; session: Session } | undefined {
  const key = new RegExp(`(?:^|; )${COOKIE}=([^;]+)`).exec(call.headers.cookie ?? '')?.[1];
  const session = key === undefined ? undefined : world.sessions.get(key);
  const user = byName(world, session?.username);
  return session && user ? { user, session } : undefined;
}

const byName = (world: World, name: string | undefined) => world.users.find(({ username }) => username === name);

function byPassword(world: World, call: Call): TestUser | undefined {
  const body = form(call);
  const user = byName(world, body.get('username') ?? undefined);
  return user?.password === body.get('password') ? user : undefined;
}

function loginPage(call: Call): Reply {
  const wrong = call.method === 'POST' ? '<p id="wrong">Invalid password</p>' : '';
  return html(
    200,
    `<h1>Welcome to authentik!</h1>${wrong}<form method="post">
<label>Username <input name="username" autofocus></label>
<label>Password <input name="password" type="password"></label>
<button name="action" value="login">Log in</button></form>`,
  );
}
