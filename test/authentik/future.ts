/** Answers of a release that does not exist yet: fields that nobody knows, and null where the schema allows it. */

/** The keys of `ProxyOutpostConfig` that may be null. */
const NULLABLE = ['certificate', 'access_token_validity'];
/** Of an object with free keys. */
const NEW_CONFIG = { kubernetes_gateway_mode: 'mesh', log_levels: ['info'] };

export function withFuture(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withFuture);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, changed(name, one)] as const);
  return { ...Object.fromEntries(entries), future_field: { nested: [1, 'two', null] }, future_flag: null };
}

function changed(name: string, value: unknown): unknown {
  if (NULLABLE.includes(name)) return null;
  if (name === 'response_types_supported' && Array.isArray(value)) return [...value, 'code future'];
  if (name === 'token_endpoint_auth_methods_supported' && Array.isArray(value)) return [...value, 'client_future'];
  if (name === 'config') return { ...Object(withFuture(value)), ...NEW_CONFIG, log_level: 'notice' };
  return withFuture(value);
}
