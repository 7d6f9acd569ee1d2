import { z } from 'zod';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { DatabaseError } from '../database/errors.js';
import { NotTakenError, RecordError } from '../operator/audit.js';
import { InvalidCursorError } from '../operator/failed.js';
import { NothingToContinueError } from '../operator/match-scope.js';
import { RepairRunningError, StagingError } from '../operator/repair/repair-runner.js';
import { NoOriginError, NotOurProductError } from '../operator/requests.js';
import type { Security } from './security.js';
import type { ConsoleErrors, RequestError } from './console-port.js';

/** An error as programs get it. */
export const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z
      .array(
        z.object({
          field: z.string().describe('such as query.limit or body.reason'),
          value: z.string().nullable().describe('as it was given, shortened; null: it is missing'),
          message: z.string(),
        }),
      )
      .optional(),
  }),
});

/** A value that is refused, with what to do about it. */
export type FieldError = Readonly<NonNullable<z.infer<typeof errorSchema>['error']['details']>[number]>;

/** An error response. Its message is for the client: one line, without secrets. */
export class HttpError extends Error implements RequestError {
  override readonly name = 'HttpError';
  /** When to try again. */
  readonly retryAfterSeconds: number | null = null;

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: readonly FieldError[] = [],
  ) {
    super(message);
  }
}

/** A rate limit of this client; says when to try again. */
export class TooManyRequestsError extends HttpError {
  constructor(
    message: string,
    override readonly retryAfterSeconds: number,
  ) {
    super(429, 'tooMany', `${message}: wait ${retryAfterSeconds} s`);
  }
}

/** The server is too busy for any client; says when to try again. */
export class BusyError extends HttpError {
  constructor(
    message: string,
    override readonly retryAfterSeconds: number,
  ) {
    super(503, 'busy', `${message}: try again in ${retryAfterSeconds} s`);
  }
}

const databaseWords: Readonly<Partial<Record<DatabaseError['kind'], string>>> = {
  unreachable: 'cannot be reached',
  connectionLost: 'dropped the connection',
  timeout: 'did not answer in time',
  conflict: 'is busy',
  unavailable: 'is not available',
  commitUnknown: 'did not say whether the change was made: look before you do it again',
  credentials: 'refuses the credentials',
  schema: 'must be repaired: "bnet-sync doctor" looks for missing tables, columns and privileges',
};

/** The part of an error that a client may see; the rest is in the log. */
function httpErrorOf(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof DatabaseError) return new HttpError(503, 'unavailable', databaseMessage(error));
  if (error instanceof RecordError) {
    const why = error.cause instanceof DatabaseError ? `: ${databaseMessage(error.cause)}` : '';
    const code = error instanceof NotTakenError ? 'notTaken' : 'notRecorded';
    return new HttpError(503, code, `${error.message}${why}`);
  }
  if (error instanceof InvalidCursorError) {
    const details = [{ field: 'query.after', value: null, message: 'start again without it' }];
    return new HttpError(400, 'badRequest', error.message, details);
  }
  if (error instanceof NothingToContinueError) {
    const details = [{ field: 'body.continues', value: null, message: error.message }];
    return new HttpError(400, 'badRequest', error.message, details);
  }
  const refusal = refusedRepair(error);
  if (refusal !== null) return refusal;
  // Fastify's own refusals: a body that is too long, of an unknown type, or no JSON.
  const status = (error as Partial<FastifyError> | null)?.statusCode;
  if (status !== undefined && status >= 400 && status < 500 && error instanceof Error)
    return new HttpError(status, status === 413 ? 'tooLarge' : 'badRequest', error.message);
  return new HttpError(500, 'internal', 'something went wrong here; the log says what');
}

/** Why a repair was not started; null: the error is none of these. */
function refusedRepair(error: unknown): HttpError | null {
  if (error instanceof RepairRunningError) return new HttpError(409, 'conflict', error.message);
  if (error instanceof NoOriginError) return new HttpError(409, 'noOrigin', error.message);
  if (error instanceof StagingError) return new HttpError(503, 'notInstalled', error.message);
  if (!(error instanceof NotOurProductError)) return null;
  const details = [{ field: 'body.productId', value: null, message: error.message }];
  return new HttpError(400, 'badRequest', error.message, details);
}

function databaseMessage({ database = 'database', kind }: DatabaseError): string {
  return `the ${database} ${databaseWords[kind] ?? 'reports an error'}`;
}

/** Whether a request is for programs: they are answered in JSON whatever they accept. */
export function isForPrograms(request: FastifyRequest): boolean {
  const path = request.url.split('?', 1)[0] ?? '';
  return /^\/(api|healthz|readyz|metrics)(\/|$)/.test(path);
}

/** Answers errors: JSON for programs, a page for browsers, a line of text for the rest. */
export class ErrorResponses {
  /** Set by the console. */
  pages: ConsoleErrors | undefined;

  constructor(private readonly security: Security) {}

  async answer(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const httpError = httpErrorOf(error);
    this.#report(request, httpError);
    if (httpError.status >= 500 && !(httpError instanceof BusyError))
      request.log.warn({ err: error, path: request.routeOptions.url }, 'request failed');
    const { status, code, message, details, retryAfterSeconds } = httpError;
    if (retryAfterSeconds !== null) void reply.header('retry-after', retryAfterSeconds);
    void reply.code(status).header('cache-control', 'no-store');
    if (isForPrograms(request)) {
      const body = { error: { code, message, ...(details.length > 0 && { details }) } };
      await reply.type('application/json; charset=utf-8').serializer(JSON.stringify).send(body);
    } else if (this.pages !== undefined && (request.headers.accept ?? '').includes('text/html')) {
      await reply.type('text/html; charset=utf-8').send(this.pages.errorPage(request, httpError));
    } else {
      await reply.type('text/plain; charset=utf-8').send(`${message}\n`);
    }
  }

  /** Refusals that concern the safety of the server; those of logins are reported where they are refused. */
  #report(request: FastifyRequest, { code }: HttpError): void {
    if (code !== 'forbidden' && code !== 'csrf' && code !== 'wrongHost') return;
    const detail = code === 'wrongHost' ? (request.headers.host ?? '') : request.url.split('?', 1)[0];
    this.security.report({
      kind: code === 'wrongHost' ? 'wrongHost' : 'actionRefused',
      // The probes' server knows no one.
      name: (request as Partial<FastifyRequest>).principal?.name ?? '',
      address: request.ip,
      via: isForPrograms(request) ? 'api' : 'console',
      result: code,
      detail: detail ?? '',
    });
  }
}
