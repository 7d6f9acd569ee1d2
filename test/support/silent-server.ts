import { createServer, type Server } from 'node:net';

/** A server on loopback that accepts connections and never says anything. */
export async function openSilentServer(): Promise<Server> {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** The port that a server listens on. */
export function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}
