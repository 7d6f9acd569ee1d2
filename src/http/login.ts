import type {} from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sessionCookie } from './access.js';
import { TooManyRequestsError } from './errors.js';
import { localAddress } from './local-address.js';
import { logIn, type LoginParts } from './log-in.js';
import type { Sessions } from './sessions.js';
import type { Credentials, User } from './users.js';

const loginForm = z.object({
  name: z.string().max(64).default(''),
  password: z.string().max(1024).default(''),
  next: z.string().max(16_384).optional(),
});

interface FormParts extends LoginParts {
  readonly sessions: Sessions;
}

/** POST /login and POST /logout; the page with the form is the console's. */
export function registerLogin(scope: FastifyInstance, parts: FormParts): void {
  const { sessions, security } = parts;
  scope.post<{ Body: z.output<typeof loginForm> }>(
    '/login',
    {
      config: { open: true },
      schema: {
        tags: ['login'],
        summary: 'Log in by the form; leads to `next`, or back to the form',
        consumes: ['application/x-www-form-urlencoded'],
        body: loginForm,
      },
    },
    async (request, reply) => {
      const { name, password } = request.body;
      const next = localAddress(request.body.next);
      const user = await authenticate(parts, { name, password, address: request.ip });
      if (user === 'often') return backToForm(reply, 'often', next);
      if (user === null) return backToForm(reply, 'password', next);
      endSession(request, sessions);
      return reply.setCookie(sessionCookie, sessions.open(user), cookieOf(request)).redirect(next, 303);
    },
  );
  scope.post(
    '/logout',
    {
      config: { reader: true },
      schema: { tags: ['login'], summary: 'End the session; leads to the form' },
    },
    (request, reply) => {
      endSession(request, sessions);
      const name = request.principal?.name ?? '';
      security.report({
        kind: 'logout',
        name,
        address: request.ip,
        via: 'console',
        result: 'ok',
        detail: '',
      });
      return reply.clearCookie(sessionCookie, cookieOf(request)).redirect('/login?loggedOut=1', 303);
    },
  );
}

/** The user; null where the password is wrong, `often` where it was not looked at. */
async function authenticate(parts: LoginParts, credentials: Credentials): Promise<User | 'often' | null> {
  try {
    return await logIn(parts, credentials, 'console');
  } catch (error) {
    if (error instanceof TooManyRequestsError) return 'often';
    throw error;
  }
}

function endSession(request: FastifyRequest, sessions: Sessions): void {
  sessions.close(request.cookies[sessionCookie] ?? '');
}

/** Lax: following a shared link keeps the login. Changes need the token as well. */
function cookieOf(request: FastifyRequest) {
  const secure = request.protocol === 'https';
  return { path: '/', httpOnly: true, sameSite: 'lax', secure } as const;
}

function backToForm(reply: FastifyReply, refused: 'password' | 'often', next: string): FastifyReply {
  return reply.redirect(`/login?${new URLSearchParams({ refused, next }).toString()}`, 303);
}
