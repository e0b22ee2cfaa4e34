/** The page of a login that would come again and again. */

export const loop = {
  title: 'Login loop detected',
  stopped: 'To spare you further rounds, the login has been stopped here.',
  causes: 'It may be one of these:',
  others: 'If it is none of them, show an administrator the following.',
  ask: 'Please show an administrator the following.',
  lost: {
    why: (site: string) =>
      `You logged in to ${site} several times within half a minute, and each time the browser did not send back the cookie that proves the login.`,
    browser: 'The browser does not accept cookies from this site.',
    domain: (domain: string | undefined) =>
      `The cookie is set for ${domain} and all hosts under it (cookie_domain). This address must be one of them.`,
    host: (host: string) =>
      `The cookie is set for ${host} alone (external_host, without a cookie_domain). This address must be that host.`,
    https: 'The browser sends the cookie over https only. This address must not be http.',
    http: 'This address is http. A cookie of the same name that was set over https hides the one that is set here.',
    device: 'The clock of this device is wrong by more than a minute.',
    clock: 'The clock of the login provider or of this server is wrong by more than a minute.',
  },
  kept: {
    why: (site: string) =>
      `You logged in to ${site} several times within half a minute, and each time the browser sent the cookie that proves the login here, but the request for the page came without it or to another process.`,
    proxy: 'The proxy does not pass the Cookie header on with its auth request.',
    processes:
      'Several processes of Gatepost answer, and each has a session store of its own (store: memory): they need a common one.',
  },
  stateLost: {
    why: (site: string) =>
      `Several logins at ${site} came back from the login provider within half a minute, and none of them could be recognised.`,
    changed:
      'The login provider, or a server in front of it, does not send code and state back as they are, in the query of the address.',
    secrets: 'Several processes of Gatepost answer, and their configurations differ in secret.',
  },
  wrongIssuer: {
    title: 'The login has been stopped',
    why: (site: string) =>
      `The login provider signed you in to ${site}, but in the name of another issuer than the one that this server accepts.`,
    received: 'Issuer that the login provider named',
    accepted: 'Accepted issuers',
    remedy:
      'authentik builds its issuer from the address that it is asked at. AUTHENTIK_HOST_BROWSER must be its address in browsers, and a proxy in front of it must hand on Host and X-Forwarded-Proto.',
  },
  codeRefused: {
    why: (site: string) =>
      `You logged in to ${site} several times within half a minute, and each time the login provider did not accept the code that it had given out itself.`,
    client:
      'The redirect URI or PKCE setting of the client at the login provider is another one than that of this site.',
    twice: 'Something between the browser and this site opens the address of the callback a second time.',
    servers: 'Several servers of the login provider answer, and they do not know of each other’s logins.',
  },
};
