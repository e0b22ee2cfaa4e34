/** The configuration as a worker gets it: the whole of what the parent holds. */
import { deserialize, serialize } from 'node:v8';
import { expect, test } from 'vitest';
import { freeze } from '../../src/config/freeze.ts';
import { parse, yaml } from '../config/example.ts';

const top = `listen: { http: 127.0.0.1:0, metrics: off }
store: redis://127.0.0.1:6379/1
redis: { username: gatepost, password: p, prefix: "test:" }
session_lifetime: 8h
session_idle: 30m
limits: { refusals_per_address: 100 }
workers: 2
log: { format: json, query: true }
defaults: { scopes: [openid, profile, offline_access] }`;
const application = `mode: forward_domain
cookie_domain: example.com
client_secret: s
claims: { groups: [realm_access.roles, groups] }
authorize_params: { prompt: login }
skip_path_regex: |
  ^/public/
access:
  - { path: ^/lan, networks: [10.0.0.0/8], policy: public }
  - { path: ^/admin, methods: [GET, POST], groups: [admins], users: [alice], emails: ["*@example.com"] }`;

test('it is plain data: nothing of it is lost on the channel between two processes', () => {
  for (const config of [parse(yaml({ top, application })), parse(yaml())]) {
    const received = freeze(deserialize(serialize(config)));
    expect(received).toStrictEqual(config);
    expect(Object.isFrozen(received.applications)).toBe(true);
  }
});
