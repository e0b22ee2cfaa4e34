/** HTTP/1.1 written by hand, for what no decent client sends. */
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** All that came back until the proxy closed the connection, paused, or said nothing at all for `patience` milliseconds. */
export function sendBytes(
  target: { port: number; servername: string; ca: string | undefined },
  bytes: string,
  patience = 3_000,
): Promise<string> {
  const { port, servername, ca } = target;
  return new Promise((done) => {
    const host = '127.0.0.1';
    const socket = ca ? connectTls({ host, port, servername, ca, ALPNProtocols: ['http/1.1'] }) : connect(port, host);
    let text = '';
    const finish = () => {
      socket.destroy();
      done(text);
    };
    socket.setTimeout(patience, finish);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      socket.setTimeout(100);
    });
    socket.on('close', finish).on('error', finish);
    socket.write(bytes);
  });
}
