#!/usr/bin/env node
import { exitCodeOf, explain } from './exit-codes.js';
import { createProgram } from './program.js';

// A reader that has seen enough (`bnet-sync failed | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await createProgram().parseAsync();
} catch (error) {
  const words = explain(error);
  if (words !== null) process.stderr.write(`bnet-sync: ${words}\n`);
  process.exitCode = exitCodeOf(error);
}

// A connection that was given up would keep the process alive.
process.stdout.write('', () => process.exit());
