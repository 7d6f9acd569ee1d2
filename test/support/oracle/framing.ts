import type { Socket } from 'node:net';

/*
 * TNS packets on one socket: 8 bytes of header, then the body. The length has 16 bits up to and including ACCEPT and
 * 32 bits afterwards. The driver marks the last packet of every request.
 */

const PacketType = { Connect: 1, Accept: 2, Refuse: 4, Data: 6, Marker: 12 } as const;
const HEADER = 8;
const DATA_HEADER = HEADER + 2;
const LARGEST_PACKET = 2 * 1024 * 1024;
/** New enough for the driver (315 and later), too old for what 23ai added to the dialogue. */
const TNS_VERSION = 318;
const END_OF_FILE = 0x40;
const END_OF_REQUEST = 0x800;

/** Kinds of a marker packet. */
export const Marker = { Break: 1, Reset: 2, Interrupt: 3 } as const;

/** What arrives on a connection, in order. */
export interface ConnectionEvents {
  /** The client names the service it wants. */
  connect(description: string): void;
  request(message: Buffer): void;
  marker(kind: number): void;
  /** The socket is gone, or the client has said goodbye. Called once. */
  closed(): void;
}

/** One client's connection, as packets. */
export class TnsConnection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  #received: Buffer = Buffer.alloc(0);
  #request: Buffer[] = [];
  #state: 'connect' | 'connect text' | 'session' = 'connect';
  #packetSize = 8192;
  #silent = false;
  #deaf = false;
  #closed = false;

  constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => this.#close());
    socket.on('close', () => this.#close());
    socket.on('end', () => {
      if (!this.#deaf) socket.end();
    });
  }

  accept(): void {
    const body = Buffer.alloc(37);
    const size = Math.min(this.#packetSize, 65_535);
    body.writeUInt16BE(TNS_VERSION, 0);
    body.writeUInt16BE(1, 2);
    body.writeUInt16BE(size, 4);
    body.writeUInt16BE(65_535, 6);
    body.writeUInt16BE(1, 8);
    body.writeUInt16BE(HEADER + body.length, 12);
    // Native network encryption is off.
    body[14] = 0x04;
    body[15] = 0x0c;
    body.writeUInt32BE(size, 24);
    body.writeUInt32BE(LARGEST_PACKET, 28);
    this.#send(PacketType.Accept, body);
    this.#state = 'session';
  }

  /** The listener's answer when it has no such service. */
  refuse(code: number): void {
    const reason = Buffer.from(`(DESCRIPTION=(ERR=${code})(ERROR_STACK=(ERROR=(CODE=${code})(EMFI=4))))`);
    const head = Buffer.alloc(4);
    head.writeUInt16BE(reason.length, 2);
    this.#send(PacketType.Refuse, Buffer.concat([head, reason]));
    this.end();
  }

  /** Sends one answer, in as many packets as it needs. */
  answer(message: Buffer): void {
    const size = this.#packetSize - DATA_HEADER;
    for (let start = 0; start < message.length; start += size) {
      this.#send(PacketType.Data, Buffer.concat([Buffer.alloc(2), message.subarray(start, start + size)]));
    }
  }

  marker(kind: number): void {
    this.#send(PacketType.Marker, Buffer.of(1, 0, kind));
  }

  /**
   * Nothing is sent any more; the socket stays open. A deaf peer does not notice either that the client has closed its
   * end, as behind a cable that was cut: its transaction stays open.
   */
  silence(deaf: boolean): void {
    this.#silent = true;
    this.#deaf = deaf;
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.closed();
  }

  #send(type: number, body: Buffer): void {
    if (this.#silent || !this.#socket.writable) return;
    const header = Buffer.alloc(HEADER);
    if (this.#state === 'session') header.writeUInt32BE(HEADER + body.length, 0);
    else header.writeUInt16BE(HEADER + body.length, 0);
    header[4] = type;
    this.#socket.write(Buffer.concat([header, body]));
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= HEADER) {
      const long = this.#state === 'session';
      const length = long ? this.#received.readUInt32BE(0) : this.#received.readUInt16BE(0);
      if (length < HEADER || length > LARGEST_PACKET) {
        this.destroy();
        return;
      }
      if (this.#received.length < length) return;
      const packet = this.#received.subarray(0, length);
      this.#received = this.#received.subarray(length);
      this.#handle(packet);
    }
  }

  #handle(packet: Buffer): void {
    switch (packet[4] ?? 0) {
      case PacketType.Connect: {
        this.#handleConnect(packet);
        return;
      }
      case PacketType.Data: {
        this.#handleData(packet.readUInt16BE(HEADER), packet.subarray(DATA_HEADER));
        return;
      }
      case PacketType.Marker:
        this.#request = [];
        {
          this.#events.marker(packet[DATA_HEADER] ?? 0);
          return;
        }
      default: {
        this.destroy();
        return;
      }
    }
  }

  #handleConnect(packet: Buffer): void {
    const length = packet.readUInt16BE(24);
    const start = packet.readUInt16BE(26);
    this.#packetSize = Math.max(512, packet.readUInt32BE(58));
    // A long description follows in a packet of its own.
    if (packet.length < start + length) this.#state = 'connect text';
    else this.#events.connect(packet.toString('utf8', start, start + length));
  }

  #handleData(flags: number, body: Buffer): void {
    if (this.#state === 'connect text') {
      this.#events.connect(body.toString('utf8'));
      return;
    }
    if (flags & END_OF_FILE) {
      this.end();
      return;
    }
    this.#request.push(Buffer.from(body));
    if ((flags & END_OF_REQUEST) === 0) return;
    const message = Buffer.concat(this.#request);
    this.#request = [];
    this.#events.request(message);
  }
}
