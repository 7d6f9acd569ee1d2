import { describe, expect, it } from 'vitest';
import { bnetSync } from '../support/command.js';
import { isAvailable, openPair, plant, statesOf, type Pair } from '../support/databases.js';
import { companyOpen } from '../support/sample-rows.js';

const open = { ...companyOpen, StreamingNo: '1' };

/** A pair's databases as variables, with a line end after the password where there is one. */
function variablesOf({ connections }: Pair): Record<string, string> {
  const variables: Record<string, string> = {
    ...{
      BNET_SYNC_WORKER__SETTLE_MS: '0',
      BNET_SYNC_WORKER__SHARDS: '8',
      BNET_SYNC_WORKER__POLL_INTERVAL_MS: '20',
    },
  };
  for (const [end, { client, connection }] of Object.entries(connections)) {
    const name = `BNET_SYNC_${end.toUpperCase()}__`;
    variables[`${name}CLIENT`] = client;
    for (const [option, value] of Object.entries(connection as Record<string, string | number>))
      variables[`${name}CONNECTION__${option.toUpperCase()}`] =
        `${value}${option === 'password' ? '\n' : ''}`;
  }
  return variables;
}

describe('acceptance: settings by variables alone', () => {
  for (const kind of ['SQLite', 'PostgreSQL'] as const) {
    it.skipIf(!isAvailable(kind))(
      `run a worker, and say where a line end was left out, on ${kind}`,
      async () => {
        const pair = await openPair(kind);
        try {
          await plant(pair.middle, 'CUST', open);
          const variables = variablesOf(pair);
          const { exitCode, stderr } = await bnetSync(['run', '--once'], variables);
          expect([exitCode, await statesOf(pair.middle)]).toEqual([0, { 2: 1 }]);
          const secrets = Object.keys(variables).filter((name) => name.endsWith('PASSWORD'));
          expect(stderr.split('\n').filter((line) => line !== '')).toEqual(
            secrets.map(
              (name) => `bnet-sync: warning: ${name}: the line end at the end of its value is left out`,
            ),
          );
        } finally {
          await pair.close();
        }
      },
    );
  }

  it('end with 2 and the paths where something is missing or would be ignored', async () => {
    const { exitCode, stderr } = await bnetSync(['status'], {
      BNET_SYNC_MIDDLE__CLIENT: 'pg',
      BNET_SYNC_MIDDLE__CONNECTION: 'postgres://u:p@ss/w#rd@host/db',
      BNET_SYNC_STORE__CONNECTION__SSLMODE: 'verify-full',
      BNET_SYNC_STORE__CLIENT: 'pg',
      BNET_SYNC_HTTP__TRUSTED_PROXIES: '[foo]',
    });
    expect(exitCode).toBe(2);
    expect(stderr.split('\n')).toEqual([
      'bnet-sync: the variables of the environment, without a file, cannot be used:',
      expect.stringMatching(/^middle\.connection: falls apart .*percent-encoded/) as string,
      expect.stringMatching(/^store\.connection\.sslmode: is only read from a URL/) as string,
      expect.stringMatching(/^http\.port: is missing/) as string,
      expect.stringMatching(/^http\.trustedProxies\.0: must be an IP address .*"foo"/) as string,
    ]);
    expect(stderr).not.toMatch(/p@ss|w#rd/);
  });
});
