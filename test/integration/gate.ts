/** Stands between a proxy and Gatepost, and can make Gatepost seem stopped, hung or broken without restarting anything. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** `relay`: everything passes; `refuse`: the connection is cut; `hang`: no response; `say`: these bytes, then the end. */
export type Mode = 'relay' | 'refuse' | 'hang' | { say: string };

export async function startGate(target: number) {
  let mode: Mode = 'relay';
  const open = new Set<Socket>();
  const keep = (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy());
  };
  const server = createServer((socket) => {
    keep(socket);
    if (mode === 'refuse') return socket.resetAndDestroy();
    if (mode === 'hang') return;
    if (typeof mode === 'object') {
      const { say } = mode;
      return socket.once('data', () => socket.end(say));
    }
    const far = connect(target, '127.0.0.1');
    keep(far);
    socket.pipe(far).pipe(socket);
    socket.on('close', () => far.destroy());
    far.on('close', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    /** From now on; kept connections are cut, so that the next request meets the new mode. */
    become(next: Mode) {
      mode = next;
      cut();
    },
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        cut();
      }),
  };
}

export type Gate = Awaited<ReturnType<typeof startGate>>;
