/** The pages of a login and of a sign-out: what happened, and what the user can do. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { endpointPath, isHttps, startUrl } from '../endpoints.ts';
import { hostOf } from '../http/url.ts';
import type { PageContent } from './layout.ts';

/** What a page needs of an application. */
export type PageApplication = Pick<ApplicationConfig, 'name' | 'external_host'>;

/**
 * A link that begins a login.
 * @param returnTo the absolute URL that the login leads to
 */
export function startLink(application: PageApplication, returnTo: string, text = 'Try again') {
  return { text, href: startUrl(application, returnTo) };
}

/** A request to sign out that may not be the visitor's own wish: nothing has ended yet. */
export function signOutPage(application: PageApplication): PageContent {
  return {
    title: `Sign out of ${application.name}?`,
    paragraphs: [
      'You have not been signed out yet: the request came from another page, or from the browser itself.',
      'Signing out ends all your sessions on this site and on the sites that share its login.',
    ],
    form: { text: 'Sign out', action: endpointPath('sign_out') },
  };
}

/** @param atProvider whether the user may still have a session at the provider */
export function signedOutPage(application: PageApplication, atProvider: boolean): PageContent {
  const paragraphs = [`You are signed out of ${application.name}.`];
  if (atProvider) {
    paragraphs.push(
      'You may still be signed in at the login provider. On a shared computer, sign out there or close the browser.',
    );
  }
  return {
    title: 'Signed out',
    paragraphs,
    links: [startLink(application, `${application.external_host}/`, 'Sign in again')],
  };
}

/** @param failure a sentence for the user, and a code that the documentation explains */
export function loginFailedPage(
  application: PageApplication,
  returnTo: string,
  failure: { sentence: string; code: string; status?: number },
): PageContent {
  const { sentence, code, status } = failure;
  return {
    reason: 'login_failed',
    ...(status !== undefined && { status }),
    code,
    title: 'The login failed',
    paragraphs: [
      sentence,
      `To open ${application.name}, try again. If the login fails again, give your administrator the code below.`,
    ],
    links: [startLink(application, returnTo)],
  };
}

/**
 * What is said about an account that the application could take for another one.
 * @param problem what is wrong with it: `describeUnusable`
 */
export function unusableIdentity(site: string, problem: string): Pick<PageContent, 'title' | 'paragraphs'> {
  return {
    title: 'This account cannot be used',
    paragraphs: [
      `You are signed in at the login provider, but ${site} could take your account for another one: ${problem}.`,
      'An administrator must correct the account at the login provider, or choose another claim.',
    ],
  };
}

/** The login is complete, but nobody can be told who it is: no session begins. */
export function unusableIdentityPage(application: PageApplication, returnTo: string, problem: string): PageContent {
  return {
    reason: 'unusable_identity',
    ...unusableIdentity(application.name, problem),
    links: [startLink(application, returnTo)],
  };
}

type LoopApplication = PageApplication & Pick<ApplicationConfig, 'mode' | 'cookie_domain'>;

/** Logins come back and cannot be told, though the browser keeps its cookies. */
export function stateLostPage(application: PageApplication, returnTo: string): PageContent {
  return {
    reason: 'login_loop',
    title: 'Login loop detected',
    paragraphs: [
      `Several logins at ${application.name} came back from the login provider within half a minute, and none of them could be recognised. Gatepost has stopped the loop here.`,
      'Possible causes:',
    ],
    list: [
      'The login provider, or a server in front of it, does not send code and state back as they are, in the query of the address.',
      'Several processes of Gatepost answer, and their configurations differ in secret.',
    ],
    links: [startLink(application, returnTo)],
  };
}

/**
 * The provider refuses the code of every login.
 * @param code its error
 */
export function codeRefusedPage(application: PageApplication, returnTo: string, code: string): PageContent {
  return {
    reason: 'login_loop',
    code,
    title: 'Login loop detected',
    paragraphs: [
      `You logged in to ${application.name} several times within half a minute, and each time the login provider did not accept the code that it had given out itself. Gatepost has stopped the loop here.`,
      'Possible causes:',
    ],
    list: [
      'The redirect URI or PKCE setting of the client at the login provider is another one than that of this site.',
      'Something between the browser and this site opens the address of the callback a second time.',
      'Several servers of the login provider answer, and they do not know of each other’s logins.',
    ],
    links: [startLink(application, returnTo)],
  };
}

/** @param hasSession whether the browser has sent the cookie of a session that this process knows */
export function loginLoopPage(application: LoopApplication, returnTo: string, hasSession = false): PageContent {
  const { external_host, mode, cookie_domain } = application;
  const hosts =
    mode === 'forward_domain'
      ? `The cookie is set for ${cookie_domain} and all hosts under it (cookie_domain). This address must be one of them.`
      : `The cookie is set for ${hostOf(external_host)} alone (external_host, without a cookie_domain). This address must be that host.`;
  const scheme = isHttps(application)
    ? 'The browser sends the cookie over https only. This address must not be http.'
    : 'This address is http. A cookie of the same name that was set over https hides the one that is set here.';
  const cookieLost = [
    'The browser does not accept cookies from this site.',
    hosts,
    scheme,
    'The clock of this device, of the login provider or of this server is wrong by more than a minute.',
  ];
  const cookieKept = [
    'The proxy does not pass the Cookie header on with its auth request.',
    'Several processes of Gatepost answer, and each has a session store of its own (store: memory): they need a common one.',
  ];
  const problem = hasSession
    ? 'the browser sent the cookie that proves the login here, but the request for the page came without it or to another process'
    : 'the browser did not send back the cookie that proves the login';
  return {
    reason: 'login_loop',
    title: 'Login loop detected',
    paragraphs: [
      `You logged in to ${application.name} several times within half a minute, and each time ${problem}. Gatepost has stopped the loop here.`,
      'Possible causes:',
    ],
    list: hasSession ? cookieKept : [...cookieLost, ...cookieKept],
    links: [startLink(application, returnTo)],
  };
}
