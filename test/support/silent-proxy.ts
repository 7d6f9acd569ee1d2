import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Pipe {
  readonly client: Socket;
  readonly server: Socket;
}

/**
 * Stands between a client and a server, and fails like a network: it can fall silent with its connections left open,
 * cut a connection at a chosen moment, or never answer from the beginning.
 */
export class SilentProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #listener: Server;
  readonly #pipes = new Set<Pipe>();
  #accepted = 0;
  #silent = false;
  #cut: { readonly text: string; readonly when: CutWhen } | undefined;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
    this.#listener = createServer((client) => {
      this.#join(client);
    });
  }

  /** Listens on a free port of 127.0.0.1 and passes on what comes to the target. */
  static async inFrontOf(target: { readonly host: string; readonly port: number }): Promise<SilentProxy> {
    const proxy = new SilentProxy(target);
    await once(proxy.#listener.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** How many connections were made to it. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Passes nothing on any more, in either direction; connections stay open, and new ones are accepted. */
  fallSilent(): void {
    this.#silent = true;
  }

  /** Passes on what comes from now on; what was swallowed stays swallowed. */
  speakAgain(): void {
    this.#silent = false;
  }

  /**
   * Cuts the first connection over which the client sends this text: before the server hears of it, or when its answer
   * comes. The server's end is closed too.
   */
  cutAt(text: string, when: CutWhen): void {
    this.#cut = { text, when };
  }

  async close(): Promise<void> {
    for (const pipe of this.#pipes) this.#end(pipe);
    this.#listener.close();
    await once(this.#listener, 'close');
  }

  #join(client: Socket): void {
    const pipe: Pipe = { client, server: connect(this.#target) };
    let cutsAtAnswer = false;
    this.#pipes.add(pipe);
    this.#accepted += 1;
    client.on('data', (chunk) => {
      if (this.#silent) return;
      if (this.#cut !== undefined && chunk.includes(this.#cut.text)) {
        const { when } = this.#cut;
        this.#cut = undefined;
        if (when === 'before') {
          this.#end(pipe);
          return;
        }
        cutsAtAnswer = true;
      }
      pipe.server.write(chunk);
    });
    pipe.server.on('data', (chunk) => {
      if (this.#silent) return;
      if (cutsAtAnswer) this.#end(pipe);
      else client.write(chunk);
    });
    for (const end of [client, pipe.server]) {
      end.on('error', () => undefined);
      end.on('close', () => {
        if (!this.#silent) this.#end(pipe);
      });
    }
  }

  #end(pipe: Pipe): void {
    pipe.client.destroy();
    pipe.server.destroy();
    this.#pipes.delete(pipe);
  }
}

/** `before`: the server never gets the statement; `answered`: it was carried out and the answer is lost. */
export type CutWhen = 'before' | 'answered';
