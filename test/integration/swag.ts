/**
 * nginx with a site of SWAG (linuxserver.io), in the directives that matter here, the files of nginx/swag/ in place of
 * its own, and the diff of docs/proxies/swag.md on its proxy.conf. The image itself is not run.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyDiffs } from './docs_diff.ts';
import { startNginx } from './nginx.ts';
import { copy, fill, type TestedProxy } from './proxy.ts';

/** SWAG's proxy.conf of 2023-02-09, without its variable of TLS (Early-Data): this nginx speaks plain http. */
const PROXY = `proxy_next_upstream error timeout invalid_header http_500 http_502 http_503;
proxy_buffers 32 4k;
proxy_connect_timeout 240;
proxy_headers_hash_bucket_size 128;
proxy_headers_hash_max_size 1024;
proxy_http_version 1.1;
proxy_read_timeout 240;
proxy_redirect http:// $scheme://;
proxy_send_timeout 240;
proxy_cache_bypass $cookie_session;
proxy_no_cache $cookie_session;
proxy_set_header Connection $connection_upgrade;
proxy_set_header Host $host;
proxy_set_header Proxy "";
proxy_set_header Upgrade $http_upgrade;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Host $host;
proxy_set_header X-Forwarded-Method $request_method;
proxy_set_header X-Forwarded-Port $server_port;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Forwarded-Server $host;
proxy_set_header X-Forwarded-Ssl on;
proxy_set_header X-Forwarded-Uri $request_uri;
proxy_set_header X-Original-Method $request_method;
proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
proxy_set_header X-Real-IP $remote_addr;
`;

/** Of its nginx.conf. */
const HTTP = `
  client_max_body_size 0;
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
`;

/** A file of proxy-confs with the two lines for authentik taken in, and a second location without one, as many have. */
const subdomain = (port: number, upstream: number, host: string) => `
server {
  listen 127.0.0.1:${port};
  server_name ${host.replace(/\..*/, '.*')};
  client_max_body_size 0;
  add_header X-Frame-Options SAMEORIGIN always;
  include authentik-server.conf;
  location / {
    include authentik-location.conf;
    include proxy.conf;
    set $upstream_app 127.0.0.1;
    set $upstream_port ${upstream};
    set $upstream_proto http;
    proxy_pass $upstream_proto://$upstream_app:$upstream_port;
  }
  location /api {
    include proxy.conf;
    set $upstream_app 127.0.0.1;
    set $upstream_port ${upstream};
    set $upstream_proto http;
    proxy_pass $upstream_proto://$upstream_app:$upstream_port;
  }
}
`;

/** The default server, which has the subfolders, a site without Gatepost, and one that includes the file for locations alone. */
const others = (port: number, upstream: number) => `
server {
  listen 127.0.0.1:${port} default_server;
  server_name _;
  include authentik-server.conf;
  location ^~ /folder/ { include authentik-location.conf; include proxy.conf; proxy_pass http://127.0.0.1:${upstream}; }
  location / { return 404; }
}
server {
  listen 127.0.0.1:${port};
  server_name plain.*;
  location / { include proxy.conf; proxy_pass http://127.0.0.1:${upstream}; }
}
server {
  listen 127.0.0.1:${port};
  server_name half.*;
  location / { include authentik-location.conf; include proxy.conf; proxy_pass http://127.0.0.1:${upstream}; }
}
`;

export const swag: TestedProxy = {
  name: 'swag',
  tool: 'nginx',
  dialect: 'nginx',
  limits: { otherNames: false },
  start(binary, site) {
    copy(site, 'nginx/gatepost', 'gatepost');
    for (const file of ['00-gatepost.conf', 'authentik-server.conf', 'authentik-location.conf']) {
      copy(site, `nginx/swag/${file}`, file);
    }
    writeFileSync(join(site.directory, 'proxy.conf'), PROXY);
    applyDiffs(site, 'swag.md', 'The lines of proxy.conf', { 'SWAG: proxy.conf': 'proxy.conf' });
    fill(site, 'gatepost/http.conf', { 'gatepost:9000': `127.0.0.1:${site.gatepost}` });
    const domain = site.hosts[0].replace(/^[^.]+\./, '');
    fill(site, '00-gatepost.conf', {
      '.example.com  example.com;': `.${domain}  ${domain}; .elsewhere.example  elsewhere.example;`,
      "default '';": `default :${site.port};`,
    });
    const hosts = site.hosts.filter((host) => host !== undefined);
    const servers = hosts.map((host) => subdomain(site.port, site.upstream, host)).join('');
    writeFileSync(join(site.directory, 'site.conf'), `${servers}${others(site.port, site.upstream)}`);
    return startNginx(binary, site, HTTP);
  },
};
