/*
 * The primitive encodings of the protocol's messages: varints, byte strings and texts. Written from what the driver
 * reads and writes; see docs/oracle-stand-in.md for what that proves.
 */

/** A byte string longer than this is sent in chunks. */
const LONGEST_SHORT = 252;
const CHUNKED = 254;
const NULL_LENGTH = 255;
const CHUNK = 32_767;

/** Reads one message from its start. */
export class Reader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#position;
  }

  u8(): number {
    return this.take(1)[0]!;
  }

  /** Passes over `count` single bytes. */
  skip(count: number): void {
    this.take(count);
  }

  take(count: number): Buffer {
    if (count > this.left)
      throw new Error(`The message ends early: ${count} bytes wanted, ${this.left} left.`);
    const bytes = this.#bytes.subarray(this.#position, this.#position + count);
    this.#position += count;
    return bytes;
  }

  /** A size byte, whose top bit is the sign, and that many bytes, most significant first. */
  varint(): number {
    const size = this.u8();
    let value = 0n;
    for (const byte of this.take(size & 0x7f)) value = (value << 8n) | BigInt(byte);
    return Number(size & 0x80 ? -value : value);
  }

  varints(count: number): number[] {
    return Array.from({ length: count }, () => this.varint());
  }

  /** A byte string; null is the empty one too: the protocol does not tell them apart. */
  bytes(): Buffer | null {
    const length = this.u8();
    if (length === 0 || length === NULL_LENGTH) return null;
    if (length !== CHUNKED) return this.take(length);
    const chunks: Buffer[] = [];
    for (let size = this.varint(); size > 0; size = this.varint()) chunks.push(this.take(size));
    return Buffer.concat(chunks);
  }

  text(): string {
    return this.bytes()?.toString('utf8') ?? '';
  }

  /** A named value of the login dialogue. */
  pair(): readonly [string, string] {
    this.varint();
    const key = this.text();
    const value = this.varint() > 0 ? this.text() : '';
    this.varint();
    return [key, value];
  }
}

/** Builds one message. */
export class Writer {
  readonly #parts: Buffer[] = [];

  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes));
    return this;
  }

  u8(...values: readonly number[]): this {
    return this.raw(Uint8Array.from(values, (value) => value & 0xff));
  }

  u16(value: number): this {
    return this.u8(value >> 8, value);
  }

  /** The character set fields of the first reply are little-endian, unlike everything else. */
  u16LittleEndian(value: number): this {
    return this.u8(value, value >> 8);
  }

  varint(...values: readonly number[]): this {
    for (const value of values) {
      const bytes: number[] = [];
      for (let rest = BigInt(Math.abs(value)); rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn));
      this.u8(bytes.length | (value < 0 ? 0x80 : 0), ...bytes);
    }
    return this;
  }

  bytes(bytes: Uint8Array | null): this {
    if (bytes === null || bytes.length === 0) return this.u8(0);
    if (bytes.length <= LONGEST_SHORT) return this.u8(bytes.length).raw(bytes);
    this.u8(CHUNKED);
    for (let start = 0; start < bytes.length; start += CHUNK) {
      const chunk = bytes.subarray(start, start + CHUNK);
      this.varint(chunk.length).raw(chunk);
    }
    return this.varint(0);
  }

  text(text: string): this {
    return this.bytes(Buffer.from(text, 'utf8'));
  }

  /** A text with its length in front a second time; the empty one is the length alone. */
  sizedText(text: string): this {
    const bytes = Buffer.from(text, 'utf8');
    this.varint(bytes.length);
    return bytes.length === 0 ? this : this.bytes(bytes);
  }

  pair(key: string, value: string, flags = 0): this {
    return this.sizedText(key).sizedText(value).varint(flags);
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
