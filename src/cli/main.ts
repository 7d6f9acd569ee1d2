#!/usr/bin/env node
import { exitCodeOf, explain } from './exit-codes.js';
import { createProgram } from './program.js';
import { complain, endWhenWritten, watchStandardStreams } from './standard-streams.js';

watchStandardStreams();

try {
  await createProgram().parseAsync();
} catch (error) {
  const words = explain(error);
  // That the output could not be written is said at the end.
  if (words !== null && error !== process.stdout.errored) complain(words);
  process.exitCode = exitCodeOf(error);
}

endWhenWritten();
