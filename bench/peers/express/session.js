// Express with express-session in its memory store, and a login by openid-client.
import express from 'express';
import session from 'express-session';
import * as openid from 'openid-client';

const { PORT, ISSUER, ORIGIN, CLIENT_ID, CLIENT_SECRET, COOKIE_SECRET } = process.env;

const provider = await openid.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, {
  execute: [openid.allowInsecureRequests],
});

const app = express();
app.set('trust proxy', 'loopback');
app.use(
  session({
    secret: COOKIE_SECRET,
    resave: false,
    saveUninitialized: false,
    cookie: { secure: true, httpOnly: true, sameSite: 'lax' },
  }),
);
app.get('/login', async (request, response) => {
  const code_verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  request.session.login = { code_verifier, state };
  const url = openid.buildAuthorizationUrl(provider, {
    redirect_uri: `${ORIGIN}/callback`,
    scope: 'openid profile email groups',
    code_challenge: await openid.calculatePKCECodeChallenge(code_verifier),
    code_challenge_method: 'S256',
    state,
  });
  response.redirect(url.href);
});
app.get('/callback', async (request, response) => {
  const { code_verifier, state } = request.session.login;
  const url = new URL(request.originalUrl, ORIGIN);
  const checks = { pkceCodeVerifier: code_verifier, expectedState: state };
  const tokens = await openid.authorizationCodeGrant(provider, url, checks);
  const { sub, preferred_username, email, groups } = tokens.claims();
  await new Promise((resolve, reject) => {
    request.session.regenerate((error) => (error ? reject(error) : resolve()));
  });
  request.session.user = { sub, preferred_username, email, groups };
  response.redirect('/');
});
app.get('/logout', (request, response) => {
  request.session.destroy(() => response.clearCookie('connect.sid').redirect('/signed-out'));
});
app.get('/auth', (request, response) => {
  const { user } = request.session;
  if (!user) return response.sendStatus(401);
  response.set({ 'X-User': user.preferred_username, 'X-Email': user.email, 'X-Groups': user.groups.join() });
  response.sendStatus(200);
});
app.listen(Number(PORT), '127.0.0.1');
