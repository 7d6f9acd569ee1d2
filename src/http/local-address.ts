const anyOrigin = 'http://localhost';

/** An address of this server that a request asks to go on to; `/` for anything that would lead to another one. */
export function localAddress(text: string | undefined): string {
  if (text === undefined || !/^\/(?![/\\])[^\p{Cc}\\]*$/u.test(text) || !URL.canParse(text, anyOrigin))
    return '/';
  const { origin, pathname, search } = new URL(text, anyOrigin);
  // Dots in a path may leave it with two slashes at its start, which name another host.
  return origin === anyOrigin && !pathname.startsWith('//') ? pathname + search : '/';
}
