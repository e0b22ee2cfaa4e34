/** The keys of an application that say how it authenticates at its provider. */
import { readSigningKey, SIGNING_KEYS } from '../../crypto/private_key.ts';
import { oneOf, scalar } from './scalars.ts';

export const tokenEndpointAuthMethod = oneOf('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none')
  .optional()
  .meta({
    description:
      'How the client authenticates at the token and introspection endpoints. `private_key_jwt` needs `client_key_file`; `none` sends the `client_id` alone. Without it, what discovery offers is taken, and where the provider refuses that, the other way is tried once and kept if it works.',
    default: '`private_key_jwt` with a client key, else what discovery offers',
    example: 'client_secret_post',
  });

export const clientKey = scalar(
  `${SIGNING_KEYS}, as PEM or JWK`,
  (input) => {
    readSigningKey(input);
    return input;
  },
  { secret: true },
)
  .optional()
  .meta({
    description:
      'The key with which the client signs in place of a secret (`private_key_jwt`, RFC 7523); the provider has its public half. The `kid` and `alg` of a JWK are used; otherwise the algorithm is one of the key that discovery lists.',
    file: true,
    example: '${GRAFANA_CLIENT_KEY}',
  });
