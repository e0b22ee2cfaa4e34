/** The keys of an application for `Authorization`: what is sent to it, and what is accepted from clients. */
import { flag, list, oneOf, text } from './scalars.ts';
import { providerEndpoint } from './urls.ts';

/** Sent to the application. */
export const basicAuthKeys = {
  basic_auth_enabled: flag().default(false).meta({
    description: 'Send HTTP Basic to the application, with user and password from `ak_proxy.user_attributes`.',
    example: 'true',
  }),
  basic_auth_user_attribute: text('the name of an attribute').optional().meta({
    description: 'The attribute with the user name to send.',
    default: 'the e-mail address is sent',
    example: 'app_username',
  }),
  basic_auth_password_attribute: text('the name of an attribute').optional().meta({
    description: 'The attribute with the password to send.',
    default: 'an empty password is sent',
    example: 'app_password',
  }),
};

/** Accepted from clients. */
export const credentialKeys = {
  basic: oneOf('app_password', 'password', 'off').default('app_password').meta({
    description:
      'How a received `Authorization: Basic` is checked: `app_password` by the client credentials grant with the app password of a user; `password` by the resource owner password grant; `off` leaves the header to the application.',
    example: 'password',
  }),
  bearer: oneOf('jwt', 'introspect').default('jwt').meta({
    description:
      'How a received `Authorization: Bearer` is checked: `jwt` verifies a JWT locally and sends other tokens to the introspection endpoint; `introspect` sends all of them there.',
    example: 'introspect',
  }),
  introspection_endpoint: providerEndpoint().optional().meta({
    description:
      'The introspection endpoint (RFC 7662) of a provider whose discovery document names none, or another one. `http:` only where the issuer is `http:`.',
    default: "the discovery document's `introspection_endpoint`",
    example: 'https://auth.example.com/oauth2/introspect',
  }),
  bearer_audiences: list(text('an audience'), 'a list of audiences', { empty: true }).default([]).meta({
    description: 'Bearer tokens for these audiences are accepted too, not only those for `client_id`.',
    example: '[other-client]',
  }),
  bearer_machines: flag().default(false).meta({
    description:
      "Accept bearer tokens that a client got for itself (client credentials) and that name no user. The user name is then the `client_id` of that client, which must be no user's name.",
    example: 'true',
  }),
};
