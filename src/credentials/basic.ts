/** Verifies a user name and password at the provider, in the way that the application is configured for. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { CredentialsRefused } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { Provider } from '../provider/provider.ts';

/**
 * Throws `CredentialsRefused` or `ProviderUnavailable`. Both grants compare the user that the token names
 * with the one that was asked for, so that a provider that ignores user names vouches for nobody.
 */
export async function verifyBasic(
  provider: Provider,
  mode: ApplicationConfig['basic'],
  { user, password }: { user: string; password: string },
): Promise<Identity> {
  switch (mode) {
    case 'app_password':
      return provider.verifyAppPassword(user, password);
    case 'password':
      return provider.verifyPassword(user, password);
    case 'off':
      throw new CredentialsRefused('the application takes no passwords');
  }
}
