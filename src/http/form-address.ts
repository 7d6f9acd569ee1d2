import type { FastifyRequest } from 'fastify';

/*
 * Where a form that could not be taken is shown again, as it was filled in: the page of the same path, with the form's fields
 * in the address. Nothing is kept here, so it also holds after a restart; and nothing is done by it: the page asks once more.
 */

/** A longer address might be refused on its way. A hundred rows with the longest reason are shorter. */
const longest = 12_000;
/** Fields that belong to the session and not to what was typed. */
const ofSession = new Set(['csrfToken']);

/** The address of a form's page with what was typed; the page alone where that is too long, `/` where there is no page. */
export function formAddress(request: FastifyRequest): string {
  const { url: route } = request.routeOptions;
  if (route === undefined || !request.server.hasRoute({ method: 'GET', url: route })) return '/';
  const path = request.url.split('?', 1)[0] ?? '/';
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries((request.body ?? {}) as Record<string, unknown>))
    for (const each of [value].flat())
      if (typeof each === 'string' && each !== '' && !ofSession.has(name)) fields.append(name, each);
  const address = fields.size === 0 ? path : `${path}?${fields.toString()}`;
  return address.length > longest ? path : address;
}
