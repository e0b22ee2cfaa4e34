/**
 * The files of nginx and Traefik for this measurement: one host whose paths differ in who is asked about them. Both hand the
 * user on to the application, and keep their connections, to every auth server alike.
 */
import { HOST } from '../cases.ts';

/** Who protects a path, `/<name>/`. */
export interface Guard {
  name: string;
  port: number;
  /** The auth request's path, for each proxy. */
  targets: { nginx: string; traefik: string };
  /** The response's headers that name the user, which the application gets. */
  identity: string[];
}

const nginxMain = () => `daemon off;
${process.getuid?.() === 0 ? 'user root;\n' : ''}worker_processes 1;
error_log stderr error;
pid nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
`;

const variable = (header: string) => `http_${header.toLowerCase().replaceAll('-', '_')}`;

/** A static application; its response says who it believes the user to be. */
export function applicationFile(port: number, guards: Guard[]): string {
  const seen = guards.flatMap(({ identity }) => identity.map((name) => `$${variable(name)}`));
  return `${nginxMain()}
  server {
    listen 127.0.0.1:${port};
    location / { add_header X-Seen "${seen.join(' ')}"; return 200 "hello\\n"; }
  }
}
`;
}

const upstream = (name: string, port: number) => `
  upstream ${name} { server 127.0.0.1:${port}; keepalive 64; keepalive_requests 1000000000; }`;

function nginxGuard({ name, targets, identity }: Guard): string {
  const kept = identity.map((header, at) => `auth_request_set $${name}_${at} $upstream_${variable(header)};`);
  const handed = identity.map((header, at) => `proxy_set_header ${header} $${name}_${at};`);
  return `
    location = /auth_of/${name} {
      internal;
      proxy_pass http://${name}${targets.nginx};
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Connection "";
      proxy_set_header Host ${HOST};
      proxy_set_header X-Original-URL https://${HOST}$request_uri;
      proxy_set_header X-Forwarded-Host ${HOST};
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Uri $request_uri;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
    location /${name}/ {
      auth_request /auth_of/${name};
      ${[...kept, ...handed].join('\n      ')}
      proxy_set_header Connection "";
      proxy_pass http://application;
    }`;
}

export function nginxFile(port: number, application: number, guards: Guard[]): string {
  return `${nginxMain()}
  proxy_http_version 1.1;
  proxy_buffer_size 64k;
  proxy_buffers 8 64k;
  proxy_busy_buffers_size 128k;${upstream('application', application)}${guards.map((one) => upstream(one.name, one.port)).join('')}
  server {
    listen 127.0.0.1:${port};
    location / { proxy_set_header Connection ""; proxy_pass http://application; }${guards.map(nginxGuard).join('')}
  }
}
`;
}

/** JSON is YAML too. TLS ended before this Traefik, which believes what it is told of the scheme. */
export function traefikFiles(port: number, application: number, guards: Guard[], dynamic: string) {
  const main = {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    entryPoints: { web: { address: `127.0.0.1:${port}`, forwardedHeaders: { insecure: true } } },
    providers: { file: { filename: dynamic } },
  };
  const router = (rule: string, middlewares: string[]) => ({
    rule: `Host(\`${HOST}\`) && PathPrefix(\`${rule}\`)`,
    service: 'application',
    ...(middlewares.length > 0 && { middlewares }),
  });
  const guarded = guards.map(({ name }) => [name, router(`/${name}/`, [name])]);
  const middlewares = guards.map(({ name, port: at, targets, identity }) => [
    name,
    {
      forwardAuth: {
        address: `http://127.0.0.1:${at}${targets.traefik}`,
        trustForwardHeader: true,
        authResponseHeaders: identity,
      },
    },
  ]);
  const http = {
    routers: { plain: router('/', []), ...Object.fromEntries(guarded) },
    middlewares: Object.fromEntries(middlewares),
    services: { application: { loadBalancer: { servers: [{ url: `http://127.0.0.1:${application}` }] } } },
  };
  return { main: JSON.stringify(main), dynamic: JSON.stringify({ http }) };
}
