/** What `gatepost check --json` prints. */
import { configsOfAddresses } from '../config/hosts.ts';
import type { ConfigProblem } from '../config/problems.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { redirectUri } from '../endpoints.ts';
import { sessionCookieName } from '../sessions/session_cookie.ts';

/** What `--json` prints. */
export interface CheckReport {
  errors: readonly ConfigProblem[];
  warnings: readonly ConfigProblem[];
  /** What providers and proxies have to know; empty where there are errors in the file. */
  applications: { slug: string; redirect_uris: string[]; cookie: string }[];
}

export function describeForPrograms(application: ApplicationConfig): CheckReport['applications'][number] {
  return {
    slug: application.slug,
    redirect_uris: configsOfAddresses(application).map(redirectUri),
    cookie: sessionCookieName(application),
  };
}
