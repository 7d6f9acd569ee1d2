import type { Random } from '../../src/demo/platform/random.js';
import type { RowKey } from '../../src/domain/keys.js';
import type {
  AccountHandlerContext,
  CustomerHandlerContext,
  HandlerResult,
  Handlers,
} from '../../src/worker/handlers.js';
import { handlerTransaction } from './store/product-store.js';

/** What decides over handlers, and what they do to their process. */
interface HandlerEffects {
  readonly random: Random;
  /** A handler is called for a row that is poison. */
  poison(row: RowKey): void;
  /** The process ends in the middle of the handler. */
  exit(): void;
}

/** Handlers as those of the fault suite: each row that takes effect leaves a line, and the names in it say how it behaves. */
export function simulatedHandlers({ random, poison, exit }: HandlerEffects): Handlers {
  const handle = async (
    context: CustomerHandlerContext | AccountHandlerContext,
    name: string | null,
  ): Promise<HandlerResult> => {
    const { source, streamingNo } = context.operation;
    await handlerTransaction(context.knex).line({ source, streamingNo });
    if (name === 'REFUSE') return { refuse: { code: '00003', detail: `拒绝 ${context.after.custId}` } };
    if (name !== 'POISON-THROW' && name !== 'POISON-EXIT') return undefined;
    poison({ source, streamingNo });
    // Or it never answers, which is told from the time it takes.
    if (name === 'POISON-THROW' && random.chance(0.7)) throw new Error('poison');
    if (name === 'POISON-EXIT') exit();
    return new Promise(() => undefined);
  };
  return {
    onCustomer: (context) => handle(context, context.operation.custName),
    onAccount: (context) => handle(context, context.operation.accName),
  };
}
