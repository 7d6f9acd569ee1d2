import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSystemdWatchdog } from '../../../src/cli/systemd-watchdog.js';
import { until } from '../../support/until.js';

describe("the signs of life for systemd's watchdog", () => {
  let folder: string;
  let env: Record<string, string>;
  const complaints: string[] = [];
  const complain = (message: string) => void complaints.push(message);
  beforeEach(async () => {
    complaints.length = 0;
    folder = await mkdtemp(join(tmpdir(), 'bnet-sync-systemd-'));
    const command = join(folder, 'systemd-notify');
    await writeFile(command, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> "${folder}/sent"\n`);
    await chmod(command, 0o755);
    env = { PATH: folder, NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '60000' };
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });
  const sent = async () =>
    (await readFile(join(folder, 'sent'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

  it('are sent again and again, through systemd-notify, until it is stopped', async () => {
    const watchdog = startSystemdWatchdog(env, complain);
    await until('three were sent', async () => (await sent()).length >= 3);
    watchdog.stop();
    expect(new Set(await sent())).toEqual(new Set(['/run/systemd/notify WATCHDOG=1']));
    expect(complaints).toEqual([]);
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['without systemd', { NOTIFY_SOCKET: undefined }],
    ['without a watchdog', { WATCHDOG_USEC: undefined }],
    ['where the watchdog is for another process', { WATCHDOG_PID: '1' }],
  ])('are not sent %s', async (_, changed) => {
    const wrong = startSystemdWatchdog({ ...env, ...changed }, complain);
    const right = startSystemdWatchdog({ ...env, NOTIFY_SOCKET: '/right' }, complain);
    await until('the other one has sent three', async () => (await sent()).length >= 3);
    wrong.stop();
    right.stop();
    expect(new Set(await sent())).toEqual(new Set(['/right WATCHDOG=1']));
    expect(complaints).toEqual([]);
  });

  it('are given up with one complaint where there is no systemd-notify', async () => {
    const watchdog = startSystemdWatchdog({ ...env, PATH: join(folder, 'nothing') }, complain);
    await until('it complains', () => Promise.resolve(complaints.length > 0));
    watchdog.stop();
    expect(complaints).toEqual([expect.stringMatching(/^systemd's watchdog cannot be told .*ENOENT/)]);
  });
});
