import type { Socket } from 'node:net';
import { AnswerLost, Calls } from './calls.js';
import { OracleError } from './errors.js';
import type { Counters, FaultAction, Faults, Occasion } from './faults.js';
import { Marker, TnsConnection } from './framing.js';
import { LoginDialogue, type Verifier } from './login.js';
import { dataTypesReply, endOfCall, protocolReply } from './messages.js';
import { OracleSession, type SessionSettings } from './sessions.js';
import { Reader, Writer } from './wire.js';

/* One client: its connection, its login, and then its calls, one after the other. */

const Request = { Protocol: 1, DataTypes: 2, Function: 3, Piggyback: 17, OneWay: 26 } as const;
const LoginFunction = { First: 118, Second: 115 } as const;
const SERVICE_UNKNOWN = 12_514;

export interface ClientSurroundings {
  readonly service: string;
  readonly verifiers: ReadonlyMap<string, Verifier>;
  readonly faults: Faults;
  readonly counters: Counters;
  /** What a user's session is opened with. */
  settingsOf(user: string): Omit<SessionSettings, 'timeZone'>;
  /** The client is gone and nothing of it is left. */
  gone(client: Client): void;
}

export class Client {
  readonly #surroundings: ClientSurroundings;
  readonly #connection: TnsConnection;
  readonly #id: number;
  #login: LoginDialogue | undefined;
  #session: OracleSession | undefined;
  #calls: Calls | undefined;
  #queue: Promise<void> = Promise.resolve();
  #interrupted = false;
  #closed: Promise<void> | undefined;

  constructor(socket: Socket, id: number, surroundings: ClientSurroundings) {
    this.#surroundings = surroundings;
    this.#id = id;
    this.#connection = new TnsConnection(socket, {
      connect: (description) => this.#connect(description),
      request: (message) => this.#enqueue(() => this.#handle(new Reader(message))),
      marker: (kind) => this.#takeMarker(kind),
      closed: () => {
        this.#closed ??= this.#close();
      },
    });
  }

  /** Cuts the connection, as seen from the client. */
  cut(how: 'reset' | 'close' | 'silence'): void {
    if (how === 'reset') this.#connection.reset();
    else if (how === 'close') this.#connection.end();
    else this.#connection.silence(false);
  }

  /** Ends the client at once, whatever its session is doing; returns when that has ended. */
  async destroy(): Promise<void> {
    this.#connection.destroy();
    await this.#session?.close();
    await (this.#closed ??= this.#close());
  }

  /**
   * The client is gone. A server notices that only when it reads or writes: a statement that waits for a lock goes on
   * waiting and keeps what its transaction has locked, and a commit that it was to bring along is done.
   */
  async #close(): Promise<void> {
    if (this.#session?.isWorking === true) await this.#queue;
    await this.#session?.close();
    await this.#queue;
    // The session may have been opened in the meantime.
    await this.#session?.close();
    this.#surroundings.gone(this);
  }

  #enqueue(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(work).catch((error: unknown) => {
      if (error instanceof AnswerLost || this.#closed !== undefined) return;
      console.error('The Oracle stand-in cannot go on with a connection:', error);
      this.#connection.destroy();
    });
  }

  #connect(description: string): void {
    const service = /SERVICE_NAME=([^)]+)\)/i.exec(description)?.[1]?.toUpperCase();
    const known = service === this.#surroundings.service && this.#surroundings.faults.listener !== 'refuse';
    if (known) this.#connection.accept();
    else this.#connection.refuse(SERVICE_UNKNOWN);
  }

  /** A break stops the running call; the reset that follows it is answered once that call has stopped. */
  #takeMarker(kind: number): void {
    if (kind === Marker.Break || kind === Marker.Interrupt) {
      this.#interrupted = true;
      this.#connection.marker(Marker.Break);
      this.#session?.cancel();
      return;
    }
    this.#enqueue(async () => {
      this.#interrupted = false;
      this.#connection.marker(Marker.Reset);
      const stopped = new OracleError(1013, 'user requested cancel of current operation');
      this.#connection.answer(this.#errorAnswer(stopped));
    });
  }

  async #handle(reader: Reader): Promise<void> {
    for (;;) {
      switch (reader.u8()) {
        case Request.Protocol: {
          this.#connection.answer(protocolReply());
          return;
        }
        case Request.DataTypes: {
          this.#connection.answer(dataTypesReply());
          return;
        }
        case Request.Piggyback:
          await this.#calls?.takePiggyback(reader);
          break;
        case Request.Function: {
          this.#answer(await this.#callFunction(reader));
          return;
        }
        case Request.OneWay:
          return;
        default:
          throw new Error('The stand-in does not know this message.');
      }
    }
  }

  #answer(message: Buffer): void {
    if (!this.#interrupted) this.#connection.answer(message);
  }

  async #callFunction(reader: Reader): Promise<Buffer> {
    const code = reader.u8();
    reader.skip(1);
    try {
      if (code === LoginFunction.First) return await this.#beginLogin(reader);
      if (code === LoginFunction.Second) return await this.#finishLogin(reader);
    } catch (error) {
      if (error instanceof OracleError) return this.#errorAnswer(error);
      throw error;
    }
    if (this.#calls === undefined) throw new Error('A call came before the login.');
    return this.#calls.answer(code, reader);
  }

  async #beginLogin(reader: Reader): Promise<Buffer> {
    await this.#strike({ at: 'login', phase: 'before' });
    this.#login = new LoginDialogue(reader, this.#surroundings.verifiers);
    return this.#login.challenge(new Writer(), this.#surroundings.faults.verifier);
  }

  async #finishLogin(reader: Reader): Promise<Buffer> {
    const { counters, settingsOf } = this.#surroundings;
    const login = this.#login;
    if (login?.verify(reader) !== true) {
      counters.refusedLogins++;
      throw new OracleError(1017, 'invalid username/password; logon denied');
    }
    const settings = { ...settingsOf(login.user), timeZone: login.timeZone };
    const session = await OracleSession.open(settings, () => this.#connection.destroy());
    this.#session = session;
    this.#calls = new Calls({
      session,
      counters,
      isOurs: login.program.startsWith('bnet-sync'),
      strike: (occasion) => this.#strike(occasion),
    });
    counters.logins++;
    await this.#strike({ at: 'login', phase: 'after' });
    return login.welcome(new Writer(), this.#id);
  }

  #errorAnswer(error: OracleError): Buffer {
    return (
      this.#calls?.error(error) ?? endOfCall(new Writer(), { inTransaction: false, sequence: 1 }, { error })
    );
  }

  async #strike(occasion: Occasion): Promise<void> {
    const action = this.#surroundings.faults.meet(occasion);
    if (action !== undefined) await this.#perform(action);
  }

  async #perform(action: FaultAction): Promise<void> {
    switch (action.kind) {
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, action.ms));
        return;
      case 'error':
        throw new OracleError(action.number, action.text ?? 'planted by the test');
      case 'silence':
        this.#connection.silence(action.deaf ?? false);
        throw new AnswerLost();
      case 'reset':
      case 'close':
        this.cut(action.kind);
        throw new AnswerLost();
    }
  }
}
