/** The 401 of every dialect: which schemes it names, and where it has a way to the login. */
import { describe, expect, test } from 'vitest';
import { compileApplication } from '../../src/decision/application.ts';
import type { SignIn } from '../../src/decision/decision.ts';
import type { AuthRequest } from '../../src/dialects/dialect.ts';
import { envoy } from '../../src/dialects/envoy.ts';
import { nginx } from '../../src/dialects/nginx.ts';
import { caddy, traefik } from '../../src/dialects/traefik.ts';
import { createRender, type RenderOptions } from '../../src/responses/render.ts';
import { makeApplication } from '../support/application.ts';

const application = compileApplication(makeApplication({ name: 'A "b" \\', issuer: 'https://auth.example.com/' }));
const answer = createRender({} as RenderOptions);
const loginUrl = 'https://app.example.com/start';

function refuse({ redirects }: { redirects: boolean }, challenge: SignIn['challenge']) {
  const reason = 'no_credentials';
  const decision: SignIn = {
    kind: 'sign_in',
    application,
    reason,
    loginUrl,
    redirect: false,
    navigation: true,
    challenge,
  };
  const question = { redirects, method: 'GET', headers: {} } as AuthRequest;
  const { status, headers } = answer(question, decision, 'id');
  const all = (wanted: string) => headers.filter((_, at) => at % 2 === 1 && headers[at - 1] === wanted);
  return { status, challenges: all('WWW-Authenticate'), locations: all('Location') };
}

const basic = 'Basic realm="A \\"b\\" \\\\", charset="UTF-8"';
const bearer = 'Bearer realm="A \\"b\\" \\\\"';

describe.each([nginx, traefik, caddy, envoy])('$name', (dialect) => {
  test.each([
    ['all', [basic, bearer]],
    ['basic', [basic]],
  ] as const)('the challenge %s, each scheme on a line of its own and no way to the login', (challenge, challenges) => {
    expect(refuse(dialect, challenge)).toEqual({ status: 401, challenges, locations: [] });
  });

  test('no challenge where none is wanted: no browser opens a password box', () => {
    const locations = dialect.redirects ? [] : [loginUrl];
    expect(refuse(dialect, false)).toEqual({ status: 401, challenges: [], locations });
  });
});

describe('a host that is nobody’s', () => {
  const pages: Pick<RenderOptions, 'unknownHostPage'> = {
    unknownHostPage: (host, id) => ({ headers: ['Content-Type', 'text/html'], body: `${host} ${id}` }),
  };
  const make = createRender(pages as RenderOptions);
  const decision = { kind: 'unknown_host', host: 'who.example.com' } as const;
  const asked = (headers: AuthRequest['headers'], redirects: boolean) =>
    make({ redirects, method: 'GET', headers } as AuthRequest, decision, 'id-1');

  test.each([
    [true, 404],
    [false, 403],
  ])('is a page for a person, where redirects are taken: %s', (redirects, status) => {
    const answered = asked({ 'sec-fetch-mode': 'navigate' }, redirects);
    expect([answered.status, answered.body]).toEqual([status, 'who.example.com id-1']);
    expect(answered.headers.join()).toContain('X-Gatepost-Reason,unknown_host');
  });

  test('is one line for a program', () =>
    expect(asked({ accept: 'application/json' }, true).body).toBe(
      'no application is configured for the host who.example.com\n',
    ));
});
