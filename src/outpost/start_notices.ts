/** What an operator is told once, at the start of outpost mode, about how it was set up. */
import type { OutpostReading } from '../config/validate.ts';
import type { Notice, OutpostSettings } from './types.ts';

type Env = Readonly<Record<string, string | undefined>>;

export function startNotices(settings: OutpostSettings, { overruled }: OutpostReading, env: Env): Notice[] {
  const notice = (level: Notice['level'], event: string, message: string, key = event): Notice => ({
    level,
    event,
    key,
    message,
  });
  return [
    ...(settings.insecure ? [notice('warn', 'outpost.insecure', INSECURE)] : []),
    ...(settings.secretIsGiven ? [] : [notice('info', 'outpost.derived_secret', DERIVED)]),
    ...(env.AUTHENTIK_LISTEN__HTTPS ? [notice('info', 'outpost.no_https', NO_HTTPS)] : []),
    ...proxiesIn(env).map((names) => notice('info', 'outpost.no_proxy', `${names} ${NO_PROXY}`)),
    ...overruled.map(({ variable, key }) =>
      notice(
        'info',
        'outpost.variable_overruled',
        `${variable} has no effect: the configuration file has ${key}`,
        `outpost.variable_overruled ${variable}`,
      ),
    ),
  ];
}

const INSECURE =
  "AUTHENTIK_INSECURE is on: authentik's certificate is not checked, and an attacker between Gatepost and authentik can read the token and sign in as any user; NODE_EXTRA_CA_CERTS names a certificate authority of your own";

const DERIVED =
  'neither GATEPOST_SECRET nor the key secret is set: the key of all sessions is derived from the token of the outpost, and a new token ends them';

const NO_HTTPS =
  'AUTHENTIK_LISTEN__HTTPS is set: Gatepost has no TLS listener; the proxy in front asks by http (AUTHENTIK_LISTEN__HTTP)';

const NO_PROXY = 'is not used for the connections to authentik: Gatepost makes them directly';

/** The names of those that are set, as one text; none where none is. */
function proxiesIn(env: Env): string[] {
  const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'].filter((name) => env[name]);
  return names.length > 0 ? [names.join(' and ')] : [];
}
