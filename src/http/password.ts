import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';

/*
 * Hashes of passwords: scrypt, with its parameters and the salt in the text, so that later hashes may cost more:
 * $scrypt$ln=15,r=8,p=1$salt$hash, both in base64 without padding. A hash takes 32 MiB and about 100 ms.
 */

interface Parameters {
  /** Binary logarithm of the cost N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

const present: Parameters = { ln: 15, r: 8, p: 1 };
const saltBytes = 16;
const hashBytes = 32;

const form = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([^$]+)\$([^$]+)$/;

/** A hash of a password, with a salt of its own. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await derive(password, salt, present, hashBytes);
  return hashText(present, salt, hash);
}

/** A hash that no password is known to have; to compare with it takes as long as with any other. */
export function hashOfNothing(): string {
  return hashText(present, randomBytes(saltBytes), randomBytes(hashBytes));
}

/** Whether a password is the one that was hashed; takes as long when it is not. False where the hash is none. */
export async function verifyPassword(password: string, hashed: string): Promise<boolean> {
  const [, ln, r, p, salt = '', hash = ''] = form.exec(hashed) ?? [];
  if (hash === '') return false;
  const expected = Buffer.from(hash, 'base64');
  const parameters = { ln: Number(ln), r: Number(r), p: Number(p) };
  const actual = await derive(password, Buffer.from(salt, 'base64'), parameters, expected.length);
  return timingSafeEqual(actual, expected);
}

function derive(password: string, salt: Buffer, { ln, r, p }: Parameters, bytes: number): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: 256 * r * 2 ** ln };
  return new Promise((resolve, reject) => {
    // The same password typed on another system may come in other code points.
    scrypt(password.normalize('NFC'), salt, bytes, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function hashText({ ln, r, p }: Parameters, salt: Buffer, hash: Buffer): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${plainBase64(salt)}$${plainBase64(hash)}`;
}

function plainBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
