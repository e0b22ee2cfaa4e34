/** Every page that Gatepost has, by name, as it is made from one application and one visitor. */
import type { ApplicationConfig } from '../../src/config/schema/config.ts';
import type { User } from '../../src/identity.ts';
import type { Page } from '../../src/pages/content.ts';
import { deniedPage } from '../../src/pages/denied.ts';
import {
  clientRejectedPage,
  internalErrorPage,
  notKnownYetPage,
  providerUnavailablePage,
  rateLimitedPage,
  storeUnavailablePage,
  unknownHostPage,
} from '../../src/pages/errors.ts';
import { type LoginFailure, loginFailedPage, unusableIdentityPage } from '../../src/pages/login.ts';
import { codeRefusedPage, loginLoopPage, stateLostPage, wrongIssuerPage } from '../../src/pages/loop.ts';
import { type SessionPage, sessionPage } from '../../src/pages/session.ts';
import { signedOutPage, signOutPage } from '../../src/pages/sign_out.ts';
import { signedInPage } from '../../src/pages/signed_in.ts';

export interface PageSource {
  application: ApplicationConfig;
  user: User;
  /** The URL that the visitor wants to open. */
  returnTo: string;
  host: string;
}

const CAUSES: LoginFailure['because'][] = [
  'refused',
  'interaction',
  'client',
  'provider',
  'clock',
  'response',
  'unasked',
];

const SINCE = Date.UTC(2026, 4, 12, 8, 30);
const REFUSAL = {
  at: SINCE,
  address: 'https://grafana.example.com/admin/users?<script>',
  reason: 'forbidden',
} as const;

/** A visitor's page with some other sessions. */
function sessionOf({
  application,
  user,
  others,
}: {
  application: ApplicationConfig;
  user: User;
  others: number;
}): SessionPage {
  const times = { since: SINCE, until: SINCE + 86_400_000 };
  const other = (at: number): SessionPage['others'][number] => ({
    id: `${at}`.padStart(16, '0'),
    key: `s:${at}`,
    application: application.slug,
    issuer: application.issuer,
    sub: user.uid,
    user,
    authMethod: at === 2 ? 'basic' : 'login',
    ...times,
    lastUse: SINCE,
    address: at === 1 ? undefined : '2001:db8:1234:5678:90ab:cdef:1234:5678',
    device: at === 1 ? undefined : 'Firefox, Windows',
    tokenIssuedAt: SINCE,
  });
  return {
    application,
    person: { user, sub: user.uid },
    ...times,
    refusal: undefined,
    others: Array.from({ length: others }, (_, at) => other(at)),
    nameOf: () => application.name,
  };
}

export function allPages({ application, user, returnTo, host }: PageSource): Record<string, Page> {
  const subject = { session: { user, sub: user.uid } };
  const config = { config: application };
  const failures = CAUSES.map((because) => [
    `login_failed_${because}`,
    loginFailedPage(application, returnTo, { because, code: 'access_denied' }),
  ]);
  return {
    forbidden: deniedPage({ reason: 'forbidden', application: config, subject }),
    denied: deniedPage({ reason: 'denied', application: config }),
    denied_unusable: deniedPage({
      reason: 'unusable_identity',
      application: config,
      subject: { session: { user: { ...user, email: ' a@example.com' }, sub: user.uid } },
    }),
    unusable_identity: unusableIdentityPage(application, returnTo, { ...user, username: '' }),
    ...Object.fromEntries(failures),
    login_loop: loginLoopPage(application, returnTo),
    login_loop_session: loginLoopPage(application, returnTo, true),
    state_lost: stateLostPage(application, returnTo),
    code_refused: codeRefusedPage(application, returnTo, 'invalid_grant'),
    wrong_issuer: wrongIssuerPage(application, returnTo, {
      received: 'http://auth.example.com/application/o/grafana/',
      accepted: ['https://auth.example.com/application/o/grafana/'],
    }),
    provider_unavailable: providerUnavailablePage(application, returnTo),
    not_known_yet: notKnownYetPage(returnTo),
    client_rejected: clientRejectedPage(application, returnTo, 'invalid_client'),
    store_unavailable: storeUnavailablePage(application, returnTo),
    rate_limited: rateLimitedPage(application, 23, returnTo),
    internal_error: internalErrorPage(),
    unknown_host: unknownHostPage(host, [`https://${host}:8443`]),
    not_served: unknownHostPage(host, [], 'reverse proxying is not served, set Forward auth'),
    no_host: unknownHostPage('', []),
    session: sessionPage(sessionOf({ application, user, others: 3 })),
    session_alone: sessionPage(sessionOf({ application, user, others: 0 })),
    session_refused: sessionPage({ ...sessionOf({ application, user, others: 1 }), refusal: REFUSAL }),
    session_gone: sessionPage({ ...sessionOf({ application, user, others: 1 }), notice: 'gone' }),
    session_foreign: sessionPage({ ...sessionOf({ application, user, others: 49 }), notice: 'foreign' }),
    signed_in: signedInPage(application, returnTo),
    sign_out: signOutPage(application),
    signed_out: signedOutPage(application, true),
  };
}
