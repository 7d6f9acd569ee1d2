import { types } from 'node:util';
import { z } from 'zod';
import {
  consequenceOf,
  DatabaseError,
  TransactionEndedError,
  HandlerTimeoutError,
} from '../database/errors.js';
import type { Effect } from '../domain/decide.js';
import type { Refusal } from '../domain/err-content.js';
import type { RowKey, Source } from '../domain/keys.js';
import type { Operation } from '../domain/operation.js';
import { isRefusalCode } from '../domain/result-codes.js';
import type { WorkingSet } from '../domain/working-set.js';
import type { ApplyTransaction } from '../store/port.js';
import type { BatchRow } from './batch.js';
import { asError } from './errors.js';
import type { AccountHandlerContext, CustomerHandlerContext, Handlers } from './handlers.js';
import { handlerLimitMs } from './settings.js';

/*
 * A product's handler is called for a row. It is foreign code: what it gets is frozen, what it answers is checked, and
 * whatever it does otherwise is an error of the handler, counted against the row.
 */

/** What a handler has against a row: a refusal, or an error that may be the row's. */
export type HandlerOutcome =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'errored'; readonly error: Error };

/** Surrounds the work of each handler, from before its savepoint until after it. */
export type AroundHandler = <T>(row: RowKey, work: () => Promise<T>) => Promise<T>;

/** How handlers are called. */
export interface HandlerUse {
  readonly handlers: Handlers;
  /** How long a handler may take for one row. */
  readonly limitMs: number;
  readonly around: AroundHandler;
}

/** How a worker calls the handlers it was given. */
export function handlerUse(
  { handlers = {}, aroundHandler }: { handlers?: Handlers; aroundHandler?: AroundHandler },
  settings: Parameters<typeof handlerLimitMs>[0],
): HandlerUse {
  return { handlers, limitMs: handlerLimitMs(settings), around: aroundHandler ?? ((_row, work) => work()) };
}

/** The batch's transaction was lost through one known row. */
export class ErroredRowError extends Error {
  override readonly name = 'ErroredRowError';

  constructor(
    readonly row: BatchRow,
    readonly error: Error,
  ) {
    super(error.message, { cause: error });
  }
}

/** Thrown inside the nested transaction so that a refused row's own writes are undone. */
class RefusedByHandler extends Error {
  constructor(readonly refusal: Refusal) {
    super('refused by the handler');
  }
}

/** A call that is left to be made, with what the handler gets besides the transaction. */
export type HandlerCall = (knex: CustomerHandlerContext['knex']) => Promise<unknown>;

/** Calls the product's handler: an error that may be the row's is returned, any other is thrown. */
export async function callHandler(
  transaction: ApplyTransaction,
  row: BatchRow,
  { call, use }: { readonly call: HandlerCall; readonly use: HandlerUse },
): Promise<HandlerOutcome | null> {
  const work = async (knex: CustomerHandlerContext['knex']): Promise<void> => {
    const refusal = refusalOf(row.source, await call(knex));
    if (refusal !== null) throw new RefusedByHandler(refusal);
  };
  try {
    await use.around(row, () => transaction.nested(work, use.limitMs));
    return null;
  } catch (error) {
    if (error instanceof RefusedByHandler) return { kind: 'refused', refusal: error.refusal };
    const isLost = error instanceof TransactionEndedError && error.isLost;
    if (isLost || error instanceof HandlerTimeoutError) throw new ErroredRowError(row, error);
    if (error instanceof DatabaseError && consequenceOf(error.kind) !== 'rowError') throw error;
    return { kind: 'errored', error: asError(error, 'the handler threw') };
  }
}

/** The handler's call for an effect; null where no handler is asked. */
export function handlerCall(
  at: string,
  work: WorkingSet,
  { operation, effect, handlers }: { operation: Operation; effect: Effect; handlers: Handlers },
): HandlerCall | null {
  if (operation.source === 'CUST') {
    const { customer: after } = effect;
    if (handlers.onCustomer === undefined || after === undefined) return null;
    const given = frozen({ at, operation, before: work.stateOf(operation).customer, after });
    return async (knex) => handlers.onCustomer?.(Object.freeze<CustomerHandlerContext>({ ...given, knex }));
  }
  const { account: after } = effect;
  if (handlers.onAccount === undefined || after === undefined) return null;
  const { customer, users } = work.stateOf(operation);
  if (customer === null) return null;
  const before = users.get(operation.userId) ?? null;
  const given = frozen({ at, operation, customer, before, after });
  return async (knex) => handlers.onAccount?.(Object.freeze<AccountHandlerContext>({ ...given, knex }));
}

/** A record and all it holds cannot be changed any more: it is what is stored. */
function frozen<T extends object>(value: T): T {
  if (Object.isFrozen(value)) return value;
  for (const member of Object.values(value) as unknown[]) {
    if (typeof member === 'object' && member !== null) frozen(member);
  }
  return Object.freeze(value);
}

const answerSchema = z
  .strictObject({ refuse: z.strictObject({ code: z.string(), detail: z.string() }) })
  .optional();

const answers = 'it must return nothing, or { refuse: { code, detail } }';

function refusalOf(source: Source, answer: unknown): Refusal | null {
  const { success, data, error } = answerSchema.safeParse(answer);
  if (!success) {
    const [issue] = error.issues;
    const path = issue?.path ?? [];
    const where = path.length === 0 ? '' : ` with ${path.join('.')} = ${described(memberOf(answer, path))}`;
    throw new TypeError(`the handler returned ${described(answer)}${where}: ${answers}`);
  }
  if (data === undefined) return null;
  const { code, detail } = data.refuse;
  if (!isRefusalCode(source, code)) {
    const codes = 'a code of the registry that stands for a failure';
    throw new TypeError(`the handler refused with the code ${described(code)}, which is not ${codes}`);
  }
  return { code, detail };
}

function memberOf(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((inner, key) => (inner as Record<PropertyKey, unknown>)[key], value);
}

const shownCharacters = 40;
const shownKeys = 5;

/** A foreign value in a few words: of an object the names of its members only, for they may hold anything. */
function described(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, shownCharacters));
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (types.isProxy(value)) return 'a proxy';
  const keys = Object.keys(value);
  const shown = keys
    .slice(0, shownKeys)
    .join(', ')
    .slice(0, shownKeys * shownCharacters);
  return keys.length === 0 ? '{}' : `{ ${shown}${keys.length > shownKeys ? ', …' : ''} }`;
}
