import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { InvalidArgumentError, type Command } from 'commander';
import { hashPassword } from '../../http/password.js';
import { passwordIssue } from '../../http/password-rules.js';
import { printLines } from '../output.js';

const help = `
Reads a password, from the terminal without showing it or from standard input up to the end of its first line, and prints
its hash for http.users. The password is kept nowhere. It has 12 characters or more, and is not made of common words alone.

Example:
  $ bnet-sync hash-password
  $ printf '%s' "$PASSWORD" | bnet-sync hash-password`;

/** Options and action of `hash-password`. */
export function configure(command: Command): void {
  command.addHelpText('after', help).action(async () => {
    const password = process.stdin.isTTY ? await askTwice() : firstLine(await text(process.stdin));
    const fault = passwordIssue(password);
    if (fault !== null) command.error(`error: ${fault}`, { exitCode: 2, code: 'bnet-sync.password' });
    printLines(await hashPassword(password));
  });
}

function firstLine(input: string): string {
  return input.split(/\r?\n/, 1)[0] ?? '';
}

async function askTwice(): Promise<string> {
  const password = await askHidden('Password: ');
  if ((await askHidden('Again: ')) !== password)
    throw new InvalidArgumentError('The two are not the same: nothing was hashed.');
  return password;
}

/** Reads a line from the terminal that shows nothing of it. */
function askHidden(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  return new Promise((resolve, reject) => {
    lines.on('SIGINT', () => {
      process.exit(130);
    });
    lines.on('close', () => {
      reject(new InvalidArgumentError('No password was given.'));
    });
    lines.question('', (line) => {
      process.stderr.write('\n');
      resolve(line);
      lines.close();
    });
  });
}
