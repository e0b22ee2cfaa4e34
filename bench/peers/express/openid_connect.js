// Express with express-openid-connect, as its README has it: the session is sealed into the cookie.
import express from 'express';
import openid from 'express-openid-connect';

const { PORT, ISSUER, ORIGIN, CLIENT_ID, CLIENT_SECRET, COOKIE_SECRET } = process.env;

const app = express();
app.set('trust proxy', 'loopback');
app.use(
  openid.auth({
    authRequired: false,
    baseURL: ORIGIN,
    issuerBaseURL: ISSUER,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    secret: COOKIE_SECRET,
    authorizationParams: { response_type: 'code', scope: 'openid profile email groups' },
  }),
);
app.get('/auth', (request, response) => {
  if (!request.oidc.isAuthenticated()) return response.sendStatus(401);
  const { preferred_username, email, groups } = request.oidc.user;
  response.set({ 'X-User': preferred_username, 'X-Email': email, 'X-Groups': groups.join() });
  response.sendStatus(200);
});
app.listen(Number(PORT), '127.0.0.1');
