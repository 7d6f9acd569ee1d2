import type { VNode } from 'preact';
import type { WorkerDescription } from '../../store/port.js';
import { Layout } from '../parts/layout.js';
import { WorkerTable } from '../parts/worker-table.js';
import type { View } from '../view.js';

/** Registered workers. */
export function WorkersPage(props: {
  readonly view: View;
  readonly workers: readonly WorkerDescription[];
  readonly shards: number | null;
}): VNode {
  const { view, workers, shards } = props;
  return (
    <Layout view={view} title={view.t.workers.title} page="workers">
      <WorkerTable t={view.t} workers={workers} shards={shards} />
    </Layout>
  );
}
