import type {} from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError, isForPrograms } from './errors.js';
import { formAddress } from './form-address.js';
import { logIn } from './log-in.js';
import type { Security } from './security.js';
import type { Role, Principal } from './console-port.js';
import { bringsToken, type Session, type Sessions } from './sessions.js';
import type { Users } from './users.js';

/*
 * Access control for every route of the authenticated scope:
 *
 * 1. Authentication: the session that the cookie names, or the name and password of HTTP Basic (for scripts). Where no users
 *    are configured, every request is a reader's without a name; the server then listens on loopback only.
 * 2. Authorisation: readers GET, operators do everything. A route is opened with `config: { open: true }`, and made one for
 *    readers with `config: { reader: true }`.
 * 3. Intent: a request that changes something must come from our own pages (Sec-Fetch-Site, Origin) and, by
 *    session, bring its CSRF token. Scripts that send a password bring none: no browser of ours sends it for them.
 */

/** The authenticated principal of a request. */
interface AuthenticatedPrincipal {
  readonly name: string;
  readonly role: Role;
  /** Null for Basic credentials. */
  readonly session: Session | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null: on open routes, without a login. */
    principal: AuthenticatedPrincipal | null;
  }
}

/** Set by a page that refreshes itself: such a request does not keep a session alive. */
const refreshHeader = 'x-refresh';
/** Names the session. */
export const sessionCookie = 'bnet_sync_session';
const tokenHeader = 'x-csrf-token';
const tokenField = 'csrfToken';

interface AccessParts {
  readonly users: Users;
  readonly sessions: Sessions;
  readonly security: Security;
}

/** Guards all routes that are registered in `scope` from now on. */
export function guardAccess(scope: FastifyInstance, parts: AccessParts): void {
  scope.addHook('onRequest', async (request, reply) => {
    request.principal = await authenticate(request, parts);
    const { open, reader } = request.routeOptions.config;
    if (changes(request)) requireOurPages(request);
    if (open === true) return;
    if (request.principal === null) return isForm(request) ? undefined : askForLogin(request, reply);
    if (changes(request) && reader !== true && request.principal.role !== 'operator')
      throw new HttpError(403, 'forbidden', refusedChange(parts.users.configured));
  });
  scope.addHook('preValidation', async (request, reply) => {
    const { principal, routeOptions } = request;
    if (!changes(request) || routeOptions.config.open === true) return;
    if (principal === null) return askForLoginBack(request, reply);
    const { session } = principal;
    if (session === null) return;
    const field = (request.body as Readonly<Record<string, unknown>> | null | undefined)?.[tokenField];
    if (!bringsToken(session, request.headers[tokenHeader] ?? field))
      throw new HttpError(
        403,
        'csrf',
        'the CSRF token is missing or of another session: load the page again',
      );
  });
}

/** The principal of a request as the console shows it. */
export function principalOf(request: FastifyRequest, users: Users): Principal {
  const { principal } = request;
  return {
    name: principal?.name ?? '',
    role: principal?.role ?? 'reader',
    csrfToken: principal?.session?.csrfToken ?? '',
    loginNeeded: users.configured,
  };
}

async function authenticate(
  request: FastifyRequest,
  parts: AccessParts,
): Promise<AuthenticatedPrincipal | null> {
  const { users, sessions } = parts;
  if (!users.configured) return { name: '', role: 'reader', session: null };
  const number = request.cookies[sessionCookie] ?? '';
  const session = request.headers[refreshHeader] === undefined ? sessions.use(number) : sessions.look(number);
  if (session !== null) return { ...session.user, session };
  const given = basicCredentials(request.headers.authorization);
  if (given === null || request.routeOptions.config.open === true) return null;
  const user = await logIn(parts, { ...given, address: request.ip }, 'api');
  return user === null ? null : { ...user, session: null };
}

/** The name and password of HTTP Basic (RFC 7617), in UTF-8. */
function basicCredentials(header: string | undefined): { name: string; password: string } | null {
  const encoded = /^Basic +([\w+/=-]{1,4096})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? null : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function changes({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

/** Browsers say from whose page a request comes; programs do not. */
function requireOurPages(request: FastifyRequest): void {
  const { origin, 'sec-fetch-site': site } = request.headers;
  const sameSite = site === undefined ? undefined : site === 'same-origin' || site === 'none';
  const ours = sameSite ?? (origin === undefined || isOrigin(origin, request.host));
  if (!ours) throw new HttpError(403, 'csrf', 'the request comes from a page of another site');
}

function isOrigin(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

function askForLogin(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { method, url, headers } = request;
  const isPage = method === 'GET' && !isForPrograms(request);
  if (isPage) return reply.redirect(`/login${url === '/' ? '' : `?next=${encodeURIComponent(url)}`}`, 303);
  // A browser would ask for the password in a window of its own, and keep it for good.
  if (headers['sec-fetch-mode'] === undefined)
    void reply.header('www-authenticate', 'Basic realm="bnet-sync", charset="UTF-8"');
  throw new HttpError(401, 'unauthorized', 'log in, or send name and password by HTTP Basic');
}

/** Whether a person sent a form, and not a program a request. Its fields are read before the login is asked for. */
function isForm(request: FastifyRequest): boolean {
  const type = request.headers['content-type'] ?? '';
  const isEncoded = /^application\/x-www-form-urlencoded *(;|$)/i.test(type);
  return request.method === 'POST' && isEncoded && !request.is404 && !isForPrograms(request);
}

/** The session ended while a form was open: after the login it is shown again as it was filled in. Nothing is done. */
function askForLoginBack(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (request.routeOptions.url === '/logout') return reply.redirect('/login?loggedOut=1', 303);
  return reply.redirect(`/login?expired=1&next=${encodeURIComponent(formAddress(request))}`, 303);
}

function refusedChange(hasUsers: boolean): string {
  return hasUsers
    ? 'you may look, and change nothing: that takes the role operator'
    : 'without http.users nothing can be changed: configure a user with the role operator';
}
