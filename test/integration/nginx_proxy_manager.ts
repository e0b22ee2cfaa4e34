/**
 * nginx with what nginx Proxy Manager 2.15 makes of a proxy host, in the directives that matter here, and the files of
 * nginx/proxy-manager/. The image itself is not run.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNginx } from './nginx.ts';
import { copy, fill, publicHost, type Site, type TestedProxy } from './proxy.ts';

/**
 * What stands in http { } before the hosts. Loopback is the home network here: its addresses may say X-Real-IP.
 * "custom" is mounted as /data/nginx/custom.
 */
const HTTP = `
  client_max_body_size 2000m;
  proxy_http_version 1.1;
  proxy_read_timeout 90s;
  proxy_set_header X-Forwarded-Scheme $scheme;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header Accept-Encoding "";
  proxy_cache_path cache keys_zone=public-cache:1m max_size=8m;
  map $host $forward_scheme { default http; }
  map $http_x_forwarded_proto $x_forwarded_proto { "http" "http"; "https" "https"; default $scheme; }
  map $http_x_forwarded_scheme $x_forwarded_scheme { "http" "http"; "https" "https"; default $scheme; }
  set_real_ip_from 127.0.0.0/8;
  real_ip_header X-Real-IP;
  real_ip_recursive on;
  include custom/http_top.conf;
`;

/** conf.d/include/proxy.conf */
const PROXY = `
  add_header X-Served-By $host;
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-Scheme $x_forwarded_scheme;
  proxy_set_header X-Forwarded-Proto $x_forwarded_proto;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_pass $forward_scheme://$server:$port$request_uri;
`;

/** "Cache Assets". */
const ASSETS = `
  location ~* ^.*\\.(css|js|jpe?g|gif|png|webp|woff|woff2|eot|ttf|svg|ico|css\\.map|js\\.map)$ {
    proxy_cache public-cache;
    proxy_cache_key $host$request_uri;
    proxy_ignore_headers Set-Cookie Cache-Control Expires X-Accel-Expires;
    proxy_cache_valid any 30m;
    ${PROXY}
  }
`;

/** "Block Common Exploits": one of its rules. */
const EXPLOITS = `
  set $block_common_exploits 0;
  if ($query_string ~ "proc/self/environ") { set $block_common_exploits 1; }
  if ($block_common_exploits = 1) { return 403; }
`;

/** "Websockets Support". */
const WEBSOCKETS = `
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $http_connection;
  proxy_http_version 1.1;
`;

/** Whether the field has a "location /", at the beginning of a line: nginx Proxy Manager adds its own otherwise. */
const hasLocation = (advanced: string) => /^\s*location\s*\/\s*\{/m.test(advanced);

/** A proxy host with every switch on that does not need a certificate. */
const proxyHost = (site: Site, advanced: string) => `
server {
  set $forward_scheme http;
  set $server "127.0.0.1";
  set $port ${site.upstream};
  listen 127.0.0.1:${site.port};
  server_name ${site.hosts[0]};
  ${ASSETS}
  ${EXPLOITS}
  ${WEBSOCKETS}
  ${advanced}
  ${hasLocation(advanced) ? '' : `location / { ${PROXY} }`}
}
server { listen 127.0.0.1:${site.port} default_server; server_name _; return 404; }
`;

export const nginxProxyManager: TestedProxy = {
  name: 'nginx-proxy-manager',
  tool: 'nginx',
  dialect: 'nginx',
  limits: { otherNames: false },
  start(binary, site) {
    mkdirSync(join(site.directory, 'custom'));
    copy(site, 'nginx/gatepost', 'gatepost');
    copy(site, 'nginx/proxy-manager/http_top.conf', 'custom/http_top.conf');
    copy(site, 'nginx/proxy-manager/advanced.conf', 'advanced.conf');
    fill(site, 'gatepost/http.conf', { 'gatepost:9000': `127.0.0.1:${site.gatepost}` });
    fill(site, 'advanced.conf', { 'app.example.com': publicHost(site, site.hosts[0]) });
    const advanced = readFileSync(join(site.directory, 'advanced.conf'), 'utf8');
    writeFileSync(join(site.directory, 'site.conf'), proxyHost(site, advanced));
    return startNginx(binary, site, HTTP);
  },
};
