/** Verifies a user name and password at the provider, in the way that the application is configured for. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { type IdentityResult, type Provider, rejected } from '../provider/index.ts';

/**
 * Both grants compare the user that the token names
 * with the one that was asked for, so that a provider that ignores user names vouches for nobody.
 * @throws ProviderUnavailable
 */
export async function verifyBasic(
  provider: Provider,
  mode: ApplicationConfig['basic'],
  { user, password }: { user: string; password: string },
): Promise<IdentityResult> {
  switch (mode) {
    case 'app_password':
      return provider.verifyAppPassword(user, password);
    case 'password':
      return provider.verifyPassword(user, password);
    case 'off':
      return rejected('grant_not_offered', 'the application takes no passwords');
  }
}
