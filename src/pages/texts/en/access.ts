/** The pages that a proxy passes on: what a visitor may not open, and what does not exist. */

export const access = {
  denied: {
    title: 'Access denied',
    account: (site: string) => `You are signed in, but this account may not open this page of ${site}.`,
    ask: 'If you need access, ask an administrator, and pass on the details below.',
    everyone: (site: string) => `This page of ${site} is closed to everyone.`,
    otherAccount: 'Use another account',
  },
  facts: {
    account: 'Account',
    application: 'Application',
    groups: 'Groups',
    email: 'E-mail',
    none: 'none',
    more: (count: number) => `and ${count} more`,
    verified: (email: string) => `${email} (verified)`,
    notVerified: (email: string) => `${email} (not verified)`,
  },
  unusable: {
    title: 'This account cannot be used',
    why: (site: string) =>
      `You are signed in at the login provider, but ${site} could take your account for another one.`,
    empty: 'The login provider has sent no user name for it.',
    changes: {
      username: 'Its user name begins or ends with a space, or has a character that cannot be seen.',
      uid: 'Its identifier begins or ends with a space, or has a character that cannot be seen.',
      email: 'Its e-mail address begins or ends with a space, or has a character that cannot be seen.',
    },
    remedy: 'An administrator must correct the account at the login provider, or choose another claim.',
    /** @param key of `claims` in the configuration */
    claim: (claim: string, key: string, isEmpty: boolean) =>
      `The value of the claim ${claim} (or the one that claims.${key} names) ${isEmpty ? 'is empty' : 'has white space at an end or a control character'}.`,
  },
  unknownHost: {
    title: 'Unknown site',
    host: (host: string) => `There is no site at the address ${host}. Please check its spelling.`,
    noHost: 'This request does not say which site it is for.',
    known: (addresses: string) => `Known under this name: ${addresses}`,
    notServed: (why: string) => `The application of this host is not served: ${why}.`,
    remedy: (host: string) =>
      `No application is configured for the host ${host || '(none)'}: external_host or hosts (with its port, unless it is the default port) or cookie_domain must name it.`,
  },
  rateLimited: {
    title: 'Too many attempts',
    why: (site: string) =>
      `Too many wrong passwords or tokens were sent to ${site} from your address, or for your name.`,
    wait: (seconds: number) =>
      seconds === 1 ? 'Please wait a second, then try again.' : `Please wait ${seconds} seconds, then try again.`,
  },
};
