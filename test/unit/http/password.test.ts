import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.js';
import { decoyHash, hashPassword, isWeakHash, verifyPassword } from '../../../src/http/password.js';
import { minimal } from '../config/minimal-config.js';

describe('a hash of a password', () => {
  it('fits its password and no other', async () => {
    const hash = await hashPassword('长城 great wall');
    expect(await verifyPassword('长城 great wall', hash)).toBe(true);
    expect(await verifyPassword('长城 great wal', hash)).toBe(false);
    expect(await verifyPassword('', hash)).toBe(false);
  });

  it('has a salt of its own each time, and does not hold the password', async () => {
    const [one, other] = [await hashPassword('same password'), await hashPassword('same password')];
    expect(one).not.toBe(other);
    expect(one).not.toContain('same');
  });

  it('is what http.users takes', async () => {
    const users = [{ name: 'ops', role: 'operator', passwordHash: await hashPassword('some password') }];
    expect(configSchema.safeParse(minimal({ http: { port: 1, users } })).error).toBeUndefined();
  });

  it('carries its parameters: one made with others fits as well', async () => {
    const cheap = '$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$k+vyjMEsIuC1CPWc7WOg6FWNXmXdwuhNqSE7qGpkwcM';
    expect(await verifyPassword('anything', cheap)).toBe(false);
    const { scryptSync } = await import('node:crypto');
    const salt = Buffer.from('0123456789abcdef');
    const key = scryptSync('anything', salt, 32, { N: 2 ** 14, r: 8, p: 1 }).toString('base64');
    const fitting = `$scrypt$ln=14,r=8,p=1$${salt.toString('base64').replace(/=+$/, '')}$${key.replace(/=+$/, '')}`;
    expect(await verifyPassword('anything', fitting)).toBe(true);
  });

  it('costs an attacker as much as scrypt with N = 2^17, r = 8, p = 1', async () => {
    expect(await hashPassword('some password')).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
    const weak = (ln: number, r: number, p: number) =>
      isWeakHash(`$scrypt$ln=${ln},r=${r},p=${p}$c2FsdA$aGFzaA`);
    expect([weak(17, 8, 1), weak(16, 8, 2), weak(15, 8, 3), weak(14, 8, 5), weak(20, 8, 1)]).toEqual(
      Array(5).fill(false),
    );
    expect([weak(15, 8, 1), weak(16, 8, 1), weak(14, 8, 4), weak(17, 4, 1)]).toEqual(Array(4).fill(true));
  });

  it('of an unknown name takes as long to compare with as one that exists', () => {
    expect(decoyHash('$scrypt$ln=14,r=8,p=1$c2FsdA$aGFzaA')).toMatch(
      /^\$scrypt\$ln=14,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/,
    );
    expect(decoyHash(undefined)).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
  });

  it('composes what keyboards compose differently', async () => {
    expect(await verifyPassword('cafe\u0301 noir', await hashPassword('caf\u00e9 noir'))).toBe(true);
  });

  it.each(['', 'plain', '$scrypt$ln=15,r=8,p=1$$', '$2b$10$abcdefghijklmnopqrstuv'])(
    'that is none (%s) fits nothing',
    async (text) => {
      expect(await verifyPassword('', text)).toBe(false);
      expect(await verifyPassword(text, text)).toBe(false);
    },
  );
});
