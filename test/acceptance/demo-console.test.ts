import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bnetSync } from '../support/command.js';
import { until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';

/* The way of a newcomer, as README.md has it: `npm run demo -- --console`, then a browser. */

describe('acceptance: demo --console', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bnet-sync-test-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it(
    'prints where the console is and how to log in, lets one in, and ends by Ctrl-C',
    { timeout: scaled(120_000) },
    async () => {
      const command = bnetSync(['demo', '--console', '--port', '0', '--dir', join(folder, 'demo')]);
      let printed = '';
      command.stdout.on('data', (chunk: Buffer) => (printed += String(chunk)));
      const words = () => /Console: (http:\S+?)\/ \(log in as (\w+) with the password (\S+)\)/.exec(printed);
      await until(() => words() !== null || command.exitCode !== null, 90_000);
      const [, url = '', name = '', password = ''] = words() ?? [];
      expect(printed).toContain('Everything is as expected.');

      const open = await fetch(`${url}/`, { headers: { accept: 'text/html' } });
      expect(open.url).toBe(`${url}/login`);
      const login = await fetch(`${url}/login`, {
        method: 'POST',
        body: new URLSearchParams({ name, password, next: '/' }),
        headers: { origin: url },
        redirect: 'manual',
      });
      expect([login.status, login.headers.get('location')]).toEqual([303, '/']);
      const cookie = login.headers
        .getSetCookie()
        .map((one) => one.split(';')[0])
        .join('; ');
      const overview = await fetch(`${url}/`, { headers: { cookie, accept: 'text/html' } });
      expect([overview.status, overview.url]).toEqual([200, `${url}/`]);
      expect(await overview.text()).toContain('IF_BNET_CUST');

      command.kill('SIGINT');
      expect((await command).exitCode).toBe(0);
    },
  );
});
