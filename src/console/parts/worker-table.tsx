import type { VNode } from 'preact';
import type { WorkerDescription } from '../../store/port.js';
import type { Texts } from '../texts/texts.js';
import { Foreign, KeyText } from './foreign.js';
import { StoreTime, ZonedHead } from './times.js';
import { Badge, rangesLabel } from './labels.js';

interface WorkerTableProps {
  readonly t: Texts;
  readonly workers: readonly WorkerDescription[];
  /** How many shards there are; null where that could not be read. */
  readonly shards: number | null;
}

/** Registered workers with their shards, and the shards that nobody holds. */
export function WorkerTable({ t, workers, shards }: WorkerTableProps): VNode {
  if (workers.length === 0) return <p class="hint">{t.workers.empty}</p>;
  return (
    <>
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">{t.workers.status}</th>
            <th scope="col">{t.columns.host}</th>
            <th scope="col">{t.workers.pid}</th>
            <th scope="col">{t.workers.shards}</th>
            <ZonedHead t={t} name={t.workers.heartbeatAt} zone="utc" />
            <ZonedHead t={t} name={t.workers.startedAt} zone="utc" />
            <th scope="col">{t.workers.id}</th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <WorkerLine key={worker.workerId} t={t} worker={worker} />
          ))}
        </tbody>
      </table>
      {shards === null || shards === 0 ? null : <Unowned {...{ t, workers, shards }} />}
    </>
  );
}

function WorkerLine({ t, worker }: { readonly t: Texts; readonly worker: WorkerDescription }): VNode {
  const { alive, shards } = worker;
  return (
    <tr>
      <td data-label={t.workers.status}>
        <Badge kind={alive ? 'good' : 'bad'} text={alive ? t.workers.alive : t.workers.gone} />
      </td>
      <td data-label={t.columns.host}>
        <Foreign text={worker.host} />
      </td>
      <td data-label={t.workers.pid}>{worker.pid}</td>
      <td data-label={t.workers.shards}>
        {t.workers.shardCount(shards.length)}
        {shards.length === 0 ? null : <small> ({rangesLabel(shards)})</small>}
      </td>
      <td data-label={t.workers.heartbeatAt}>
        <StoreTime t={t} at={worker.heartbeatAt} bare />
      </td>
      <td data-label={t.workers.startedAt}>
        <StoreTime t={t} at={worker.startedAt} bare />
      </td>
      <td data-label={t.workers.id}>
        <KeyText text={worker.workerId} />
      </td>
    </tr>
  );
}

function Unowned({ t, workers, shards }: WorkerTableProps & { readonly shards: number }): VNode {
  const held = new Set(workers.flatMap((worker) => worker.shards));
  const free = Array.from({ length: shards }, (_, shard) => shard).filter((shard) => !held.has(shard));
  if (free.length === 0) return <p class="hint">{t.workers.allOwned(shards)}</p>;
  return (
    <p class="hint">
      {t.workers.unowned(free.length, shards)} {rangesLabel(free)}
    </p>
  );
}
