/** The provider and the servers over it, each with a session of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBenchProvider } from '../site.ts';
import { freePort } from '../stores.ts';
import { CLIENT_ID, CLIENT_SECRET, type Peer, type Running } from './peer.ts';
import { canEndSession, ORIGIN, sessionOf } from './visitor.ts';

export interface Ready {
  name: string;
  /** What the table calls it. */
  title: string;
  server: Running;
  /** The session's `Cookie`. */
  cookie: string;
  /** Whether a session can be ended. */
  ends: boolean;
}

export interface World {
  servers: Ready[];
  /** Those that could not be had, and why. */
  missing: { name: string; reason: string }[];
  close(): Promise<void>;
}

/** Servers that cannot be had are left out; one that is there and does not do what it should is an error. */
export async function startWorld(peers: Peer[], verbose: boolean): Promise<World> {
  const missing: World['missing'] = [];
  const titles = new Map<string, string>();
  for (const { name, prepare } of peers) {
    try {
      titles.set(name, prepare());
    } catch (error) {
      missing.push({ name, reason: (error as Error).message });
    }
  }
  const there = peers.filter(({ name }) => titles.has(name));
  const redirect_uris = [...new Set(there.flatMap(({ callback }) => callback ?? []))].map((path) => ORIGIN + path);
  const provider = await startBenchProvider([{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris }]);
  const ends = [() => provider.close()];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  const servers: Ready[] = [];
  try {
    for (const peer of there) {
      process.stderr.write(`starts ${peer.name} and logs in\n`);
      const server = await startInFolder(peer, provider.issuer, verbose);
      ends.push(server.close);
      servers.push({ name: peer.name, title: titles.get(peer.name)!, server, ...(await examine(peer.name, server)) });
    }
    return { servers, missing, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startInFolder(peer: Peer, issuer: string, verbose: boolean): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'gatepost-bench-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const starting = freePort().then((port) => peer.start({ issuer, port, folder, verbose }));
  const server = await starting.catch(async (error) => {
    await remove();
    throw error;
  });
  const close = async () => {
    await server.close();
    await remove();
  };
  return { ...server, close };
}

async function examine(name: string, server: Running): Promise<{ ends: boolean; cookie: string }> {
  try {
    // Signing out comes first: Gatepost's ends all sessions of that user.
    return { ends: await canEndSession(server), cookie: await sessionOf(server) };
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}
