/** The pages of a login that does not come to its end. */

export const login = {
  unavailable: {
    title: 'Login is not possible right now',
    provider: (site: string) => `The login provider of ${site} cannot be reached. Please try again in a moment.`,
    providerOfNoSite: 'The login provider cannot be reached yet. Please try again in a moment.',
    client: (site: string) =>
      `The login provider rejects the client that is configured for ${site}. Retrying does not help; an administrator must fix the configuration.`,
    /** @param error the code of RFC 6749 section 5.2 */
    clientDetails: (error: string) => `The provider answered ${error}; the log has the rest.`,
    store: (site: string) =>
      `The sessions of ${site} cannot be reached. You have not been signed out. Please try again in a moment.`,
    storeOfNoSite: 'The sessions cannot be reached. You have not been signed out. Please try again in a moment.',
  },
  internalError: {
    title: 'Something went wrong',
    why: 'This is an error of this server. Please try again.',
    again: 'If it happens again, tell an administrator the request number below.',
  },
  done: {
    title: 'Signed in',
    text: (site: string) => `You are signed in to ${site}, and go on at once.`,
    goOn: 'Go on',
  },
  failed: {
    title: 'The login failed',
    again: (site: string) =>
      `To open ${site}, try again. If the login fails again, tell an administrator the code below.`,
    compare: 'Compare the client at the login provider (grant types, redirect URI, scopes) with the configuration.',
    /** By what has ended the login. */
    because: {
      refused:
        'The login was cancelled, or the login provider does not admit this account. Sign in with another account, or ask for access.',
      interaction:
        'The login provider must ask you something first (a password, a consent, an account), but was told not to ask. Sign in at the login provider itself, then try again.',
      client:
        'The login provider does not accept the request of this site. Retrying does not help: an administrator must look at it.',
      provider: 'The login provider did not complete the login.',
      clock:
        'The login provider sent a response that is too old or from the future: the clock of its server or of this one is wrong.',
      response: 'The login provider sent a response that does not belong to the login that you started.',
      unasked:
        'The login provider sent a response that belongs to no login of this site. If you came from a page of the provider, open this site directly.',
    },
  },
};
