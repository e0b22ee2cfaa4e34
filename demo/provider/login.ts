/** The test provider's login page: a plain form, or nobody is asked when the test says who it is. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ProviderOptions, TestUser } from './options.ts';

const plainLogin = (action: string, wrong: boolean) => `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Provider login</title>
<form method="post" action="${action}"><p>${wrong ? 'Wrong user name or password.' : 'Who are you?'}</p>
<p><label>User name <input name="username" autofocus></label></p>
<p><label>Password <input name="password" type="password"></label></p>
<p><button name="action" value="login">Log in</button> <button name="action" value="cancel">Cancel</button></p>
</form></html>`;

export async function answerInteraction(
  // biome-ignore lint/suspicious/noExplicitAny: the package has no types
  provider: any,
  request: IncomingMessage,
  response: ServerResponse,
  body: URLSearchParams,
  users: TestUser[],
  options: ProviderOptions,
) {
  const login = options.pages?.login ?? plainLogin;
  const show = (wrong: boolean) =>
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(login(request.url ?? '', wrong));
  try {
    const { params } = await provider.interactionDetails(request, response);
    const finish = (result: object) => provider.interactionFinished(request, response, result, {});
    if (body.get('action') === 'cancel') {
      return await finish({ error: 'access_denied', error_description: 'the user said no' });
    }
    const hinted = users.find((user) => user.username === (params.login_hint ?? options.auto_login));
    const typed = users.find((one) => one.username === body.get('username') && one.password === body.get('password'));
    const user = request.method === 'POST' ? typed : hinted;
    if (user) return await finish({ login: { accountId: user.sub } });
    show(request.method === 'POST');
  } catch (error) {
    response.writeHead(400, { 'content-type': 'text/plain' }).end(String(error));
  }
}
