import type { DecisionEvent } from '../../src/observe/events.ts';

/** A signed-in user is allowed. */
export const decision: DecisionEvent = {
  request_id: 'r-1',
  application: 'grafana',
  dialect: 'traefik',
  method: 'GET',
  host: 'grafana.example.com',
  path: '/d/1',
  query: undefined,
  decision: 'allow',
  status: 200,
  reason: undefined,
  rule: undefined,
  detail: undefined,
  user: 'alice',
  auth_method: 'login',
  client_ip: '203.0.113.7',
  duration_ms: 0.2,
};
