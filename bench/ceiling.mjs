// The ceiling: what a bare node:http server makes of a given answer. Plain JavaScript, so that no loader stands in its way.
import { createServer } from 'node:http';

process.once('message', ({ status, headers, body }) => {
  const server = createServer((_request, response) => {
    response.writeHead(status, headers);
    response.end(body);
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
});
process.once('disconnect', () => process.exit(0));
