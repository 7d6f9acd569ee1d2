import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import { clientNetwork } from './client-network.js';

/*
 * How many connections are open at once, in all and from one address. Past a limit the connection that has been idle longest
 * makes room for the new one; so silent connections, however many, keep no probe and no person out, not even from the same
 * address. A connection whose request has come in as a whole is at work, and is never closed for another.
 */

/** How many connections may be open. */
export interface ConnectionLimits {
  readonly total: number;
  readonly ofAddress: number;
}

/** A browser opens six. */
const usual: ConnectionLimits = { total: 256, ofAddress: 64 };

/** The request that a connection is at, if any. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Those of an address, the one that was used last at the end. */
type Connections = Map<Socket, Exchange | null>;

/**
 * Limits the connections of a server that does not listen yet.
 * @param proxies - addresses and networks that have the connections of many clients: only the total limits them
 */
export function limitConnections(
  server: Server,
  proxies: readonly string[] = [],
  limits: ConnectionLimits = usual,
): void {
  const isProxy = membership(proxies);
  const byAddress = new Map<string, Connections>();
  /** A socket that is closed forgets its address. */
  const addresses = new WeakMap<Socket, string>();
  const connectionsOf = (socket: Socket) => byAddress.get(addresses.get(socket) ?? '');
  let total = 0;

  server.on('connection', (socket: Socket) => {
    const address = clientNetwork(socket.remoteAddress ?? '');
    addresses.set(socket, address);
    const own: Connections = byAddress.get(address) ?? new Map<Socket, Exchange | null>();
    byAddress.set(address, own.set(socket, null));
    total += 1;
    socket.once('close', () => {
      total -= 1;
      own.delete(socket);
      if (own.size === 0) byAddress.delete(address);
    });
    if (own.size > limits.ofAddress && !isProxy(socket.remoteAddress)) makeRoom(own, socket);
    else if (total > limits.total) makeRoom(largest(byAddress), socket);
  });
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    use(connectionsOf(socket), socket, { request, response });
    response.once('close', () => {
      use(connectionsOf(socket), socket, null);
    });
  });
}

function use(own: Connections | undefined, socket: Socket, exchange: Exchange | null): void {
  if (own?.delete(socket) === true) own.set(socket, exchange);
}

/** Closes the connection that was idle longest; the new one where all others are at work. */
function makeRoom(own: Connections, fresh: Socket): void {
  for (const [socket, exchange] of own) {
    if (socket === fresh || socket.destroyed || isAtWork(exchange)) continue;
    socket.destroy();
    return;
  }
  fresh.destroy();
}

function isAtWork(exchange: Exchange | null): boolean {
  return exchange !== null && exchange.request.complete && !exchange.response.writableFinished;
}

function membership(networks: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = familyOf(address);
    if (family === null) continue;
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address = '') => {
    const family = familyOf(address);
    return family !== null && list.check(address, family);
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  const version = isIP(address);
  return version === 0 ? null : version === 4 ? 'ipv4' : 'ipv6';
}

function largest(byAddress: ReadonlyMap<string, Connections>): Connections {
  return [...byAddress.values()].reduce((most, own) => (own.size > most.size ? own : most));
}
