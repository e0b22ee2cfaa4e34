/** What the API says of outposts, providers and health. */

import { randomUUID } from 'node:crypto';
import { providerMetadata } from '../oidc/urls.ts';
import type { ProxyProvider } from '../proxy_provider.ts';
import { shuffle } from '../random.ts';
import type { Outpost, PostedEvent } from '../rows.ts';
import type { World } from '../world.ts';

/** An entry of `GET /outposts/instances/`. */
export function outpostShape(world: World, outpost: Outpost, base: string) {
  const providers = world.providersOf(outpost);
  return {
    pk: outpost.pk,
    name: outpost.name,
    type: outpost.type,
    providers: providers.map(({ pk }) => pk),
    providers_obj: providers.map(providerShape),
    service_connection: null,
    service_connection_obj: null,
    ...(world.settings.traits.refreshInterval && { refresh_interval_s: outpost.refresh_interval_s }),
    token_identifier: `ak-outpost-${outpost.pk}-api`,
    config: { ...defaultConfig(base), ...outpost.config },
    managed: outpost.managed,
  };
}

const defaultConfig = (base: string) => ({
  log_level: 'info',
  docker_labels: null,
  authentik_host: base,
  docker_network: null,
  container_image: null,
  docker_map_ports: true,
  refresh_interval: 'minutes=5',
  kubernetes_replicas: 1,
  kubernetes_namespace: 'default',
  authentik_host_browser: '',
  object_naming_template: 'ak-outpost-%(name)s',
  authentik_host_insecure: false,
  kubernetes_json_patches: null,
  kubernetes_service_type: 'ClusterIP',
  kubernetes_ingress_path_type: null,
  kubernetes_image_pull_secrets: [],
  kubernetes_ingress_class_name: null,
  kubernetes_disabled_components: [],
  kubernetes_ingress_annotations: {},
  kubernetes_ingress_secret_name: 'authentik-outpost-tls',
});

const providerShape = ({ pk, name, application }: ProxyProvider) => ({
  pk,
  name,
  authentication_flow: null,
  authorization_flow: '0b3b9a4e-6a3f-4a53-8a0e-0a8d3f7f6a01',
  invalidation_flow: '0b3b9a4e-6a3f-4a53-8a0e-0a8d3f7f6a02',
  property_mappings: [],
  component: 'ak-provider-proxy-form',
  assigned_application_slug: application?.slug ?? null,
  assigned_application_name: application?.name ?? null,
  assigned_backchannel_application_slug: null,
  assigned_backchannel_application_name: null,
  verbose_name: 'Proxy Provider',
  verbose_name_plural: 'Proxy Providers',
  meta_model_name: 'authentik_providers_proxy.proxyprovider',
});

/** An entry of `GET /outposts/proxy/`. `base` is where the API was asked. */
export function proxyShape(provider: ProxyProvider, base: string) {
  return {
    pk: provider.pk,
    name: provider.name,
    internal_host: provider.internal_host,
    external_host: provider.external_host,
    internal_host_ssl_validation: provider.internal_host_ssl_validation,
    client_id: provider.client_id,
    client_secret: provider.client_secret,
    oidc_configuration: providerMetadata(provider, base),
    cookie_secret: provider.cookie_secret,
    certificate: provider.certificate,
    skip_path_regex: provider.skip_path_regex,
    basic_auth_enabled: provider.basic_auth_enabled,
    basic_auth_password_attribute: provider.basic_auth_password_attribute,
    basic_auth_user_attribute: provider.basic_auth_user_attribute,
    mode: provider.mode,
    cookie_domain: provider.cookie_domain,
    access_token_validity: provider.access_token_validity,
    intercept_header_auth: provider.intercept_header_auth,
    // A Python set: another order with each call.
    scopes_to_request: shuffle(provider.scopes),
    assigned_application_slug: provider.application?.slug ?? '',
    assigned_application_name: provider.application?.name ?? '',
  };
}

/** What `POST /events/events/` gives back. */
export const eventShape = (context: PostedEvent, nowMs: number) => ({
  pk: randomUUID(),
  user: {},
  action: 'configuration_error',
  app: 'authentik.providers.proxy',
  context,
  client_ip: '127.0.0.1',
  created: new Date(nowMs).toISOString(),
  expires: new Date(nowMs + 365 * 86_400_000).toISOString(),
  brand: {},
});
