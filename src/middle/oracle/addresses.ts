import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/*
 * Connect strings with several addresses (RAC, Data Guard). The driver tries them in turn and waits 20 s for each
 * silent one, longer than the whole login may take: the next would never be tried.
 */

/** The driver's limits in seconds: for the TCP connection, and for that with the listener's answer. */
export interface ConnectLimits {
  readonly transportConnectTimeout?: number;
  readonly connectTimeout?: number;
}

/** Addresses behind a tnsnames.ora name, which only the driver reads. */
const addressesOfName = 3;

/**
 * Each address's part of the login deadline, leaving time for the login behind the last of them. Empty for one address,
 * or if the connection has limits of its own.
 */
export async function connectLimits(
  connection: Readonly<Record<string, unknown>>,
  deadlineMs: number,
): Promise<ConnectLimits> {
  const text = String(connection['connectString'] ?? connection['connectionString'] ?? '').trim();
  const hasOwn = Object.keys(connection).some((name) => /connectTimeout$/i.test(name));
  if (hasOwn || /connect_timeout\s*=/i.test(text)) return {};
  const hosts = hostsOf(text);
  const counts = await Promise.all((hosts ?? []).map(addressesOf));
  const addresses = hosts === null ? addressesOfName : counts.reduce((sum, count) => sum + count, 0);
  if (addresses <= 1) return {};
  const seconds = Math.max(1, Math.floor(deadlineMs / 1000 / (addresses + 1)));
  // A name may stand for one address with a slow listener.
  if (hosts === null) return { transportConnectTimeout: seconds };
  return { transportConnectTimeout: seconds, connectTimeout: seconds };
}

/** The hosts in a connect string; null: it is a tnsnames.ora name. */
function hostsOf(text: string): readonly string[] | null {
  if (text.startsWith('('))
    return [...text.matchAll(/\(\s*HOST\s*=\s*([^)\s]+)\s*\)/gi)].map(([, host]) => host ?? '');
  if (!/[:/]/.test(text)) return text === '' ? [] : null;
  const [hostsAndPorts = ''] = text.replace(/^(\w+:)?\/\//, '').split(/[/?]/);
  return hostsAndPorts
    .split(/[,;]/)
    .map((host) => (/^\[(.*)\]/.exec(host)?.[1] ?? host.replace(/:.*$/s, '')).trim())
    .filter((host) => host !== '');
}

/** A name may have several addresses, each tried by the driver; an unresolvable one has none. */
async function addressesOf(host: string): Promise<number> {
  if (isIP(host) !== 0) return 1;
  return lookup(host, { all: true }).then(
    (addresses) => addresses.length,
    () => 0,
  );
}
