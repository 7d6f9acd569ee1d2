import formbody from '@fastify/formbody';
import fastify, { type FastifyInstance } from 'fastify';
import { registerConsole } from '../../src/http/console/register.js';
import type { Visitor } from '../../src/http/session-types.js';
import { FakeDesk } from './fake-desk.js';

/** An operator who is logged in. */
export const operator: Visitor = { name: 'wang', role: 'operator', csrfToken: 'token-1', loginNeeded: true };
/** A reader who is logged in. */
export const reader: Visitor = { name: 'li', role: 'reader', csrfToken: 'token-2', loginNeeded: true };
/** Whoever comes where no users are configured. */
export const anybody: Visitor = { name: '', role: 'reader', csrfToken: '', loginNeeded: false };

/** The console alone, for a visitor, over a fake desk: without the server's checks. */
export async function consoleApp(
  visitor: Visitor = operator,
): Promise<{ app: FastifyInstance; desk: FakeDesk }> {
  const desk = new FakeDesk();
  const app = fastify();
  await app.register(formbody);
  const errors = registerConsole(app, { desk, version: '0.0.0', sessionOf: () => visitor });
  const page = (status: number, code: string, message: string) => ({ status, code, message });
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type('text/html')
      .send(errors.faultPage(request, page(404, 'notFound', ''))),
  );
  app.setErrorHandler((error: Error, request, reply) => {
    const fault = desk.outage === null ? page(500, 'internal', '') : page(503, 'unavailable', error.message);
    return reply.code(fault.status).type('text/html').send(errors.faultPage(request, fault));
  });
  return { app, desk };
}
