import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/*
 * No container can be built where these tests run; they hold the Dockerfile to what can be read in it, and run its
 * health check by itself.
 */

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('Dockerfile', root), 'utf8');
const instructions = text
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line !== '')
  .map((line): Instruction => {
    const [name = '', ...rest] = line.split(' ');
    return { name, rest: rest.join(' ') };
  });
const lastStage = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
const only = (wanted: string): string => {
  const found = lastStage.filter(({ name }) => name === wanted);
  expect(found, wanted).toHaveLength(1);
  return found[0]!.rest;
};

describe('Dockerfile', () => {
  it('builds in one stage and runs in another, slim one, both on one release of Node', () => {
    const images = instructions.filter(({ name }) => name === 'FROM').map(({ rest }) => rest);
    expect(images).toHaveLength(2);
    const versions = images.map((image) => /^node:(\d+)-/.exec(image)?.[1]);
    expect(new Set(versions).size).toBe(1);
    expect(Number(versions[0])).toBeGreaterThanOrEqual(20);
    expect(images[1]).toMatch(/-slim$/);
  });

  it('installs what the lock file says, and leaves development packages behind', () => {
    const runs = instructions.filter(({ name }) => name === 'RUN').map(({ rest }) => rest);
    expect(runs.join('\n')).toMatch(/^npm ci && npm prune --omit=dev/);
    expect(lastStage.some(({ name }) => name === 'RUN')).toBe(false);
  });

  it('does not run as root, by a number that Kubernetes can check', () => {
    expect(only('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it('starts node itself, so that signals reach it, and stops by SIGTERM', () => {
    expect(JSON.parse(only('ENTRYPOINT'))).toEqual(['node', '/app/dist/cli/main.js']);
    expect(JSON.parse(only('CMD'))).toEqual(['run']);
    expect(only('STOPSIGNAL')).toBe('SIGTERM');
  });

  it('copies only what exists, and .dockerignore lets all of it in', () => {
    const allowed = readFileSync(new URL('.dockerignore', root), 'utf8').split('\n');
    const sources = instructions
      .filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from='))
      .flatMap(({ rest }) => rest.split(' ').slice(0, -1));
    expect(sources).toContain('package-lock.json');
    for (const source of sources) {
      expect(existsSync(new URL(source, root)), source).toBe(true);
      expect(allowed).toContain(`!${source}`);
    }
  });

  it('has everything that the package ships for its own use', () => {
    const copied = lastStage.filter(({ name }) => name === 'COPY').map(({ rest }) => rest.split(' ').at(-1));
    expect(copied).toEqual(expect.arrayContaining(['dist', 'node_modules', 'package.json', 'sql', 'config']));
  });

  it('asks its own health, and is ill when the answer is bad or none', async () => {
    const health = only('HEALTHCHECK');
    const [command = '', ...args] = JSON.parse(health.slice(health.indexOf('['))) as string[];
    expect(command).toBe('node');
    let status = 200;
    const paths: (string | undefined)[] = [];
    const server = createServer(({ url }, response) => {
      paths.push(url);
      response.writeHead(status).end();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const check = (env: Record<string, string> = { BNET_SYNC_HTTP__PORT: String(port) }) =>
      promisify(execFile)(process.execPath, args, { env }).then(
        () => 0,
        (error: unknown) => (error as { code: number }).code,
      );
    expect(await check()).toBe(0);
    // Probes may have a port of their own; there is no health on the other one then.
    expect(await check({ BNET_SYNC_HTTP__PORT: '1', BNET_SYNC_HTTP__PROBE_PORT: String(port) })).toBe(0);
    status = 503;
    expect(await check()).toBe(1);
    await new Promise((closed) => server.close(closed));
    expect(await check()).toBe(1);
    expect(paths).toEqual(['/healthz', '/healthz', '/healthz']);
  });
});
