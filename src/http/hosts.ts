import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/*
 * Which names a request may be sent to. A page of another site can have its own name resolve to our address (DNS
 * rebinding) and would then be allowed to read what we answer, as if it came from its own site; but the Host header
 * still says that name.
 */

/** Whether an address, or a name, is loopback: only this machine reaches it. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (address === 'localhost' || address === '::1') return true;
  const four = address.replace(/^::ffff:/, '');
  return isIP(four) === 4 && four.startsWith('127.');
}

/** Decides by the Host header. */
export class Hosts {
  readonly #names: ReadonlySet<string>;

  /** @param names - `http.host` and `http.allowedHosts`, with or without a port */
  constructor(names: readonly string[]) {
    this.#names = new Set(names.map((name) => hostName(name) ?? name.toLowerCase()));
  }

  /** Whether a request was sent to us: to loopback, to one of the names, or to the address it came in on. */
  allows(request: IncomingMessage): boolean {
    const name = hostName(request.headers.host ?? '');
    if (name === null) return false;
    const local = request.socket.localAddress?.toLowerCase().replace(/^::ffff:/, '');
    return isLoopback(name) || this.#names.has(name) || name === local;
  }
}

/** The name or address in a Host header, without brackets and port, lower case; null where it is none. */
function hostName(header: string): string | null {
  const [, six, name] = /^(?:\[([\da-f:.]+)\]|([^\s:/?#@[\]]+))(?::\d{1,5})?$/i.exec(header) ?? [];
  if (six !== undefined) return six.toLowerCase();
  // A bare IPv6 address, as a configuration may give it.
  if (name === undefined) return isIP(header) === 6 ? header.toLowerCase() : null;
  return name.toLowerCase().replace(/\.$/, '');
}
