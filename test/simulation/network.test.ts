import { describe, expect, it } from 'vitest';
import { Random } from '../../src/demo/platform/random.js';
import { EventLoop, simulationStart } from './event-loop.js';
import { longestHeldMs, Network, type Interference } from './network.js';

const owner = { isDead: false, frozenUntil: 0 };
const server = { name: 'middle', isDown: false, isCutOff: false };

/** A link whose marks meet something, and the statements that took effect, in order. */
function linkThat(interference: Interference) {
  const loop = new EventLoop();
  const effects: string[] = [];
  const network = new Network(loop, new Random(1), {
    onSend: (_owner, statement) => (statement === 'mark' ? interference : null),
    onEffect: () => undefined,
    onFate: () => undefined,
  });
  const link = network.link(owner, server, { callTimeoutMs: 1000, idleTimeoutMs: 1000 });
  const send = (statement: string) =>
    link.send(statement, () => {
      effects.push(statement);
    });
  return { loop, effects, send };
}

describe('a statement that is held up', () => {
  it('takes effect after the others it waits for, though its sender gave up long ago', async () => {
    const { loop, effects, send } = linkThat({ kind: 'held', until: 'claim', times: 2 });
    const failed = expect(send('mark')).rejects.toMatchObject({ kind: 'timeout' });
    for (const [at, statement] of [
      [3000, 'claim'],
      [4000, 'poll'],
      [5000, 'claim'],
    ] as const)
      loop.schedule(at, () => void send(statement));
    await loop.run(simulationStart + 10_000);
    await failed;
    expect(effects).toEqual(['claim', 'poll', 'claim', 'mark']);
  });

  it('takes effect in the end where the others never come', async () => {
    const { loop, effects, send } = linkThat({ kind: 'held', until: 'claim', times: 1 });
    send('mark').catch(() => undefined);
    await loop.run(simulationStart + longestHeldMs - 1);
    expect(effects).toEqual([]);
    await loop.run(simulationStart + longestHeldMs);
    expect(effects).toEqual(['mark']);
  });
});
