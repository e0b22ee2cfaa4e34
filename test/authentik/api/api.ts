/** The paths of authentik's API that an outpost asks, and those that it must leave alone. */
import { type Call, json, type Reply } from '../call.ts';
import { withFuture } from '../future.ts';
import type { Operation } from '../judge/schema.ts';
import type { ProxyProvider } from '../proxy_provider.ts';
import type { Outpost, PostedEvent } from '../rows.ts';
import type { World } from '../world.ts';
import { healthOf } from './health.ts';
import { pageOf } from './pages.ts';
import { eventShape, outpostShape, proxyShape } from './shapes.ts';

type Owner = 'outpost' | 'administrator' | 'user';
/** `value` is judged; `given` is sent in its place, where a test has the server say something else. */
type Answer = { status: number; value: unknown; given?: unknown };

const detail = (status: number, text: string): Answer => ({ status, value: { detail: text } });
const FORBIDDEN = 'You do not have permission to perform this action.';
const NEVER = /^\/(root\/config\/|crypto\/certificatekeypairs\/)/;

/** `path` is below `/api/v3`. The request is judged whatever the answer will be. */
export function judgeApi(world: World, call: Call, path: string): Operation | undefined {
  if (NEVER.test(path)) world.violations.add(`${call.method} ${path}: an outpost of this kind never asks this`);
  return world.judge.request(call, path);
}

export function answerApi(world: World, call: Call, path: string, operation: Operation | undefined): Reply {
  if (!operation) return json(404, { detail: 'Not found.' });
  const { status, value, given } = answer(world, call, path, operation);
  // 404 and 500 are not in the schema.
  if (status < 404) world.judge.answer(operation, status, value);
  return json(status, world.settings.future && status === 200 ? withFuture(given ?? value) : (given ?? value));
}

function answer(world: World, call: Call, path: string, operation: Operation): Answer {
  if (!call.headers.authorization) return detail(403, 'Authentication credentials were not provided.');
  const owner = world.owner(call.headers.authorization);
  if (!owner) return detail(403, 'Token invalid/expired');
  switch (`${call.method} ${operation.path}`) {
    case 'GET /outposts/instances/':
      return instances(world, call, owner);
    case 'GET /outposts/proxy/':
      return providers(world, call, owner);
    case 'GET /outposts/instances/{uuid}/health/':
      return health(world, path.split('/')[3] ?? '', owner);
    case 'POST /events/events/':
      return event(world, call, owner);
    default:
      return detail(403, FORBIDDEN);
  }
}

function instances(world: World, call: Call, owner: Owner): Answer {
  const shapes = world.visibleOutposts(owner).map((one) => outpostShape(world, one, call.base));
  const page = pageOf(shapes, call.query, 100, world.settings.traits);
  return page ? { status: 200, value: page } : detail(404, 'Invalid page.');
}

function providers(world: World, call: Call, owner: Owner): Answer {
  const { traits, pageSize } = world.settings;
  if (owner !== 'outpost' && traits.closesProviders) return detail(403, FORBIDDEN);
  const shown = owner !== 'user' && world.outpost?.type === 'proxy' ? world.providers : [];
  const listed = shown.filter((one) => one.application).sort(byName);
  const page = pageOf(listed, call.query, pageSize, traits);
  if (!page) return detail(404, 'Invalid page.');
  const value = { ...page, results: page.results.map((one) => proxyShape(one, call.base)) };
  const given = { ...page, results: page.results.map((one, at) => ({ ...value.results[at], ...one.raw })) };
  return { status: 200, value, given };
}

const byName = (one: ProxyProvider, other: ProxyProvider) =>
  one.name === other.name ? one.pk - other.pk : one.name < other.name ? -1 : 1;

function health(world: World, pk: string, owner: Owner): Answer {
  const outpost: Outpost | undefined = world.visibleOutposts(owner).find((one) => one.pk === pk);
  if (!outpost) return detail(404, 'No Outpost matches the given query.');
  try {
    return { status: 200, value: outpost === world.outpost ? healthOf(world) : [] };
  } catch (error) {
    // The real one takes the exception for a page without JSON, too.
    world.violations.add(`health answers 500: ${error instanceof Error ? error.message : error}`);
    return detail(500, 'Internal Server Error');
  }
}

/** The account of an outpost may add events (`authentik_events.add_event`), and no other one here. */
function event(world: World, call: Call, owner: Owner): Answer {
  if (owner !== 'outpost') return detail(403, FORBIDDEN);
  const posted = readEvent(call.text);
  if (!posted) {
    world.violations.add(`an event that is no configuration_error of the proxy provider: ${call.text}`);
    return { status: 400, value: { non_field_errors: ['Invalid'] } };
  }
  world.events.push(posted);
  return { status: 201, value: eventShape(posted, world.settings.now()) };
}

function readEvent(text: string): PostedEvent | undefined {
  try {
    const { action, app, context, ...more } = JSON.parse(text);
    const { message, provider, outpost, url, ...others } = context;
    const words = [message, provider, outpost].every((one) => typeof one === 'string' && one !== '');
    const plain = url === undefined || (typeof url === 'string' && !/[?#]/.test(url));
    const known = Object.keys(more).length === 0 && Object.keys(others).length === 0;
    const right = action === 'configuration_error' && app === 'authentik.providers.proxy';
    return words && plain && known && right ? { message, provider, outpost, url } : undefined;
  } catch {
    return undefined;
  }
}
