import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { OperatorService } from '../operator/operator-service.js';

/*
 * The seam between the server and the console. The server checks Host header, login, role and CSRF token before a route
 * of the console runs; the console renders pages and calls the operator service.
 *
 * What the console relies on:
 * - Routes need a login where users are configured, and are for readers; a route that changes something (any method
 *   but GET and HEAD) is for operators only and needs the CSRF token, in the form field `csrfToken` or in the header
 *   `x-csrf-token`. Without a login, a page asked for by GET leads to `/login?next=…`.
 * - `config: { open: true }` makes a route one that needs no login: the login page (GET /login) and static assets.
 * - Forms are read (`application/x-www-form-urlencoded`); a field that stands several times is an array.
 * - POST /login takes the fields `name`, `password` and `next` (a path of this server; default `/`) and leads (303) to
 *   `next`, or back to `/login?refused=password`, or `/login?refused=often` with as many wrong passwords in a minute as are
 *   allowed, both with `next`. It needs no token. POST /logout (with the token; readers may) leads to `/login`.
 * - Every answer says `cache-control: no-store` unless the route sets another.
 * - An error that a handler throws becomes a page by `ConsoleErrors`, where the console gives it, for requests that
 *   accept HTML outside `/api`; otherwise plain text.
 */

/** What a user may do: read, or requeue, pause and resume as well. */
export type Role = 'reader' | 'operator';

/** The user of a request. */
export interface Principal {
  /** The login name; empty where no login is needed, or on an open route without one. */
  readonly name: string;
  readonly role: Role;
  /** For the form field `csrfToken`; empty where there is no session, and so nothing to change. */
  readonly csrfToken: string;
  /** Users are configured, so there is a login to end. */
  readonly loginNeeded: boolean;
}

/** What went wrong with a request, for a page that says so. Nothing of the inside is in it. */
export interface RequestError {
  /** HTTP status. */
  readonly status: number;
  /** One of a few stable words: badRequest, forbidden, csrf, notFound, tooMany, busy, unavailable, notTaken, notRecorded, internal. */
  readonly code: string;
  /** One line in English, without secrets. */
  readonly message: string;
}

/** What the console is given. */
export interface ConsoleParts {
  readonly operator: OperatorService;
  readonly version: string;
  sessionOf(request: FastifyRequest): Principal;
}

/** What the console gives the server: how a fault looks as a page. The text is a whole HTML document. */
export interface ConsoleErrors {
  errorPage(request: FastifyRequest, error: RequestError): string;
}

/** Adds the console's pages and files to the server; returns how it shows errors. */
export type RegisterConsole = (app: FastifyInstance, parts: ConsoleParts) => ConsoleErrors;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route needs no login. */
    open?: true;
    /** The route may be used by readers though it is no GET. */
    reader?: true;
  }
}
