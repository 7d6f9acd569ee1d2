import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import type { SeedResult } from './seeds.js';

/*
 * Simulations in several processes. Each plays blocks of seeds and reports them; which process plays which block makes no
 * difference to what comes of a seed.
 */

/** What a process is told to play. */
export interface Block {
  readonly from: number;
  readonly seeds: number;
  readonly without: readonly string[];
  /** Stop at the first seed that breaks a promise. */
  readonly untilBroken: boolean;
}

/** A process that plays. Code that is switched off is so from its start on. */
export class Player {
  readonly #process: ChildProcess;

  constructor(private readonly without: readonly string[]) {
    const [, program = ''] = process.argv;
    this.#process = fork(program, ['--player'], {
      env: { ...process.env, SIMULATION_WITHOUT: without.join(',') },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  /** Plays a block; rejects where the process ends meanwhile. */
  async play(block: Omit<Block, 'without'>): Promise<readonly SeedResult[]> {
    const waiting = new AbortController();
    const { signal } = waiting;
    const ended = once(this.#process, 'exit', { signal }).then(([code]) => {
      throw new Error(`a process that plays seeds ended with ${String(code)}`);
    });
    ended.catch(() => undefined);
    this.#process.send({ ...block, without: this.without });
    try {
      const answer: unknown[] = await Promise.race([once(this.#process, 'message', { signal }), ended]);
      return answer[0] as readonly SeedResult[];
    } finally {
      waiting.abort();
    }
  }

  close(): void {
    this.#process.removeAllListeners('exit');
    this.#process.kill();
  }
}

/** Plays blocks as they are asked for until there is none left, in so many processes. */
export async function playBlocks(
  processes: number,
  without: readonly string[],
  {
    next,
    done,
  }: {
    /** The next block; null: there is none any more. */
    next(): { readonly from: number; readonly seeds: number } | null;
    done(results: readonly SeedResult[]): void;
  },
): Promise<void> {
  const players = Array.from({ length: processes }, () => new Player(without));
  const work = async (player: Player): Promise<void> => {
    for (let block = next(); block !== null; block = next())
      done(await player.play({ ...block, untilBroken: false }));
  };
  try {
    await Promise.all(players.map(work));
  } finally {
    for (const player of players) player.close();
  }
}
