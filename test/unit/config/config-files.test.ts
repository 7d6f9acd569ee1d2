import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { loadConfig } from '../../../src/config/load.js';
import { parseConfig } from '../../../src/config/parse.js';
import { settings } from '../../../src/config/settings.js';
import { valueAt } from '../../../src/config/unchecked.js';

const folder = fileURLToPath(new URL('../../../config/', import.meta.url));
const examples = readdirSync(folder).filter((name) => name.startsWith('example.'));

describe('config/default.yaml', () => {
  const text = readFileSync(`${folder}default.yaml`, 'utf8');
  const written = parse(text) as Record<string, Record<string, unknown>>;
  /** What stands in the comments instead of a default, once the comment signs are gone. */
  const uncommented = parse(text.replaceAll(/^( *)# ( *[A-Za-z]+:( [^ ]+)?)$/gm, '$1$2')) as unknown;

  it('is a usable configuration', async () => {
    const config = await loadConfig({ file: `${folder}default.yaml`, env: {}, cwd: '/' });
    expect(config.store.connection).toEqual({ filename: `${folder}store.sqlite` });
  });

  it('gives every setting that has a default, with that default', () => {
    const needed = (name: string): unknown => ({
      client: written[name]?.['client'],
      connection: written[name]?.['connection'],
    });
    const bare = parseConfig({ middle: needed('middle'), store: needed('store') }, folder);
    expect(parseConfig(written, folder)).toEqual(bare);
    for (const { path } of settings)
      expect(valueAt(written, path)).toEqual(connectionless(valueAt(bare, path)));
  });

  it('names every other setting in a comment', () => {
    for (const { path } of settings) {
      expect(valueAt(uncommented, path), path.join('.')).toBeDefined();
    }
  });

  it('stays usable with its comments taken up, for Oracle', () => {
    const { middle, ...others } = uncommented as { middle: { oracle: object } };
    const { thick, ...wallet } = middle.oracle as { thick: object };
    for (const oracle of [{ thick }, wallet]) {
      const onOracle = { ...middle, client: 'oracledb', connection: 'u/p@h/s', oracle };
      expect(() => parseConfig({ ...others, middle: onOracle }, folder)).not.toThrow();
    }
  });

  /** The files' paths are written relative and checked as absolute. */
  function connectionless(value: unknown): unknown {
    const filename = valueAt(value, ['filename']);
    return typeof filename === 'string' ? { filename: filename.replace(folder, '') } : value;
  }
});

describe('the examples', () => {
  it('are one for each kind of middle database', () => {
    expect(examples).toEqual(['example.oracle.yaml', 'example.postgres.yaml', 'example.sqlite.yaml']);
  });

  it.each(examples)('%s is usable as it is, and with passwords from the environment', async (name) => {
    const file = `${folder}${name}`;
    const config = await loadConfig({ file, env: {}, cwd: '/' });
    if (typeof config.store.connection === 'string') return;
    const env = {
      BNET_SYNC_MIDDLE__CONNECTION__PASSWORD: '12345',
      BNET_SYNC_STORE__CONNECTION__PASSWORD: '67890',
    };
    const { middle, store } = await loadConfig({ file, env, cwd: '/' });
    expect(middle.connection).toMatchObject({ password: '12345' });
    expect(store.connection).toMatchObject({ password: '67890' });
  });

  it.each([...examples, 'default.yaml'])('%s holds no secret', (name) => {
    const values = parse(readFileSync(`${folder}${name}`, 'utf8')) as unknown;
    expect(JSON.stringify(values)).not.toMatch(/password|secret|token/i);
  });
});
