import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { blockedEvent, WatchdogState, type WatchdogData } from './watchdog-state.js';

/*
 * The thread that ends a process whose main thread is blocked by foreign code. It looks at the beats of the main thread;
 * a process that was stopped, or a machine that slept, stops this thread as well, so looks are counted and no clock is
 * read. It first has the main thread interrupted, as a debugger does: JavaScript that blocks is stopped there, and only
 * there is it known which handler it belongs to. What blocks outside JavaScript is not interrupted, and is killed.
 */

const { buffer, intervalMs } = workerData as WatchdogData;
const state = new WatchdogState(buffer);
const interruptLimitMs = 1000;

let lastBeats = -1;
let silentMs = 0;
const timer = setInterval(() => {
  const { beats, doing, limitMs } = state;
  silentMs = beats === lastBeats && doing !== '' ? silentMs + intervalMs : 0;
  lastBeats = beats;
  if (silentMs < limitMs || silentMs === 0) return;
  clearInterval(timer);
  void interrupt();
}, intervalMs);

async function interrupt(): Promise<void> {
  setTimeout(kill, interruptLimitMs);
  try {
    const { Session } = await import('node:inspector');
    const session = new Session();
    session.connectToMainThread();
    session.post('Runtime.evaluate', { expression: `process.emit(${JSON.stringify(blockedEvent)})` });
  } catch {
    kill();
  }
}

function kill(): void {
  try {
    writeSync(
      2,
      `bnet-sync: the thread has been blocked for ${state.limitMs} ms, outside JavaScript, at work: ${state.doing}; killing the process\n`,
    );
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}
