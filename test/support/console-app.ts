import formbody from '@fastify/formbody';
import fastify, { type FastifyInstance } from 'fastify';
import { registerConsole } from '../../src/console/register.js';
import type { Principal } from '../../src/http/console-port.js';
import { FakeOperator } from './fake-operator.js';

/** An operator who is logged in. */
export const operatorPrincipal: Principal = {
  name: 'wang',
  role: 'operator',
  csrfToken: 'token-1',
  loginNeeded: true,
};
/** A reader who is logged in. */
export const reader: Principal = { name: 'li', role: 'reader', csrfToken: 'token-2', loginNeeded: true };
/** Whoever comes where no users are configured. */
export const anybody: Principal = { name: '', role: 'reader', csrfToken: '', loginNeeded: false };

/** The console alone, for a principal, over a fake operator service: without the server's checks. */
export async function consoleApp(
  principal: Principal = operatorPrincipal,
): Promise<{ app: FastifyInstance; operator: FakeOperator }> {
  const operator = new FakeOperator();
  const app = fastify();
  await app.register(formbody);
  const errors = registerConsole(app, { operator, version: '0.0.0', sessionOf: () => principal });
  const page = (status: number, code: string, message: string) => ({ status, code, message });
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type('text/html')
      .send(errors.errorPage(request, page(404, 'notFound', ''))),
  );
  app.setErrorHandler((error: Error, request, reply) => {
    const answer =
      operator.outage === null ? page(500, 'internal', '') : page(503, 'unavailable', error.message);
    return reply.code(answer.status).type('text/html').send(errors.errorPage(request, answer));
  });
  return { app, operator };
}
