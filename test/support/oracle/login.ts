import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { Reader, Writer } from './wire.js';

/*
 * The login dialogue with the 12c verifier. Server and client each send half of a session key, encrypted with what
 * the server keeps of the password; from both halves comes the key under which the client proves that it knows the
 * password, and the server that it knew the verifier. The numbers of rounds are the protocol's smallest.
 */

const ROUNDS = 4096;
const SESSION_ROUNDS = 3;
const verifierTypes = { '12C': 0x4815, '10G': 0x939 } as const;
/** 19.3, which the driver shows as the server's version. */
const SERVER_VERSION = (19 << 24) | (3 << 16);

/** What a database keeps of a password. */
export interface Verifier {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

export function verifierOf(password: string): Verifier {
  const salt = randomBytes(16);
  const mixed = Buffer.concat([salt, Buffer.from('AUTH_PBKDF2_SPEEDY_KEY')]);
  return { salt, hash: hashOf(pbkdf2Sync(password, mixed, ROUNDS, 64, 'sha512'), salt) };
}

/** The head of both requests of the login: how many pairs follow, and whose login it is. */
function readHead(reader: Reader): { readonly user: string; readonly pairs: ReadonlyMap<string, string> } {
  reader.skip(1);
  reader.varint();
  reader.varint();
  reader.skip(1);
  const count = reader.varint();
  reader.skip(2);
  const user = reader.text();
  return { user, pairs: new Map(Array.from({ length: count }, () => reader.pair())) };
}

/** One login. Unknown users go through the same dialogue as wrong passwords. */
export class LoginDialogue {
  readonly user: string;
  /** As the client names itself: PROGRAM in V$SESSION. */
  readonly program: string;
  readonly #verifier: Verifier;
  readonly #known: boolean;
  readonly #serverHalf = randomBytes(32);
  readonly #salt = randomBytes(16);
  #timeZone: string | undefined;
  #sessionKey: Buffer | undefined;

  constructor(request: Reader, verifiers: ReadonlyMap<string, Verifier>) {
    const { user, pairs } = readHead(request);
    this.user = user.toUpperCase();
    this.program = pairs.get('AUTH_PROGRAM_NM') ?? '';
    const verifier = verifiers.get(this.user);
    this.#known = verifier !== undefined;
    this.#verifier = verifier ?? { salt: randomBytes(16), hash: randomBytes(32) };
  }

  /** The offset that the client asks for its session, such as `+05:45`. */
  get timeZone(): string | undefined {
    return this.#timeZone;
  }

  /** The answer to the first request: a challenge, which says in which form the password is kept. */
  challenge(writer: Writer, form: keyof typeof verifierTypes): Buffer {
    return writeParameters(writer, [
      ['AUTH_SESSKEY', hex(encrypt(this.#verifier.hash, this.#serverHalf)), 0],
      ['AUTH_VFR_DATA', hex(this.#verifier.salt), verifierTypes[form]],
      ['AUTH_PBKDF2_CSK_SALT', hex(this.#salt), 0],
      ['AUTH_PBKDF2_VGEN_COUNT', String(ROUNDS), 0],
      ['AUTH_PBKDF2_SDER_COUNT', String(SESSION_ROUNDS), 0],
    ]);
  }

  /** Whether the second request proves that the client knows the password. */
  verify(request: Reader): boolean {
    const { pairs } = readHead(request);
    this.#timeZone = /TIME_ZONE\s*=\s*'([+-]\d+:\d+)'/i.exec(pairs.get('AUTH_ALTER_SESSION') ?? '')?.[1];
    const clientHalf = decrypt(this.#verifier.hash, unhex(pairs.get('AUTH_SESSKEY')));
    const halves = hex(Buffer.concat([clientHalf, this.#serverHalf]));
    this.#sessionKey = pbkdf2Sync(halves, this.#salt, SESSION_ROUNDS, 32, 'sha512');
    // In front of what the password yields stand 16 random bytes.
    const proof = decrypt(this.#sessionKey, unhex(pairs.get('AUTH_PBKDF2_SPEEDY_KEY'))).subarray(16);
    return this.#known && hashOf(proof, this.#verifier.salt).equals(this.#verifier.hash);
  }

  /** The answer to a verified request: the server's own proof, and what it is. */
  welcome(writer: Writer, sessionId: number): Buffer {
    if (this.#sessionKey === undefined) throw new Error('The login is not verified.');
    const proof = Buffer.concat([randomBytes(16), Buffer.from('SERVER_TO_CLIENT'), Buffer.alloc(16, 16)]);
    return writeParameters(writer, [
      ['AUTH_VERSION_STRING', '- Production', 0],
      ['AUTH_VERSION_SQL', '25', 0],
      ['AUTH_VERSION_NO', String(SERVER_VERSION), 0],
      ['AUTH_SESSION_ID', String(sessionId), 0],
      ['AUTH_SERIAL_NUM', '1', 0],
      ['AUTH_SC_DBUNIQUE_NAME', 'STANDIN', 0],
      ['AUTH_SC_SERVICE_NAME', 'STANDIN', 0],
      ['AUTH_INSTANCENAME', 'standin', 0],
      ['AUTH_DBNAME', 'STANDIN', 0],
      ['AUTH_MAX_OPEN_CURSORS', '300', 0],
      ['AUTH_MAX_IDEN_LENGTH', '128', 0],
      ['AUTH_SVR_RESPONSE', hex(encrypt(this.#sessionKey, proof)), 0],
    ]);
  }
}

type Parameter = readonly [key: string, value: string, flags: number];

function writeParameters(writer: Writer, parameters: readonly Parameter[]): Buffer {
  writer.u8(8).varint(parameters.length);
  for (const [key, value, flags] of parameters) writer.pair(key, value, flags);
  return writer.u8(9).varint(0, 0).done();
}

function hashOf(key: Buffer, salt: Buffer): Buffer {
  return createHash('sha512').update(key).update(salt).digest().subarray(0, 32);
}

function encrypt(key: Buffer, data: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

function decrypt(key: Buffer, data: Buffer): Buffer {
  const cipher = createDecipheriv('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

const hex = (bytes: Buffer): string => bytes.toString('hex').toUpperCase();

const unhex = (text = ''): Buffer => Buffer.from(text, 'hex');
