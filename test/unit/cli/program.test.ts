import { CommanderError, Help, type Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { exitCodeOf } from '../../../src/cli/exit-codes.js';
import { configureCommand, createProgram } from '../../../src/cli/program.js';

/** Every operator's command with arguments that it takes. */
const commands = [
  ['console'],
  ['status'],
  ['failed'],
  ['show', 'IF_BNET_CUST', '1'],
  ['requeue', 'IF_BNET_CUST', '1'],
  ['requeue', '--matching', '--all'],
  ['failure-groups'],
  ['processing'],
  ['deferred'],
  ['retry', 'IF_BNET_CUST', '1'],
  ['pause'],
  ['resume', '--table', 'CUST'],
  ['workers'],
  ['audit'],
  ['journal', 'purge', '--older-than', '400d'],
  ['preview'],
  ['doctor'],
  ['migrate'],
  ['init-middle'],
];

/** The program and its commands, with what they print kept. */
function quietProgram(): { program: Command; printed: string[] } {
  const program = createProgram();
  const printed: string[] = [];
  const keep = (text: string): void => {
    printed.push(text);
  };
  for (const each of withSubcommands(program)) each.configureOutput({ writeOut: keep, writeErr: keep });
  return { program, printed };
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** What a command line ends with. */
async function run(args: readonly string[]): Promise<{ error: unknown; printed: string }> {
  const { program, printed } = quietProgram();
  try {
    await program.parseAsync(args, { from: 'user' });
    return { error: null, printed: printed.join('') };
  } catch (error) {
    return { error, printed: printed.join('') };
  }
}

describe('the command line', () => {
  beforeEach(() => vi.stubEnv('BNET_SYNC_CONFIG', undefined));
  afterEach(() => vi.unstubAllEnvs());

  it.each(commands.map((args) => [args]))(
    '%j without a configuration ends with 2 and says how to give one',
    async (args) => {
      const { error } = await run(args);
      expect(exitCodeOf(error)).toBe(2);
      expect((error as Error).message).toContain('--config FILE');
      expect((error as Error).message).toContain('BNET_SYNC_CONFIG');
    },
  );

  it.each(
    [
      [],
      ['nonsense'],
      ['status', '--nonsense'],
      ['status', 'too-much'],
      ['show'],
      ['show', 'IF_BNET_CUST'],
      ['show', 'IF_BNET_CUST', '12a'],
      ['show', 'IF_BNET_CUST', '1'.repeat(31)],
      ['show', 'IF_BNET_CUST_ATTR', '1'],
      ['requeue', 'IF_BNET_CUST'],
      ['requeue', 'IF_BNET_CUST', '1', '-2'],
      ['retry', 'IF_BNET_CUST'],
      ['retry', 'IF_BNET_CUST_ATTR', '1'],
      ['deferred', '--limit', '10001'],
      ['failed', '--limit', '0'],
      ['failed', '--since', 'yesterday'],
      ['failed', '--code', 'E1'],
    ].map((args) => [args]),
  )('%j is wrong usage: it ends with 2 and is explained', async (args) => {
    const { error, printed } = await run(args);
    expect(error).toBeInstanceOf(CommanderError);
    expect(exitCodeOf(error)).toBe(2);
    expect(printed).not.toBe('');
  });

  it.each(['journal purge', ...createProgram().commands.map((command) => command.name())])(
    '%s --help ends with 0 and shows an example and how to give a configuration',
    async (name) => {
      const { error, printed } = await run([...name.split(' '), '--help']);
      expect(exitCodeOf(error)).toBe(0);
      expect(printed).toMatch(new RegExp(`Examples?:\n +(\\$ )?bnet-sync ${name}`));
      expect(printed).toContain('--config <file>');
    },
  );

  it('lists each command with its arguments, though its file is not loaded for that', async () => {
    const program = createProgram();
    const terms = () => program.commands.map((command) => program.createHelp().subcommandTerm(command));
    const listed = terms();
    for (const command of program.commands) await configureCommand(command);
    expect(listed).toEqual(program.commands.map((command) => new Help().subcommandTerm(command)));
  });
});
