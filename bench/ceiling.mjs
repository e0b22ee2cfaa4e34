// The ceiling: a bare node:http server that sends a given response. Plain JavaScript, so that it needs no loader.
import { createServer } from 'node:http';

process.once('message', ({ status, headers, body }) => {
  const server = createServer((_request, response) => {
    response.writeHead(status, headers);
    response.end(body);
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
});
process.once('disconnect', () => process.exit(0));
