import { ExitCode } from './exit-codes.js';
import { linesText } from './output.js';

/**
 * A result that cannot be written, to a full disk for one, ends the command with 1 and says so; a reader that has seen
 * enough (`bnet-sync failed | head`) is no failure. Where stderr cannot be written there is nothing left to say it on.
 */
export function watchStandardStreams(): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', endForOutput);
}

function endForOutput(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit();
  complain(`the output cannot be written: ${error.message}`);
  process.exit(ExitCode.Failed);
}

/** Prints why a command failed, on stderr. */
export function complain(words: string): void {
  process.stderr.write(linesText(`bnet-sync: ${words}`.split('\n')));
}

/** Ends the process once all output is written: a connection that was given up would keep it alive. */
export function endWhenWritten(): void {
  const { errored, writableLength } = process.stdout;
  if (errored !== null) endForOutput(errored);
  // Without output of its own (`run` logs past the stream) a command does not care whether it could be written.
  if (writableLength === 0) process.exit();
  process.stdout.write('', (error) => {
    if (error) endForOutput(error);
    process.exit();
  });
}
