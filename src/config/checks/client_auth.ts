/** Makes sure that the method by which a client authenticates has what it proves the client by. */
import type { Report } from '../problems.ts';
import type { ValidApplication } from './types.ts';

/** A method without its proof would be refused at every login. */
export function checkClientAuth(application: ValidApplication, report: Report): void {
  const method = application.token_endpoint_auth_method;
  // A value that was refused is there as `undefined`: it has been reported.
  const has = (key: 'client_secret' | 'client_key') => Object.hasOwn(application, key);
  const problem = (message: string) => report(['token_endpoint_auth_method'], message);
  if (method === 'private_key_jwt' && !has('client_key')) problem('is private_key_jwt, which needs client_key_file');
  if (isBySecret(method) && !has('client_secret')) problem(`is ${method}, which needs client_secret`);
}

/** A secret or key that is never sent: the operator means it to be. */
export function warnOfClientAuth(applications: readonly ValidApplication[], report: Report): void {
  applications.forEach(({ token_endpoint_auth_method: method, client_secret, client_key }, index) => {
    if (method === undefined) return;
    const warn = (message: string) => report(['applications', index, 'token_endpoint_auth_method'], message);
    if (method === 'none' && (client_secret !== undefined || client_key !== undefined))
      warn('is none: neither client_secret nor client_key proves the client to the provider');
    if (isBySecret(method) && client_key !== undefined) warn(`is ${method}: client_key is not used`);
  });
}

function isBySecret(method: ValidApplication['token_endpoint_auth_method']): boolean {
  return method === 'client_secret_basic' || method === 'client_secret_post';
}
