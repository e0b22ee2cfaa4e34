/** What a doctor found, by id. */
import type { ApplicationConfig, Config } from '../../src/config/schema/config.ts';
import type { Check, CheckId } from '../../src/doctor/check.ts';
import { diagnose } from '../../src/doctor/doctor.ts';
import { makeApplication, makeConfig } from '../support/application.ts';

/** The checks of one application, with a store in memory unless the test says so. */
export async function examine(
  changes: Partial<ApplicationConfig> & { issuer: string },
  config: Partial<Config> = {},
): Promise<Check[]> {
  const application = makeApplication({ scopes: ['openid', 'profile', 'email', 'offline_access'], ...changes });
  const whole = makeConfig([application], config);
  return diagnose({ config: whole, applications: [application] });
}

export function found(checks: readonly Check[], id: CheckId): Check | undefined {
  return checks.find((check) => check.id === id);
}

/** What is not ok, as `level id`. */
export function problems(checks: readonly Check[]): string[] {
  return checks.filter(({ level }) => level !== 'ok').map(({ level, id }) => `${level} ${id}`);
}
