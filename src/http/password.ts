import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';

/*
 * Hashes of passwords: scrypt, with its parameters and the salt in the text, so that later hashes may cost more:
 * $scrypt$ln=15,r=8,p=3$salt$hash, both in base64 without padding. These parameters are as strong as N = 2^17 with p = 1 (both are
in OWASP's list) and take 32 MiB instead of 128: anyone may cause a check, in the worker's own process. It takes 0.4 s of a processor.
 */

interface Parameters {
  /** Binary logarithm of the cost N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

const present: Parameters = { ln: 15, r: 8, p: 3 };
/** The least p for each ln, with r of 8 or more: OWASP's list of parameters that are as strong as one another. */
const leastP: Readonly<Record<number, number>> = { 14: 5, 15: 3, 16: 2 };
const saltBytes = 16;
const hashBytes = 32;

const form = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([^$]+)\$([^$]+)$/;

/** A hash of a password, with a salt of its own. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await derive(password, salt, present, hashBytes);
  return hashText(present, salt, hash);
}

/** A hash that no password is known to have; to compare with it takes as long as with the given one. */
export function decoyHash(like: string | undefined): string {
  return hashText(parametersOf(like ?? '') ?? present, randomBytes(saltBytes), randomBytes(hashBytes));
}

/** Whether a hash costs an attacker less than those made today, as hashes of older versions do. */
export function isWeakHash(hashed: string): boolean {
  const parameters = parametersOf(hashed);
  if (parameters === null) return false;
  const { ln, r, p } = parameters;
  return r < 8 || p < (leastP[ln] ?? 1);
}

/** Whether a password is the one that was hashed; takes as long when it is not. False where the hash is none. */
export async function verifyPassword(password: string, hashed: string): Promise<boolean> {
  const [, , , , salt = '', hash = ''] = form.exec(hashed) ?? [];
  const parameters = parametersOf(hashed);
  if (parameters === null) return false;
  const expected = Buffer.from(hash, 'base64');
  const actual = await derive(password, Buffer.from(salt, 'base64'), parameters, expected.length);
  return timingSafeEqual(actual, expected);
}

function parametersOf(hashed: string): Parameters | null {
  const [, ln, r, p] = form.exec(hashed) ?? [];
  return ln === undefined ? null : { ln: Number(ln), r: Number(r), p: Number(p) };
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
