/** Keys that authentik does not know: what the file says for all applications holds for those of authentik too. Pure. */
import type { ApplicationConfig, Config } from '../config/schema/config.ts';

/** Of `defaults`. How authentik is asked, which client Gatepost is there, and where the sites are, authentik says. */
const KEYS = [
  'access',
  'claims',
  'skip_preflight',
  'bearer',
  'bearer_audiences',
  'bearer_machines',
  'basic',
  'identity_headers',
  'post_logout_redirect_uri',
  'session_lifetime',
  'session_idle',
] as const satisfies readonly (keyof ApplicationConfig)[];

type FileKeys = Partial<Pick<ApplicationConfig, (typeof KEYS)[number] | 'cookie' | 'pages'>>;

/** @param overrides what the file says of this application itself */
export function keysOfFile(base: Config, overrides: Readonly<Record<string, unknown>>): FileKeys {
  // They were validated as the keys of an application.
  const defaults = (base.defaults ?? {}) as Partial<ApplicationConfig>;
  const keys = KEYS.filter((key) => defaults[key] !== undefined && !Object.hasOwn(overrides, key));
  return {
    session_lifetime: base.session_lifetime,
    session_idle: base.session_idle,
    ...Object.fromEntries(keys.map((key) => [key, defaults[key]])),
    // Its name stays authentik's: one for each client.
    ...(defaults.cookie && { cookie: { ...defaults.cookie, name: undefined } }),
    pages: pagesOf(base, defaults),
  };
}

/** Key by key. `auto` is what nobody has written. */
function pagesOf(base: Config, { pages }: Partial<ApplicationConfig>): ApplicationConfig['pages'] {
  if (pages === undefined) return base.pages;
  const language = pages.language === 'auto' ? base.pages.language : pages.language;
  return { ...base.pages, ...pages, language };
}
