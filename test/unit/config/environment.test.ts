import { describe, expect, it } from 'vitest';

import { overrideFromEnvironment } from '../../../src/config/environment.js';
import { settings } from '../../../src/config/settings.js';
import { minimal } from './minimal-config.js';

function overridden(env: NodeJS.ProcessEnv, input: unknown = minimal()): unknown {
  const { input: result, issues } = overrideFromEnvironment(input, env);
  expect(issues).toEqual([]);
  return result;
}

function faultLines(env: NodeJS.ProcessEnv, input: unknown = minimal()): string[] {
  return overrideFromEnvironment(input, env).issues.map(({ path, message }) => `${path}: ${message}`);
}

describe('the name of a variable', () => {
  it('is the path of a setting in upper snake case, joined by two underscores', () => {
    expect(
      overridden({
        BNET_SYNC_WORKER__BATCH_SIZE: '7',
        BNET_SYNC_RULES__ON_DUPLICATE_OPEN: 'update',
        BNET_SYNC_MIDDLE__ORACLE__THICK__LIB_DIR: '/opt/oracle',
        BNET_SYNC_HTTP__PORT: '9464',
      }),
    ).toMatchObject({
      worker: { batchSize: 7 },
      rules: { onDuplicateOpen: 'update' },
      middle: { oracle: { thick: { libDir: '/opt/oracle' } } },
      http: { port: 9464 },
    });
  });

  it('exists for every setting', () => {
    for (const { path } of settings) {
      const name = path.map((key) => key.replaceAll(/[A-Z]/g, '_$&').toUpperCase()).join('__');
      expect(faultLines({ [`BNET_SYNC_${name}`]: '1' })).toEqual([]);
    }
  });

  it('is compared without case and single underscores', () => {
    expect(overridden({ BNET_SYNC_WORKER__BATCHSIZE: '7' })).toMatchObject({ worker: { batchSize: 7 } });
    expect(overridden({ BNET_SYNC_worker__batchSize: '7' })).toMatchObject({ worker: { batchSize: 7 } });
  });

  it('is nobody else’s: other variables and BNET_SYNC_CONFIG are no settings', () => {
    const input = minimal();
    expect(overridden({ BNET_SYNC_CONFIG: 'x', BNET_SYNC: 'x', BNET_SYNCED: 'x', PATH: 'x' }, input)).toBe(
      input,
    );
  });

  it('that is unknown is a fault that names a near one and shows no value', () => {
    const env = {
      BNET_SYNC_WORKER_BATCH_SIZE: 'hunter2',
      BNET_SYNC_WORKER__BACH_SIZE: 'hunter2',
      BNET_SYNC_WORKER__BATCH_SIZE__X: 'hunter2',
      BNET_SYNC_PASSWORD: 'hunter2',
      BNET_SYNC_: 'hunter2',
      BNET_SYNC_MIDDLE__CONNECTION__: 'hunter2',
      BNET_SYNC_CONFIG__X: 'hunter2',
    };
    const near = 'did you mean BNET_SYNC_WORKER__BATCH_SIZE?';
    expect(faultLines(env)).toEqual([
      'BNET_SYNC_: unknown setting',
      'BNET_SYNC_CONFIG__X: unknown setting',
      'BNET_SYNC_MIDDLE__CONNECTION__: unknown setting, did you mean BNET_SYNC_MIDDLE__CONNECTION?',
      'BNET_SYNC_PASSWORD: unknown setting',
      `BNET_SYNC_WORKER_BATCH_SIZE: unknown setting, ${near}`,
      `BNET_SYNC_WORKER__BACH_SIZE: unknown setting, ${near}`,
      `BNET_SYNC_WORKER__BATCH_SIZE__X: unknown setting, ${near}`,
    ]);
  });

  it('of a whole section is a fault', () => {
    expect(faultLines({ BNET_SYNC_WORKER: '{batchSize: 5}', BNET_SYNC_MIDDLE__ORACLE: '{}' })).toEqual([
      'BNET_SYNC_MIDDLE__ORACLE: names a section: set its settings one by one',
      'BNET_SYNC_WORKER: names a section: set its settings one by one',
    ]);
  });

  it('that means the same as another one is a fault', () => {
    expect(faultLines({ BNET_SYNC_WORKER__SHARDS: '1', BNET_SYNC_WORKER__SHA_RDS: '2' })).toEqual([
      'BNET_SYNC_WORKER__SHA_RDS: sets the same as BNET_SYNC_WORKER__SHARDS',
    ]);
  });

  it('that Kubernetes made for a service called bnet-sync is left alone, in Kubernetes only', () => {
    const env = {
      BNET_SYNC_SERVICE_HOST: '10.0.0.1',
      BNET_SYNC_SERVICE_PORT: '9464',
      BNET_SYNC_SERVICE_PORT_HTTP: '9464',
      BNET_SYNC_PORT: 'tcp://10.0.0.1:9464',
      BNET_SYNC_PORT_9464_TCP: 'tcp://10.0.0.1:9464',
      BNET_SYNC_PORT_9464_TCP_ADDR: '10.0.0.1',
      BNET_SYNC_METRICS_SERVICE_HOST: '10.0.0.1',
    };
    expect(faultLines({ ...env, KUBERNETES_SERVICE_HOST: '10.0.0.2' })).toEqual([]);
    expect(faultLines(env)).toHaveLength(7);
    expect(faultLines({ KUBERNETES_SERVICE_HOST: '10.0.0.2', BNET_SYNC_PORT: '9464' })).toHaveLength(1);
  });
});

describe('the value of a variable', () => {
  it('is read as YAML reads a scalar where a number or a boolean is wanted', () => {
    expect(
      overridden({
        BNET_SYNC_WORKER__SHARDS: ' 8 ',
        BNET_SYNC_WORKER__SETTLE_MS: 'soon',
        BNET_SYNC_WORKER__BATCH_SIZE: '[',
        BNET_SYNC_MIDDLE__MARK_ATTRIBUTES: 'false',
        BNET_SYNC_LOG__PRETTY: 'true',
      }),
    ).toMatchObject({
      worker: { shards: 8, settleMs: 'soon', batchSize: '[' },
      middle: { markAttributes: false },
      log: { pretty: true },
    });
  });

  it('stays text where text is wanted', () => {
    expect(
      overridden({
        BNET_SYNC_MIDDLE__SCHEMA: '007',
        BNET_SYNC_STORE__HANDLERS: 'true',
        BNET_SYNC_MIDDLE__ORACLE__WALLET_PASSWORD: '1e5',
        BNET_SYNC_HTTP__HOST: '0',
        BNET_SYNC_RULES__USER_LIMIT_ATTR_SPEC_ID: '123456789012345678901234567890',
      }),
    ).toMatchObject({
      middle: { schema: '007', oracle: { walletPassword: '1e5' } },
      store: { handlers: 'true' },
      http: { host: '0' },
      rules: { userLimitAttrSpecId: '123456789012345678901234567890' },
    });
  });

  it('may be null where null is a setting', () => {
    for (const text of ['null', '~', '']) {
      expect(overridden({ BNET_SYNC_RULES__USER_LIMIT_ATTR_SPEC_ID: text })).toMatchObject({
        rules: { userLimitAttrSpecId: null },
      });
    }
  });

  it.each([
    ['["323002000"]', ['323002000']],
    ["['323002000', '2']", ['323002000', '2']],
    ['[323002000, 007]', ['323002000', '007']],
    ['[123456789012345678901234567890]', ['123456789012345678901234567890']],
    ['323002000', ['323002000']],
    ['123456789012345678901234567890', ['123456789012345678901234567890']],
    ['[]', []],
  ])('for a list of ids, %s, keeps every digit', (text, productIds) => {
    expect(overridden({ BNET_SYNC_MIDDLE__PRODUCT_IDS: text })).toMatchObject({ middle: { productIds } });
  });

  it('that is empty is never an empty list, which would mean all products', () => {
    for (const text of ['', ' ', 'null']) {
      const { input } = overrideFromEnvironment(minimal(), { BNET_SYNC_MIDDLE__PRODUCT_IDS: text });
      expect(input).not.toHaveProperty('middle.productIds', []);
    }
  });

  it('overrides the file, and leaves the file’s own object as it was', () => {
    const shared = { host: 'db', password: 'from the file' };
    const input = { middle: { connection: shared }, store: { connection: shared } };
    expect(overridden({ BNET_SYNC_MIDDLE__CONNECTION__PASSWORD: 'x' }, input)).toEqual({
      middle: { connection: { host: 'db', password: 'x' } },
      store: { connection: { host: 'db', password: 'from the file' } },
    });
    expect(shared.password).toBe('from the file');
  });

  it('fills sections that the file leaves empty, and does not hide one of the wrong type', () => {
    expect(overridden({ BNET_SYNC_WORKER__SHARDS: '8' }, { worker: null })).toEqual({
      worker: { shards: 8 },
    });
    expect(overridden({ BNET_SYNC_WORKER__SHARDS: '8' }, { worker: 5 })).toEqual({ worker: 5 });
    expect(overridden({ BNET_SYNC_WORKER__SHARDS: '8' }, 'text')).toBe('text');
  });
});

describe('a part of a connection', () => {
  const connectionOf = (env: NodeJS.ProcessEnv, connection?: unknown): unknown => {
    const result = overridden(env, { middle: { connection } });
    return (result as { middle: { connection: unknown } }).middle.connection;
  };

  it('keeps its text, a password of digits too', () => {
    expect(
      connectionOf({
        BNET_SYNC_MIDDLE__CONNECTION__PASSWORD: '12345',
        BNET_SYNC_MIDDLE__CONNECTION__USER: '007',
        BNET_SYNC_MIDDLE__CONNECTION__DATABASE: 'true',
        BNET_SYNC_MIDDLE__CONNECTION__HOST: '[::1]',
        BNET_SYNC_MIDDLE__CONNECTION__OTHER: '~',
      }),
    ).toEqual({ password: '12345', user: '007', database: 'true', host: '[::1]', other: '~' });
  });

  it('is a number or a boolean where the driver wants one or the file has one', () => {
    expect(
      connectionOf(
        {
          BNET_SYNC_MIDDLE__CONNECTION__PORT: '1521',
          BNET_SYNC_MIDDLE__CONNECTION__SSL__REJECT_UNAUTHORIZED: 'false',
          BNET_SYNC_MIDDLE__CONNECTION__RETRY_COUNT: '3',
          BNET_SYNC_MIDDLE__CONNECTION__PASSWORD: '12345',
        },
        { retryCount: 1, password: 'x' },
      ),
    ).toEqual({ port: 1521, ssl: { rejectUnauthorized: false }, retryCount: 3, password: '12345' });
  });

  it('takes the file’s spelling, else the driver’s, else camel case', () => {
    expect(
      connectionOf(
        {
          BNET_SYNC_MIDDLE__CONNECTION__STATEMENT_TIMEOUT: '5',
          BNET_SYNC_MIDDLE__CONNECTION__CONNECT_STRING: 'h/s',
          BNET_SYNC_MIDDLE__CONNECTION__APPLICATION_NAME: 'x',
          BNET_SYNC_MIDDLE__CONNECTION__FETCH_ARRAY_SIZE: '10',
        },
        { statement_timeout: 1 },
      ),
    ).toEqual({ statement_timeout: 5, connectString: 'h/s', application_name: 'x', fetchArraySize: '10' });
  });

  it('needs a connection in parts: beside a whole one it is a fault', () => {
    const parts = { BNET_SYNC_MIDDLE__CONNECTION__PASSWORD: 'hunter2' };
    const fault = 'BNET_SYNC_MIDDLE__CONNECTION__PASSWORD: sets a part of middle.connection, which ';
    expect(faultLines(parts)).toEqual([`${fault}the file gives as a whole: give the whole or the parts`]);
    expect(faultLines({ ...parts, BNET_SYNC_MIDDLE__CONNECTION: 'postgres://h/d' }, {})).toEqual([
      `${fault}BNET_SYNC_MIDDLE__CONNECTION gives as a whole: give the whole or the parts`,
    ]);
  });

  it('gives way to a whole connection, which replaces the file’s', () => {
    expect(connectionOf({ BNET_SYNC_MIDDLE__CONNECTION: 'postgres://h/d' }, { host: 'x' })).toBe(
      'postgres://h/d',
    );
    expect(connectionOf({ BNET_SYNC_MIDDLE__CONNECTION: '12345' })).toBe('12345');
  });
});
