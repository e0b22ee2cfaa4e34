/**
 * How the names of Gatepost's own cookies begin, behind a `__Host-` that they may have: the session's is authentik's,
 * unless the operator chose another one. No application sees a cookie of such a name.
 */
export const SESSION_COOKIE = 'authentik_proxy_';
export const LOGIN_COOKIE = 'gatepost_login_';
