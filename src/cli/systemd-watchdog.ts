import { spawn } from 'node:child_process';

/*
 * The watchdog of systemd (WatchdogSec): it ends and restarts a process whose event loop does not turn any more, whatever the
 * reason. Its messages are datagrams on a Unix socket, which Node cannot send; `systemd-notify`, a part of systemd, can. Such
 * a message comes from another process than the service's own, so the unit needs NotifyAccess=all.
 */

/** Tells systemd regularly that the process is alive, where it asks to be told. Ends with `stop`. */
export function startSystemdWatchdog(
  env: NodeJS.ProcessEnv,
  complain: (message: string) => void,
): { stop(): void } {
  const timeoutMs = Number(env['WATCHDOG_USEC'] ?? 0) / 1000;
  const isForUs = env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(process.pid);
  if (env['NOTIFY_SOCKET'] === undefined || !(timeoutMs > 0) || !isForUs) return { stop: () => undefined };
  let isOnItsWay = false;
  const notify = (): void => {
    if (isOnItsWay) return;
    isOnItsWay = true;
    const child = spawn('systemd-notify', ['WATCHDOG=1'], { env, stdio: 'ignore', timeout: timeoutMs });
    child.once('error', (error) => {
      clearInterval(timer);
      complain(`systemd's watchdog cannot be told that the process is alive: ${error.message}`);
    });
    child.once('close', () => (isOnItsWay = false));
    child.unref();
  };
  // systemd recommends half of the time; a third leaves room for a message that is late.
  const timer = setInterval(notify, timeoutMs / 3).unref();
  notify();
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}
