/** mod_auth_openidc in an Apache httpd of its own: sessions in its default store, shared memory. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages } from '../../scripts/debian.ts';
import { startProcess } from '../servers.ts';
import { CLIENT_ID, CLIENT_SECRET, COOKIE_SECRET, type Peer, type Place } from './peer.ts';
import { ORIGIN } from './visitor.ts';

const MODULES = '/usr/lib/apache2/modules';
const PROGRAM = '/usr/sbin/apache2';
/** apache2-bin starts no service, unlike apache2. */
const PACKAGES: Record<string, string> = {
  'apache2-bin': PROGRAM,
  'libapache2-mod-auth-openidc': `${MODULES}/mod_auth_openidc.so`,
};
const names = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'headers', 'auth_openidc'];
const claims = ['sub', 'preferred_username', 'email', 'name', 'groups'];

/**
 * One process with 128 threads: with several of 25 it closes kept connections under load. Connections are kept
 * without a limit of requests; the default of 100 would measure connections.
 */
function configuration({ issuer, port, folder }: Place): string {
  const user = process.getuid?.() === 0 ? 'User nobody\nGroup nogroup\n' : '';
  return `${names.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
ServerName localhost
ServerRoot ${folder}
DefaultRuntimeDir ${folder}
Listen 127.0.0.1:${port}
PidFile httpd.pid
${user}StartServers 1
ServerLimit 1
ThreadsPerChild 128
ThreadLimit 128
MaxRequestWorkers 128
MaxKeepAliveRequests 0
ErrorLog "/dev/null"
LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined
CustomLog "/dev/null" combined
DocumentRoot ${folder}/www
OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID ${CLIENT_ID}
OIDCClientSecret ${CLIENT_SECRET}
OIDCCryptoPassphrase ${COOKIE_SECRET}
OIDCRedirectURI ${ORIGIN}/redirect_uri
OIDCScope "openid email profile groups"
OIDCPKCEMethod S256
OIDCXForwardedHeaders X-Forwarded-Host X-Forwarded-Proto
OIDCPassClaimsAs environment
<Location "/">
  AuthType openid-connect
  Require valid-user
</Location>
<Location "/auth">
  OIDCUnAuthAction 401
${claims.map((name) => `  Header set X-Claim-${name.replace('_', '-')} "%{OIDC_CLAIM_${name}}e"`).join('\n')}
</Location>
`;
}

function version(name: string): string {
  const shown = execFileSync('dpkg-query', ['-W', '-f=${Version}', name], { encoding: 'utf8' });
  return shown.replace(/^\d+:|-.*$/g, '');
}

export const modAuthOpenidc: Peer = {
  name: 'mod_auth_openidc',
  callback: '/redirect_uri',
  prepare() {
    installPackages(...Object.keys(PACKAGES).filter((name) => !existsSync(PACKAGES[name]!)));
    const [httpd, module] = Object.keys(PACKAGES).map(version);
    return `mod_auth_openidc ${module}, Apache ${httpd}`;
  },
  async start(place) {
    const { folder, port, verbose } = place;
    mkdirSync(join(folder, 'www'));
    writeFileSync(join(folder, 'www/auth'), '');
    writeFileSync(join(folder, 'httpd.conf'), configuration(place));
    // Its child processes are no root.
    chmodSync(folder, 0o755);
    const command = [PROGRAM, '-d', folder, '-f', 'httpd.conf', '-DNO_DETACH'];
    const running = await startProcess({ command, port, path: '/auth', errors: verbose ? 'inherit' : 'ignore' });
    return {
      ...running,
      target: '/auth',
      allowed: 200,
      openLogin: (browser) => browser.follow(`${ORIGIN}/`),
      signOut: (browser) => browser.open(`${ORIGIN}/redirect_uri?logout=${encodeURIComponent(`${ORIGIN}/out`)}`),
    };
  },
};
