import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** One connection of a client through the proxy to the server. */
interface Pipe {
  readonly client: Socket;
  readonly server: Socket;
  /** Bytes that wait: for the end of a hold, or of a delay. */
  toServer: Promise<void>;
  toClient: Promise<void>;
  /** The server's answers are not passed on any more. */
  deaf: boolean;
  held: boolean;
}

type Weather = 'fair' | 'swallow' | 'hold';

/**
 * A network between clients and one server that can be told how to fail: swallow what is sent, hold it back and deliver it
 * late, delay it, cut, refuse, or lose a chosen statement, or the answer to it after it went through.
 */
export class FaultProxy {
  #target: { readonly host: string; readonly port: number };
  #listener: Server | undefined;
  #port = 0;
  readonly #pipes = new Set<Pipe>();
  #weather: Weather = 'fair';
  #delayMs = 0;
  #accepted = 0;
  #trap: { readonly text: string; readonly then: 'drop' | 'cut' | 'deaf' | 'hold' } | undefined;
  #lift: (() => void) | undefined;
  #held: Promise<void> = Promise.resolve();

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
  }

  /** Listens on a free port of 127.0.0.1. */
  static async inFrontOf(target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await proxy.accept();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** How many connections were made to it. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Whether a trap has been sprung, or none was set. */
  get sprung(): boolean {
    return this.#trap === undefined;
  }

  /** What is sent in either direction is lost, until `clear`; the connections it was sent on never work again. */
  swallow(): void {
    this.#weather = 'swallow';
  }

  /** What is sent in either direction is held back until `clear`, and delivered then. */
  hold(): void {
    this.#weather = 'hold';
    this.#held = new Promise((resolve) => {
      this.#lift = resolve;
    });
  }

  /** Connections that are made from now on go to another server; those that are there go on. */
  redirect(target: { readonly host: string; readonly port: number }): void {
    this.#target = target;
  }

  delay(milliseconds: number): void {
    this.#delayMs = milliseconds;
  }

  /** Ends swallowing, holding, delays and traps. */
  clear(): void {
    this.#weather = 'fair';
    this.#delayMs = 0;
    this.#trap = undefined;
    this.#lift?.();
    for (const pipe of this.#pipes) if (pipe.client.destroyed || pipe.server.destroyed) this.#end(pipe);
  }

  /**
   * The next statement with this text reaches the server, its answer does not come: the connection is cut when it would,
   * or stays open without it, or it comes after `clear`.
   */
  loseAnswerTo(text: string, then: 'cut' | 'deaf' | 'hold'): void {
    this.#trap = { text, then };
    if (then === 'hold')
      this.#held = new Promise((resolve) => {
        this.#lift = resolve;
      });
  }

  /** The connection over which the next statement with this text is sent is cut before it reaches the server. */
  loseStatement(text: string): void {
    this.#trap = { text, then: 'drop' };
  }

  cut(): void {
    for (const pipe of this.#pipes) this.#end(pipe);
  }

  /** Connections that are made from now on are refused; those that are there go on. */
  refuse(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }

  /** Connections are accepted again. */
  async accept(): Promise<void> {
    if (this.#listener !== undefined) return;
    const listener = createServer((client) => {
      this.#join(client);
    });
    this.#listener = listener;
    await once(listener.listen(this.#port, '127.0.0.1'), 'listening');
    this.#port = (listener.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const listener = this.#listener;
    this.clear();
    this.cut();
    this.refuse();
    if (listener !== undefined) await once(listener, 'close');
  }

  #join(client: Socket): void {
    const nothing = Promise.resolve();
    const server = connect(this.#target);
    const pipe: Pipe = { client, server, toServer: nothing, toClient: nothing, deaf: false, held: false };
    this.#pipes.add(pipe);
    this.#accepted += 1;
    client.setNoDelay(true);
    server.setNoDelay(true);
    client.on('data', (chunk) => {
      if (this.#trap !== undefined && chunk.includes(this.#trap.text)) {
        const { then } = this.#trap;
        this.#trap = undefined;
        if (then === 'drop') {
          this.#end(pipe);
          return;
        }
        if (then === 'deaf') pipe.deaf = true;
        else if (then === 'hold') pipe.held = true;
        else
          pipe.server.once('data', () => {
            this.#end(pipe);
          });
      }
      if (this.#weather === 'swallow') pipe.deaf = true;
      else pipe.toServer = this.#pass(pipe.toServer, pipe.server, chunk, this.#weather === 'hold');
    });
    server.on('data', (chunk) => {
      if (this.#weather === 'swallow') pipe.deaf = true;
      if (pipe.deaf) return;
      pipe.toClient = this.#pass(pipe.toClient, client, chunk, pipe.held || this.#weather === 'hold');
    });
    for (const end of [client, server]) {
      end.on('error', () => undefined);
      end.on('close', () => {
        // Neither end hears of the other while everything is swallowed.
        if (this.#weather === 'swallow') return;
        void Promise.all([pipe.toServer, pipe.toClient]).then(() => {
          this.#end(pipe);
        });
      });
    }
  }

  /** Bytes keep their order: each chunk waits for the one before. */
  #pass(before: Promise<void>, to: Socket, chunk: Buffer, held: boolean): Promise<void> {
    const delayMs = this.#delayMs;
    const wait = held ? this.#held : undefined;
    const due = Date.now() + delayMs;
    return before.then(async () => {
      await wait;
      const left = due - Date.now();
      if (delayMs > 0 && left > 0) await new Promise((resolve) => setTimeout(resolve, left));
      if (!to.destroyed) to.write(chunk);
    });
  }

  #end(pipe: Pipe): void {
    pipe.client.destroy();
    pipe.server.destroy();
    this.#pipes.delete(pipe);
  }
}
