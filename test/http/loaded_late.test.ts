import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { loadedLate } from '../../src/http/loaded_late.ts';

const clean: (() => unknown)[] = [];
afterEach(() => {
  for (const step of clean.splice(0)) step();
});

async function serve(listener: RequestListener): Promise<() => Promise<Response>> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  clean.push(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  return () => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

const page: RequestListener = (_, response) => void response.end('page');

test('it is loaded for the first request, once, and those that come meanwhile wait for it', async () => {
  let loads = 0;
  let finish = (_: RequestListener) => {};
  const load = () => {
    loads += 1;
    return new Promise<RequestListener>((resolve) => {
      finish = resolve;
    });
  };
  const ask = await serve(loadedLate(load, (error) => expect.unreachable(String(error))));
  expect(loads).toBe(0);
  const asked = [ask(), ask()];
  await expect.poll(() => loads).toBe(1);
  finish(page);
  const texts = await Promise.all([...asked, ask()].map(async (response) => (await response).text()));
  expect(texts).toEqual(['page', 'page', 'page']);
  expect(loads).toBe(1);
});

test('one that cannot be loaded is a 500, is reported, and is tried again', async () => {
  const errors: unknown[] = [];
  const broken = new Error('gone');
  let loads = 0;
  const load = async () => {
    loads += 1;
    if (loads === 1) throw broken;
    return page;
  };
  const ask = await serve(loadedLate(load, (error) => errors.push(error)));
  const refused = await ask();
  expect([refused.status, refused.headers.get('x-gatepost-reason')]).toEqual([500, 'internal_error']);
  expect(errors).toEqual([broken]);
  expect(await (await ask()).text()).toBe('page');
});
