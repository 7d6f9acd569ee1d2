import { connect, type Server, type Socket } from 'node:net';

/** Lets a server that was silent forward its connections from now on. */
export function forwardFrom(server: Server, target: { host: string; port: number }): { end(): void } {
  const sockets = new Set<Socket>();
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const onward = connect(target.port, target.host);
    for (const each of [socket, onward]) {
      sockets.add(each);
      each.on('error', () => each.destroy());
    }
    socket.pipe(onward).pipe(socket);
  });
  return {
    end: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
