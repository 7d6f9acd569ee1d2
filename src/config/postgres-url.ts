const hint =
  'in a URL, user and password are percent-encoded (@ is %40, : %3A, / %2F, # %23, ? %3F, % %25); or give host, database, user and password apart';

const moved = `falls apart at a character that is not escaped: ${hint}`;

/**
 * What is wrong with a connection URL for PostgreSQL; null where nothing is, and for what is no such URL. A character that
 * should have been escaped moves the parts: the driver would look for a host named after a piece of the password, and
 * its error would show it. Holds nothing of the URL but, where several hosts are named, what cannot be a piece of its password.
 */
export function postgresUrlIssue(text: string): string | null {
  if (/^\s*[a-z_]+\s*=/i.test(text))
    return 'is in the keyword form of libpq: give a URL, or host, port, database, user and password apart';
  if (!/^postgres(ql)?:/i.test(text)) return null;
  const urls = urlsByHost(text);
  if (urls.length > 1) return severalHostsIssue(text, urls);
  const url = asTheDriverReads(text);
  if (url === null) return `is no URL that can be read: ${hint}`;
  const { pathname, search, hash } = url;
  return hash !== '' || pathname.includes('@') || search.includes('@') ? moved : queryIssue(text);
}

/** A URL that leads to one of the hosts that a URL names. */
export interface HostUrl {
  /** The host with its port, as the URL has them. */
  readonly name: string;
  readonly url: string;
}

/** A URL for each of the hosts that a URL names as libpq does: `postgres://user@a:5432,b:5433/database`. */
export function urlsByHost(text: string): readonly HostUrl[] {
  const { before, hosts, after } = partsOf(text);
  return hosts.map((host) => ({ name: host, url: `${before}${host}${after}` }));
}

/** The parameters of a URL, as the driver reads them. */
export function urlParameters(text: string): URLSearchParams {
  const { after } = partsOf(text);
  return new URLSearchParams(/\?([^#]*)/.exec(after)?.[1] ?? '');
}

/** A text that is no such URL is all `before`, with one empty host. */
function partsOf(text: string): {
  readonly before: string;
  readonly hosts: readonly string[];
  readonly after: string;
} {
  const [, scheme = text, authority = '', after = ''] =
    /^(postgres(?:ql)?:\/\/)([^/?#]*)(.*)$/is.exec(text) ?? [];
  const credentials = authority.lastIndexOf('@') + 1;
  return {
    before: scheme + authority.slice(0, credentials),
    hosts: authority.slice(credentials).split(','),
    after,
  };
}

function severalHostsIssue(text: string, urls: readonly HostUrl[]): string | null {
  const { before, after } = partsOf(text);
  if (after.includes('@') || after.includes('#')) return moved;
  // Without a user, what follows the first colon may be a password whose @ is missing.
  const isShown = before.endsWith('@');
  const shown = (value: string) => (isShown ? `, not "${value}"` : '');
  if (urls.some(({ name }) => name.replace(/:\d*$/, '') === ''))
    return 'names several hosts, one of them with an empty name';
  if (urls.some(({ name }) => /\s/.test(name)))
    return 'names several hosts with a blank among them: separate them by commas alone';
  for (const [index, { name, url }] of urls.entries()) {
    const port = /^(?:\[[^\]]*\]|[^:[]*):(.*)$/s.exec(name)?.[1];
    if (port !== undefined && port !== '' && !isPort(port))
      return `names several hosts: the port of the ${ordinal(index)} must be a number from 1 to 65535${shown(port)}`;
    if (asTheDriverReads(url) === null)
      return `is no URL that can be read, because of its ${ordinal(index)} host: ${hint}`;
    if (urls.findIndex((other) => other.name === name) < index)
      return `names the same host twice: the ${ordinal(index)} must be another${shown(name)}`;
  }
  if (urlParameters(text).has('host') || urlParameters(text).has('port'))
    return 'names hosts before its path, and again in its parameters: give them once, as postgres://user@a:5432,b:5433/database';
  return queryIssue(text);
}

/** Hosts among the parameters, which the driver would take for the name of one. */
function queryIssue(text: string): string | null {
  const parameters = urlParameters(text);
  const isList = ['host', 'port'].some((name) => parameters.get(name)?.includes(',') === true);
  return isList
    ? 'names several hosts in its parameters: give them before the path, as postgres://user@a:5432,b:5433/database'
    : null;
}

/** Whether a value is the number of a port that a server can listen on. */
export function isPort(value: unknown): boolean {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

function ordinal(index: number): string {
  return ['first', 'second', 'third'][index] ?? `${index + 1}th`;
}

/** As pg-connection-string reads it: blanks and loose percent signs are escaped first, and the host may be missing. */
function asTheDriverReads(text: string): URL | null {
  const loose = / |%[^a-f0-9]|%[a-f0-9][^a-f0-9]/i.test(text);
  const escaped = loose ? encodeURI(text).replace(/%25(\d\d)/g, '%$1') : text;
  const readable = [escaped, escaped.replace('@/', '@host/')].find((each) => URL.canParse(each));
  if (readable === undefined) return null;
  const url = new URL(readable);
  try {
    for (const part of [url.username, url.password, url.hostname, url.pathname]) decodeURIComponent(part);
  } catch {
    return null;
  }
  return url;
}
