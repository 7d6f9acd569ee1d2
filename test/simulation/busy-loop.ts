import type { Worker } from '../../src/worker/worker.js';

/* A worker that polls and polls and gets nowhere: it keeps its databases busy for nothing. */

/** Polls in succession that find nothing and are followed by no pause. */
const mostEmptyPolls = 10;
/** Polls within a while that bring rows of which none is decided or marked. */
const mostFruitlessPolls = 60;
const whileMs = 10_000;

/** Calls `onBusy`, with what it does, when a worker polls too often; once for each time that it does. */
export function watchForBusyLoop(
  worker: Pick<Worker, 'on'>,
  { now, onBusy }: { readonly now: () => number; readonly onBusy: (what: string) => void },
): void {
  let empty = 0;
  let fruitless: number[] = [];
  worker.on('polled', ({ rows, delayMs }) => {
    empty = rows === 0 && delayMs === 0 ? empty + 1 : 0;
    if (empty === mostEmptyPolls) onBusy('polls again and again without a pause');
    if (rows === 0) return;
    fruitless = [...fruitless.filter((at) => at > now() - whileMs), now()];
    if (fruitless.length <= mostFruitlessPolls) return;
    onBusy('polls again and again and gets nowhere');
    fruitless = [];
  });
  const moves = (rows: number): void => {
    if (rows > 0) fruitless = [];
  };
  worker.on('applied', ({ applied, failed }) => {
    moves(applied + failed);
  });
  worker.on('marked', ({ succeeded, failed }) => {
    moves(succeeded + failed);
  });
}
