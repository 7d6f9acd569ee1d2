import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/*
 * Connect strings with several addresses (RAC, Data Guard). The driver tries one after the other, and waits 20 s for each
 * that does not answer, which is longer than the whole login may take: the next would never be tried.
 */

/** Limits of the driver, in seconds: for the TCP connection, and for that with the listener's answer. */
export interface ConnectLimits {
  readonly transportConnectTimeout?: number;
  readonly connectTimeout?: number;
}

/** Addresses behind a name of tnsnames.ora, which only the driver reads. */
const addressesOfName = 3;

/**
 * What each address gets of the login's deadline, so that there is time for the login behind the last of them. Nothing where there
 * is one address, or where the connection has limits of its own.
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
  // Behind a name there may be one address, whose listener may take its time.
  if (hosts === null) return { transportConnectTimeout: seconds };
  return { transportConnectTimeout: seconds, connectTimeout: seconds };
}

/** The hosts that a connect string names; null: it is a name of tnsnames.ora. */
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

/** A name may stand for several addresses, each of which the driver tries; one that cannot be found for none. */
async function addressesOf(host: string): Promise<number> {
  if (isIP(host) !== 0) return 1;
  return lookup(host, { all: true }).then(
    (addresses) => addresses.length,
    () => 0,
  );
}
