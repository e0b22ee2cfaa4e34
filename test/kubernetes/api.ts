/** What the tests ask of the API server, by HTTP alone. */
import { readFileSync } from 'node:fs';
import { request as send } from 'node:https';
import { loadAll } from 'js-yaml';
import { type Fields, isFields } from '../integration/static_envoy.ts';

/** Where the API server is, and who asks. */
export interface Cluster {
  url: string;
  token: string;
  /** The path of the certificate that it is recognised by. */
  authority: string;
}

/** An object as a manifest has it. */
export interface Resource extends Fields {
  apiVersion: string;
  kind: string;
  metadata: Fields & { name: string; namespace?: string };
}

export interface Reply {
  status: number;
  /** Empty where the body is no JSON object. */
  body: Fields;
  /** What the server only warns of, `Warning` headers. */
  warnings: string[];
}

/** Never throws: without a response the status is 0. */
export function request(cluster: Cluster, method: string, path: string, body?: unknown): Promise<Reply> {
  const none: Reply = { status: 0, body: {}, warnings: [] };
  return new Promise((done) => {
    const type = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json';
    const headers = { authorization: `Bearer ${cluster.token}`, accept: 'application/json', 'content-type': type };
    const options = { method, headers, ca: readFileSync(cluster.authority), agent: false as const };
    const sent = send(cluster.url + path, options, async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      const warnings = [response.headersDistinct.warning ?? []].flat();
      done({ status: response.statusCode ?? 0, body: readObject(text), warnings });
    });
    sent.on('error', () => done(none));
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function readObject(text: string): Fields {
  try {
    const read: unknown = JSON.parse(text);
    return isFields(read) ? read : {};
  } catch {
    return {};
  }
}

/** The objects of a file with several documents. @throws Error where one is no object of Kubernetes */
export function readManifests(text: string): Resource[] {
  return loadAll(text)
    .filter((one) => one !== null && one !== undefined)
    .map((one) => {
      if (isResource(one)) return one;
      throw new Error(`no object of Kubernetes: ${JSON.stringify(one)}`);
    });
}

function isResource(value: unknown): value is Resource {
  if (!isFields(value) || !isFields(value.metadata)) return false;
  return [value.apiVersion, value.kind, value.metadata.name].every((one) => typeof one === 'string');
}

const groupPath = (apiVersion: string) => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`);

/** The path of an object: discovery says what its kind is called there, and whether it is in a namespace. */
export async function pathOf(cluster: Cluster, { apiVersion, kind, metadata }: Resource): Promise<string> {
  const group = groupPath(apiVersion);
  const { body } = await request(cluster, 'GET', group);
  const kinds = Array.isArray(body.resources) ? body.resources.filter(isFields) : [];
  const found = kinds.find((one) => one.kind === kind && !String(one.name).includes('/'));
  if (!found) throw new Error(`the API server knows no ${kind} of ${apiVersion}`);
  const namespace = found.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  return `${group}${namespace}/${found.name}/${metadata.name}`;
}

/** As `kubectl apply --server-side --validate=strict`: an unknown field is an error. */
export async function apply(cluster: Cluster, object: Resource): Promise<Reply> {
  const path = await pathOf(cluster, object);
  return request(cluster, 'PATCH', `${path}?fieldManager=tests&fieldValidation=Strict&force=true`, object);
}

/** @throws Error with the server's words where it takes one of them not, or with a warning */
export async function applyAll(cluster: Cluster, objects: Resource[]): Promise<void> {
  for (const object of objects) {
    const { status, body, warnings } = await apply(cluster, object);
    const said = [...(status < 300 ? [] : [`${status} ${body.message}`]), ...warnings];
    if (said.length > 0) throw new Error(`${object.kind} ${object.metadata.name}: ${said.join('; ')}`);
  }
}

/** @param labels for example those of Pod Security */
export const namespace = (name: string, labels: Record<string, string> = {}): Resource => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});
