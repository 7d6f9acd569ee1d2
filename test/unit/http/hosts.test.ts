import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Hosts, isLoopback } from '../../../src/http/hosts.js';

const sentTo = (host: string | undefined, localAddress = '127.0.0.1') =>
  ({ headers: { host }, socket: { localAddress } }) as unknown as IncomingMessage;

describe('loopback', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', '[::1]', 'localhost', 'LOCALHOST', '::ffff:127.0.0.1'])(
    '%s is nobody else’s',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );
  it.each([
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '127.0.0.1.example.com',
    'localhost.example.com',
    '127.1',
    '',
  ])('%s can be reached by others, or is not sure not to be', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});

describe('the Host header', () => {
  const hosts = new Hosts(['0.0.0.0', 'Console.example.com', 'other.example.com:8443', 'fe80::7']);

  it.each([
    'localhost:9464',
    '127.0.0.1',
    '[::1]:9464',
    'console.example.com',
    'CONSOLE.EXAMPLE.COM:80',
    'console.example.com.',
    'other.example.com',
    '[fe80::7]:1',
  ])('%s is one of ours', (host) => {
    expect(hosts.allows(sentTo(host))).toBe(true);
  });

  it.each([
    'evil.example',
    'evil.example:9464',
    'console.example.com.evil.example',
    'console.example.com@evil.example',
    'evil.example/console.example.com',
    '10.0.0.9',
    '[::2]',
    '',
    undefined,
    'a b',
    'localhost:evil',
  ])('%s is not', (host) => {
    expect(hosts.allows(sentTo(host))).toBe(false);
  });

  it('may be the address that the connection came in on: probes and Prometheus know no name', () => {
    expect(hosts.allows(sentTo('10.0.0.9:9464', '::ffff:10.0.0.9'))).toBe(true);
    expect(hosts.allows(sentTo('10.0.0.9:9464', '10.0.0.8'))).toBe(false);
  });
});
