import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Resident set in kilobytes, or 0 when the process is gone. */
async function residentKb(pid: number | undefined): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({
    stdout: '0',
  }));
  return Number(stdout.trim());
}

/** Waits for a process, looking at its memory; returns what it ended with and its greatest resident set in MB. */
export async function withPeakMemory<T>(
  process: PromiseLike<T> & { readonly pid?: number | undefined },
): Promise<{ readonly ended: T; readonly peakMb: number }> {
  let peakKb = 0;
  const look = () => void residentKb(process.pid).then((kb) => (peakKb = Math.max(peakKb, kb)));
  const watch = setInterval(look, 100);
  try {
    const ended = await process;
    return { ended, peakMb: Math.round(peakKb / 1024) };
  } finally {
    clearInterval(watch);
  }
}
