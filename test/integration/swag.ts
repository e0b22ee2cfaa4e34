/**
 * nginx with a site of SWAG (linuxserver.io), in the directives that matter here, the two files of nginx/swag/ in place of
 * its own, and the diff of docs/proxies/swag.md on its proxy.conf. The image itself is not run.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
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
server { listen 127.0.0.1:${port} default_server; server_name _; return 404; }
`;

export const swag: TestedProxy = {
  name: 'swag',
  tool: 'nginx',
  dialect: 'nginx',
  limits: { otherNames: false },
  start(binary, site) {
    mkdirSync(join(site.directory, 'swag'));
    copy(site, 'nginx/gatepost', 'gatepost');
    for (const file of ['authentik-server.conf', 'authentik-location.conf']) copy(site, `nginx/swag/${file}`, file);
    writeFileSync(join(site.directory, 'proxy.conf'), PROXY);
    applyDiffs(site, 'swag.md', 'The lines of proxy.conf', { 'SWAG: proxy.conf': 'proxy.conf' });
    fill(site, 'gatepost/http.conf', { 'gatepost:9000': `127.0.0.1:${site.gatepost}` });
    fill(site, 'authentik-server.conf', { 'set $gatepost_host $host': `set $gatepost_host $host:${site.port}` });
    const large = 'large_client_header_buffers 4 32k; include gatepost/http.conf;';
    writeFileSync(join(site.directory, 'site.conf'), subdomain(site.port, site.upstream, site.hosts[0]));
    return startNginx(binary, site, `${HTTP}${large}`);
  },
};
