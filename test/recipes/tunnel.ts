/** An HTTP proxy for programs: whatever host they ask for over TLS, they reach one port of this machine. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export const CONNECTED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** With it curl, git and crane ask for `https://git.example.com`, and no name is resolved. */
export async function startTunnel(port: number) {
  const open = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', (_, client: Socket, head) => {
    const far = connect(port, '127.0.0.1', () => {
      client.write(CONNECTED);
      far.write(head);
      client.pipe(far).pipe(client);
    });
    for (const socket of [client, far]) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        far.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((done) => {
        for (const socket of open) socket.destroy();
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
