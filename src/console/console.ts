import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { OperatorService } from '../operator/operator-service.js';
import { formAddress } from '../http/form-address.js';
import type { ConsoleParts, RequestError } from '../http/console-port.js';
import type { AssetAddresses } from './assets.js';
import { ErrorPage } from './pages/error.js';
import { rememberLanguage, valuesOf, viewOf, type View } from './view.js';
import type { Values } from './addresses.js';

/** What a page is made from. */
export interface PageRequest {
  readonly view: View;
  readonly operator: OperatorService;
  readonly query: Values;
  readonly form: Values;
  readonly params: Values;
}

/** A page, or where to go instead. */
export type PageResponse = { readonly page: VNode; readonly status?: number } | { readonly to: string };

/** Makes the answer to a question; an error it throws becomes a page in the server. */
export type PageHandler = (question: PageRequest) => Promise<PageResponse> | PageResponse;

/** Routes, pages and faults of the console. */
export class Console {
  readonly #app: FastifyInstance;
  readonly #parts: ConsoleParts & { readonly assets: AssetAddresses };
  /** What requests failed for, until their page is rendered: the server passes on only what all may know. */
  readonly #causes = new WeakMap<FastifyRequest, unknown>();

  constructor(app: FastifyInstance, parts: ConsoleParts & { readonly assets: AssetAddresses }) {
    this.#app = app;
    this.#parts = parts;
  }

  /** A page that changes nothing. */
  get(path: string, answering: PageHandler, options: RouteShorthandOptions = {}): void {
    this.#app.get(path, options, (request, reply) => this.#answer(answering, request, reply));
  }

  /** A form's action: for operators, with the form's token; the server sees to both. */
  post(path: string, answering: PageHandler): void {
    this.#app.post(path, (request, reply) => this.#answer(answering, request, reply));
  }

  /** What went wrong with a request, as a whole document. */
  errorPage(request: FastifyRequest, error: RequestError): string {
    const view = viewOf(request, this.#parts);
    const form = error.code === 'csrf' && request.body !== undefined ? formAddress(request) : undefined;
    return documentOf(ErrorPage({ view, error, form, cause: this.#causes.get(request) }));
  }

  async #answer(answering: PageHandler, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { query, body, params } = request;
    const view = { ...viewOf(request, this.#parts), alarms: await this.#parts.operator.alarms() };
    rememberLanguage(request, reply);
    try {
      const question = {
        view,
        operator: this.#parts.operator,
        query: valuesOf(query),
        form: valuesOf(body),
        params: valuesOf(params),
      };
      const answer = await answering(question);
      if ('to' in answer) return await reply.redirect(answer.to, 303);
      return await reply
        .code(answer.status ?? 200)
        .type('text/html; charset=utf-8')
        .send(documentOf(answer.page));
    } catch (error) {
      this.#causes.set(request, error);
      throw error;
    }
  }
}

/** An answer that the address names nothing; `hint` says more than that. */
export function notFound(view: View, hint = view.t.errors.notFoundHint): PageResponse {
  const error = { status: 404, code: 'notFound', message: '' };
  return { status: 404, page: ErrorPage({ view, error, hint }) };
}

/** Keeps pages that lead to actions from readers, who may not act; the server refuses the action itself. */
export function forOperators(answering: PageHandler): PageHandler {
  return (question) => {
    if (question.view.principal.role === 'operator') return answering(question);
    const error = { status: 403, code: 'forbidden', message: '' };
    return { status: 403, page: ErrorPage({ view: question.view, error }) };
  };
}

/** Who acts, for the audit. */
export function actorOf(view: View): { readonly name: string; readonly via: 'console' } {
  return { name: view.principal.name, via: 'console' };
}

function documentOf(page: VNode): string {
  return `<!doctype html>${renderToString(page)}`;
}
