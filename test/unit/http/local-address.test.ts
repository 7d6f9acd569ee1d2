import { describe, expect, it } from 'vitest';
import { localAddress } from '../../../src/http/local-address.js';

describe('where a login leads', () => {
  it.each(['/', '/failed?code=00403', '/rows/IF_BNET_CUST/1', '/failed?text=%E5%BC%A0'])('to %s', (text) => {
    expect(localAddress(text)).toBe(text);
  });

  it.each([
    undefined,
    '',
    'failed',
    'https://evil.example/',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    '/%2e//evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
  ])('never to another site: %j', (text) => {
    expect(localAddress(text)).toBe('/');
  });
});
