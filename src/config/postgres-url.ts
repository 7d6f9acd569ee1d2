const hint =
  'in a URL, user and password are percent-encoded (@ is %40, : %3A, / %2F, # %23, ? %3F, % %25); or give host, database, user and password apart';

/**
 * What is wrong with a connection URL for PostgreSQL; null where nothing is, and for what is no such URL. A character that
 * should have been escaped moves the parts: the driver would look for a host named after a piece of the password, and
 * its error would show it. Never holds anything of the URL.
 */
export function postgresUrlIssue(text: string): string | null {
  if (!/^postgres(ql)?:/i.test(text)) return null;
  const url = asTheDriverReads(text);
  if (url === null) return `is no URL that can be read: ${hint}`;
  const { pathname, search, hash } = url;
  const isMoved = hash !== '' || pathname.includes('@') || search.includes('@');
  return isMoved ? `falls apart at a character that is not escaped: ${hint}` : null;
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
