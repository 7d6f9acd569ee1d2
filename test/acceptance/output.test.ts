import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bnetSync, commandFile, commandsOn, configFor } from '../support/command.js';
import { openPair, plant, statesOf, type Pair } from '../support/databases.js';
import { unwanted } from '../support/hostile-texts.js';
import { companyOpen as open } from '../support/sample-rows.js';

describe('acceptance: what commands print', () => {
  let pair: Pair;
  let config: Awaited<ReturnType<typeof configFor>>;
  beforeEach(async () => {
    pair = await openPair('SQLite');
    config = await configFor(pair);
  });
  afterEach(async () => {
    await config.remove();
    await pair.close();
  });
  const { run, json } = commandsOn(() => config);

  /** Runs a command in a shell, which says where its output goes. */
  async function inShell(words: string, env: Record<string, string> = {}) {
    const command = `"$0" "$1" --config "$2" ${words}`;
    return execa('sh', ['-c', command, process.execPath, commandFile, config.file], { reject: false, env });
  }

  it('a reason reaches another person’s terminal on one line, and commands nothing there', async () => {
    const reason = 'x\u001b]0;pwned\u0007\n2026 ERROR all is lost\r\u009b2J\u202e';
    await run('pause', '--product', '323002000', '--reason', reason);
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
    const worked = await run('run', '--once');
    expect([worked.exitCode, worked.stderr.split('\n').length]).toEqual([1, 1]);
    expect(worked.stderr).toContain('x␛]0;pwned␇␊2026 ERROR all is lost␍⟨U+009B⟩2J⟨U+202E⟩');
    const people = await bnetSync(['run', '--once', '--config', config.file], {
      BNET_SYNC_LOG__PRETTY: 'true',
    });
    for (const { all } of [worked, people, await run('pause'), await run('audit'), await run('status')]) {
      for (const line of all.split('\n')) expect(line).not.toMatch(unwanted);
      expect(all).not.toMatch(/^2026/m);
    }
    expect(await json('pause')).toMatchObject([{ reason }]);
  });

  describe.skipIf(process.platform !== 'linux')('on a full disk', () => {
    it.each(['status', 'status --json', 'failed', 'verify', 'verify --json', 'doctor', '--help'])(
      'end with 1 and one line: %s',
      async (words) => {
        const { exitCode, stderr } = await inShell(`${words} > /dev/full`);
        expect([words, exitCode]).toEqual([words, 1]);
        expect(stderr).toMatch(/^bnet-sync: the output cannot be written: ENOSPC[^\n]*$/);
      },
    );

    it('keep their exit code where stderr cannot be written', async () => {
      expect((await inShell('status 2> /dev/full')).exitCode).toBe(0);
      expect((await inShell('requeue IF_BNET_CUST 2> /dev/full')).exitCode).toBe(2);
      expect((await inShell('show IF_BNET_CUST 7 2> /dev/full')).exitCode).toBe(1);
    });

    it('are no failure where a reader has seen enough', async () => {
      const { exitCode, stderr, stdout } = await inShell('status --json | head -n 1');
      expect([exitCode, stderr, stdout]).toEqual([0, '', '{']);
    });

    it.each(['false', 'true'])('do not keep a worker from its work: log.pretty %s', async (pretty) => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
      const { exitCode, stderr } = await inShell('run --once > /dev/full', { BNET_SYNC_LOG__PRETTY: pretty });
      expect(exitCode).toBe(0);
      expect(stderr).toMatch(/^bnet-sync: the log cannot be written: ENOSPC[^\n]*; work goes on without it$/);
      expect(await statesOf(pair.middle)).toEqual({ 2: 1 });
    });
  });
});
