/** Makes the `Authorization` header with which an application is to see the user (`basic_auth_enabled`). */
import { hasControls } from '../characters.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { User } from '../identity.ts';

/**
 * `Basic …` from the user's attributes: user name = `basic_auth_user_attribute`, else the e-mail;
 * password = `basic_auth_password_attribute`, else empty. `undefined`: nothing is sent.
 */
export function upstreamAuthorization(application: ApplicationConfig, user: User): string | undefined {
  if (!application.basic_auth_enabled) return undefined;
  const name = attributeOf(user, application.basic_auth_user_attribute) || user.email;
  const password = attributeOf(user, application.basic_auth_password_attribute);
  if (name === '' && password === '') return undefined;
  // Attack: a user who may write the attribute `admin:secret` would be `admin` to the application (RFC 7617 section 2
  // forbids it).
  if (name.includes(':')) return undefined;
  // Of control characters, which that section forbids as well, an application may see as much as before the first.
  if (hasControls(name) || hasControls(password)) return undefined;
  return `Basic ${Buffer.from(`${name}:${password}`, 'utf8').toString('base64')}`;
}

function attributeOf(user: User, name: string | undefined): string {
  if (name === undefined || !Object.hasOwn(user.attributes, name)) return '';
  const value = user.attributes[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
