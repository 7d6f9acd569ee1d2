import { describe, expect, it } from 'vitest';

import { faultLines, faultsOf, minimal, parsed } from './minimal-config.js';

describe('defaults', () => {
  it('fills in every setting that has a default and leaves the others absent', () => {
    expect(parsed()).toEqual({
      middle: {
        client: 'pg',
        connection: 'postgres://middle.example.com/ismp',
        productIds: [],
        markAttributes: true,
        othersFinishRows: false,
      },
      store: { client: 'pg', connection: 'postgres://store.example.com/product' },
      worker: {
        batchSize: 1000,
        concurrency: 1,
        pollIntervalMs: 500,
        idlePollMaxMs: 5000,
        settleMs: 2000,
        dependencyGraceMs: 10000,
        leaseTtlMs: 15000,
        shards: 64,
        maxAttempts: 3,
        maxAttributes: 10_000,
        breakerThreshold: 5,
        drainTimeoutMs: 15000,
        callTimeoutMs: 10000,
        handlerTimeoutMs: 10_000,
      },
      verify: {},
      rules: {
        onDuplicateOpen: 'refuse',
        onDuplicateBind: 'refuse',
        onCancelWithUsers: 'refuse',
        attributes: 'merge',
        userLimitAttrSpecId: null,
      },
      log: { level: 'info' },
    });
  });

  it('keeps the other defaults of a section that is given in part', () => {
    expect(parsed({ worker: { batchSize: 7 } }).worker).toMatchObject({ batchSize: 7, concurrency: 1 });
    expect(parsed({ http: { port: 9464 } }).http).toMatchObject({ host: '127.0.0.1', users: [] });
  });

  it('does not share default lists between configurations', () => {
    expect(parsed().middle.productIds).not.toBe(parsed().middle.productIds);
  });
});

describe('ranges of the worker', () => {
  const ranges: [string, number, number][] = [
    ['batchSize', 1, 5000],
    ['concurrency', 1, 16],
    ['settleMs', 0, 2_147_483_647],
    ['dependencyGraceMs', 0, 2_147_483_647],
    ['leaseTtlMs', 1000, 3_600_000],
    ['shards', 1, 4096],
    ['maxAttempts', 1, 100],
    ['breakerThreshold', 1, 1000],
    ['drainTimeoutMs', 0, 2_147_483_647],
    ['callTimeoutMs', 100, 600_000],
    ['handlerTimeoutMs', 100, 600_000],
  ];

  it.each(ranges)('%s is a whole number from %d to %d', async (name, least, most) => {
    for (const legal of [least, most]) {
      expect(parsed({ worker: { [name]: legal } }).worker).toHaveProperty(name, legal);
    }
    for (const illegal of [least - 1, most + 1, least + 0.5, '5', null, true, NaN, Infinity]) {
      const [fault, ...others] = await faultsOf(minimal({ worker: { [name]: illegal } }));
      expect(others).toEqual([]);
      expect(fault?.path).toBe(`worker.${name}`);
    }
  });

  it('pollIntervalMs is a whole number from 10 to 3600000', async () => {
    for (const pollIntervalMs of [10, 3_600_000]) {
      expect(parsed({ worker: { pollIntervalMs, idlePollMaxMs: 3_600_000 } }).worker).toMatchObject({
        pollIntervalMs,
      });
    }
    for (const pollIntervalMs of [9, 3_600_001]) {
      const faults = await faultsOf(minimal({ worker: { pollIntervalMs, idlePollMaxMs: 3_600_001 } }));
      expect(faults.map(({ path }) => path)).toEqual(['worker.pollIntervalMs']);
    }
  });

  it('idlePollMaxMs may equal pollIntervalMs but not be below it, default or not', async () => {
    expect(parsed({ worker: { pollIntervalMs: 700, idlePollMaxMs: 700 } }).worker.idlePollMaxMs).toBe(700);
    expect(await faultLines({ worker: { pollIntervalMs: 700, idlePollMaxMs: 699 } })).toEqual([
      'worker.idlePollMaxMs: must be at least 700, as worker.pollIntervalMs is (699)',
    ]);
    expect(await faultLines({ worker: { pollIntervalMs: 5001 } })).toEqual([
      'worker.idlePollMaxMs: must be at least 5001, as worker.pollIntervalMs is',
    ]);
  });

  it('a lease of 3000 ms is legal', () => {
    expect(parsed({ worker: { leaseTtlMs: 3000 } }).worker.leaseTtlMs).toBe(3000);
  });
});

describe('ids of up to 30 digits', () => {
  const longest = '9'.repeat(30);

  it('are strings of 1 to 30 digits, kept as they are', () => {
    expect(parsed({ middle: { productIds: [longest, '0'] } }).middle.productIds).toEqual([longest, '0']);
    expect(parsed({ rules: { userLimitAttrSpecId: longest } }).rules.userLimitAttrSpecId).toBe(longest);
  });

  it.each([`${longest}9`, '', '12a', ' 12', '12\n', '-1', '1.0'])('refuses %j', async (id) => {
    const [product, limit] = await faultLines({
      middle: { productIds: ['1', id] },
      rules: { userLimitAttrSpecId: id },
    });
    expect(product).toBe(`middle.productIds.1: must be 1 to 30 digits (${JSON.stringify(id)})`);
    expect(limit).toBe(`rules.userLimitAttrSpecId: must be 1 to 30 digits (${JSON.stringify(id)})`);
  });

  it('as numbers are faults that ask for quotes', async () => {
    const message =
      'expected a string, received a number: put it in quotes, large numbers would be rounded (323002000)';
    expect(
      await faultLines({
        middle: { productIds: [323002000] },
        rules: { userLimitAttrSpecId: 323002000 },
      }),
    ).toEqual([`middle.productIds.0: ${message}`, `rules.userLimitAttrSpecId: ${message}`]);
  });

  it('as numbers that were rounded already are not shown', async () => {
    const [line] = await faultLines({ middle: { productIds: [1e29] } });
    expect(line).toMatch(/would be rounded$/);
  });

  it('are a list, not a single id', async () => {
    expect(await faultLines({ middle: { productIds: '323002000' } })).toEqual([
      'middle.productIds: Invalid input: expected array, received string ("323002000")',
    ]);
  });
});

describe('choices', () => {
  it.each([
    ['rules', 'onDuplicateOpen', ['refuse', 'update']],
    ['rules', 'onDuplicateBind', ['refuse', 'update']],
    ['rules', 'onCancelWithUsers', ['refuse', 'unbind']],
    ['rules', 'attributes', ['merge', 'replace']],
    ['log', 'level', ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']],
  ])('%s.%s is one of a few words', async (section, name, words) => {
    for (const word of words)
      expect(parsed({ [section]: { [name]: word } })).toHaveProperty([section, name], word);
    const [line] = await faultLines({ [section]: { [name]: 'perhaps' } });
    expect(line).toContain(`${section}.${name}: Invalid option: expected one of "${words.join('"|"')}"`);
  });

  it('log.pretty is true or false, and absent by default', async () => {
    expect(parsed({ log: { pretty: false } }).log.pretty).toBe(false);
    expect(parsed().log).not.toHaveProperty('pretty');
    expect(await faultLines({ log: { pretty: 'yes' } })).toEqual([
      'log.pretty: Invalid input: expected boolean, received string ("yes")',
    ]);
  });

  it('trusted proxies are addresses or networks, each told by its path', async () => {
    const wrong = [
      'foo',
      '10.0.0.0/33',
      '10.0.0.0/0',
      '::1/129',
      '10.0.0.1/8/8',
      '',
      'fe80::1%eth0',
      '10.0.0.0/x',
    ];
    const words = 'must be an IP address or a network such as 10.0.0.0/8';
    expect(await faultLines({ http: { port: 1, trustedProxies: wrong } })).toEqual(
      wrong.map((text, index) => `http.trustedProxies.${index}: ${words} (${JSON.stringify(text)})`),
    );
    const trustedProxies = ['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'];
    expect(parsed({ http: { port: 1, trustedProxies } }).http?.trustedProxies).toEqual(trustedProxies);
  });

  it('http needs a port when it is there at all', async () => {
    expect(parsed()).not.toHaveProperty('http');
    expect(await faultLines({ http: {} })).toEqual(['http.port: is missing']);
    expect(await faultLines({ http: { port: 65_536, host: '' } })).toHaveLength(2);
  });
});

describe('what has no default', () => {
  it('is asked for by name', async () => {
    expect(await faultsOf({})).toEqual([
      { path: 'middle', message: 'is missing' },
      { path: 'store', message: 'is missing' },
    ]);
    expect(await faultsOf({ middle: {}, store: {} })).toEqual([
      { path: 'middle.client', message: 'is missing: expected one of oracledb, pg, better-sqlite3' },
      { path: 'middle.connection', message: 'is missing' },
      { path: 'store.client', message: 'is missing: expected one of pg, better-sqlite3' },
      { path: 'store.connection', message: 'is missing' },
    ]);
  });

  it.each([[null], ['text'], [5], [[]]])('a configuration cannot be %j', async (input) => {
    const [fault] = await faultsOf(input);
    expect(fault?.path).toBe('');
    expect(fault?.message).toContain('expected object');
  });
});

describe('unknown keys', () => {
  it('are faults everywhere but in a connection', async () => {
    const faults = await faultsOf({
      ...minimal({
        middle: { zzz: 1 },
        store: { zzz: 1 },
        worker: { zzz: 1 },
        rules: { zzz: 1 },
        log: { zzz: 1 },
      }),
      http: { port: 1, zzz: 1 },
      zzz: 1,
    });
    expect(faults.map(({ path }) => path).sort()).toEqual([
      'http.zzz',
      'log.zzz',
      'middle.zzz',
      'rules.zzz',
      'store.zzz',
      'worker.zzz',
      'zzz',
    ]);
    expect(
      parsed({ store: { connection: { host: 'x', anything: { at: 'all' } } } }).store.connection,
    ).toEqual({
      host: 'x',
      anything: { at: 'all' },
    });
  });

  it.each([
    ['worker', 'batchsize', 'batchSize'],
    ['worker', 'batch_size', 'batchSize'],
    ['worker', 'batchSzie', 'batchSize'],
    ['worker', 'lease-ttl-ms', 'leaseTtlMs'],
    ['rules', 'onDuplicateOpne', 'onDuplicateOpen'],
    ['worker', 'onDuplicateOpen', 'rules.onDuplicateOpen'],
    ['middle', 'password', 'middle.connection.password'],
    ['store', 'host', 'store.connection.host'],
  ])('%s.%s is answered with %s', async (section, key, near) => {
    expect(await faultLines({ [section]: { [key]: 'x' } })).toEqual([
      `${section}.${key}: unknown setting, did you mean ${near}?`,
    ]);
  });

  it('at the top are answered with a section or a whole path', async () => {
    expect(await faultsOf({ ...minimal(), workers: {}, shards: 3, quux: 1 })).toEqual([
      { path: 'workers', message: 'unknown setting, did you mean worker?' },
      { path: 'shards', message: 'unknown setting, did you mean worker.shards?' },
      { path: 'quux', message: 'unknown setting' },
    ]);
  });
});

describe('all faults of one run', () => {
  it('are reported together, also those of several fields', async () => {
    const faults = await faultsOf({
      middle: { client: 'pg', connection: 5, productIds: [1, 'x'], oracle: { thick: 1 }, zzz: 1 },
      store: { client: 'better-sqlite3', connection: { filename: ' ' }, handlers: '' },
      worker: { batchSize: 0, pollIntervalMs: 600, idlePollMaxMs: 500, shards: 'x' },
      rules: { attributes: 'keep' },
    });
    expect(faults.map(({ path }) => path).sort()).toEqual([
      'middle.connection',
      'middle.oracle',
      'middle.oracle.thick',
      'middle.productIds.0',
      'middle.productIds.1',
      'middle.zzz',
      'rules.attributes',
      'store.connection.filename',
      'store.handlers',
      'worker.batchSize',
      'worker.idlePollMaxMs',
      'worker.shards',
    ]);
  });
});

describe('verify.every', () => {
  const every = (value: unknown) => parsed({ verify: { every: value } }).verify.every;

  it('is a time span, or milliseconds, read as milliseconds', () => {
    expect(['5m', '6h', '1d', '366d', 300_000, 31_622_400_000].map(every)).toEqual([
      ...[300_000, 21_600_000, 86_400_000, 31_622_400_000],
      ...[300_000, 31_622_400_000],
    ]);
  });

  it.each(['4m', '0h', '367d', 299_999, -1])('has bounds, which %j is outside of', async (value) => {
    expect(await faultLines({ verify: { every: value } })).toEqual([
      `verify.every: must be 5m to 366d (300000 to 31622400000 ms) (${JSON.stringify(value)})`,
    ]);
  });

  it.each(['soon', '6', '6 h', '6H', '1w', '', '6.5h', true, null, 1.5, [], '99999999999999999999m'])(
    'says what %j should be',
    async (value) => {
      const lines = await faultLines({ verify: { every: value } });
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(
        'verify.every: must be a time span such as 30m, 6h or 1d, or a number of milliseconds',
      );
    },
  );
});
