import { describe, expect, it } from 'vitest';
import { connectLimits } from '../../../../src/middle/oracle/addresses.js';

const descriptor = (hosts: readonly string[], more = '') =>
  `(DESCRIPTION=${more}(ADDRESS_LIST=${hosts.map((host) => `(ADDRESS=(PROTOCOL=TCP)(HOST = ${host})(PORT=1521))`).join('')})(CONNECT_DATA=(SERVICE_NAME=s)))`;
const limitsOf = (connectString: string, deadlineMs = 10_000, more: object = {}) =>
  connectLimits({ user: 'u', password: 'p', connectString, ...more }, deadlineMs);
const both = (seconds: number) => ({ transportConnectTimeout: seconds, connectTimeout: seconds });

describe('what an address of a connect string gets of the login’s deadline', () => {
  it.each([
    ['two of a descriptor', descriptor(['10.0.0.1', '10.0.0.2']), 10_000, both(3)],
    ['four of a descriptor', descriptor(['10.0.0.1', '10.0.0.2', '10.0.0.3', '::1']), 10_000, both(2)],
    ['two of an easy connect string', '10.0.0.1:1521,10.0.0.2:1522/s', 10_000, both(3)],
    [
      'three, with protocol and parameters',
      'tcps://10.0.0.1,10.0.0.2;[::1]:2484/s?retry_count=3',
      12_000,
      both(3),
    ],
    ['no less than a second', descriptor(['10.0.0.1', '10.0.0.2']), 1500, both(1)],
    [
      'those of a name in tnsnames.ora, of which nobody knows how many there are',
      'ISMP',
      10_000,
      { transportConnectTimeout: 2 },
    ],
  ])('is its share: %s', async (_, connectString, deadlineMs, expected) => {
    expect(await limitsOf(connectString, deadlineMs)).toEqual(expected);
  });

  it.each([
    ['one address', '10.0.0.1:1521/s'],
    ['one address of a descriptor', descriptor(['10.0.0.1'])],
    ['a host that nobody knows', 'no-such-host.invalid:1521/s'],
    ['a limit in the descriptor', descriptor(['10.0.0.1', '10.0.0.2'], '(TRANSPORT_CONNECT_TIMEOUT=5)')],
    ['another limit in the descriptor', descriptor(['10.0.0.1', '10.0.0.2'], '(CONNECT_TIMEOUT = 5)')],
    ['a limit in an easy connect string', '10.0.0.1,10.0.0.2/s?transport_connect_timeout=5'],
    ['no connect string', ''],
  ])('is left to the driver with %s', async (_, connectString) => {
    expect(await limitsOf(connectString)).toEqual({});
  });

  it('is left to the driver where the connection has a limit of its own', async () => {
    const two = descriptor(['10.0.0.1', '10.0.0.2']);
    expect(await limitsOf(two, 10_000, { transportConnectTimeout: 5 })).toEqual({});
    expect(await limitsOf(two, 10_000, { connectTimeout: 5 })).toEqual({});
  });
});
