import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ExitCode } from '../../src/cli/exit-codes.js';
import { configSchema } from '../../src/config/schema.js';

const file = fileURLToPath(new URL('../../config/systemd/bnet-sync.service', import.meta.url));
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('config/systemd/bnet-sync.service', () => {
  const lines = readFileSync(file, 'utf8').split('\n');
  const value = (key: string): string | undefined =>
    lines.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1);

  it.skipIf(!hasSystemd)('is accepted by systemd-analyze verify without a word', () => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });

  it.skipIf(!hasSystemd)('is well shut in, as systemd-analyze security judges', () => {
    const said = execFileSync('systemd-analyze', ['security', '--offline=yes', '--no-pager', file], {
      encoding: 'utf8',
    });
    expect(Number(/exposure level[^:]*: ([\d.]+)/.exec(said)?.[1])).toBeLessThan(2);
  });

  it('gives a worker longer to stop than it takes by default', () => {
    const { worker } = configSchema.parse({
      middle: { client: 'pg', connection: 'x' },
      store: { client: 'pg', connection: 'x' },
    });
    expect(Number(value('TimeoutStopSec'))).toBeGreaterThan(worker.drainTimeoutMs / 1000);
  });

  it('starts it again after a failure, but not where another try is of no use or does harm', () => {
    expect(value('Restart')).toBe('on-failure');
    expect(value('RestartPreventExitStatus')).toBe(`${ExitCode.Usage} ${ExitCode.Unreachable}`);
  });

  it('ends a process that stands still, whose signs of life come from a child of it', () => {
    expect(Number(value('WatchdogSec'))).toBeGreaterThan(0);
    expect(value('NotifyAccess')).toBe('all');
  });

  it('keeps secrets out of the unit, and root out of the process', () => {
    expect(value('EnvironmentFile')).toBe('-/etc/bnet-sync/secrets.env');
    expect(lines.filter((line) => /^[^#].*PASSWORD/i.test(line))).toEqual([]);
    expect(value('User')).toBe('bnet-sync');
    expect(value('NoNewPrivileges')).toBe('yes');
    expect(value('ProtectSystem')).toBe('strict');
  });
});
