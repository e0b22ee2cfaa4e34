/** Gatepost behind the real proxies, with the files that operators copy: the same cases for each. */
import { apache } from './apache.ts';
import { caddy } from './caddy.ts';
import { envoy } from './envoy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { proxySuite } from './site_suite.ts';
import { traefik } from './traefik.ts';

proxySuite([nginx, traefik, caddy, envoy, haproxy, apache]);
