import { compareNumbers } from '../../domain/keys.js';
import { actionId } from '../../operator/inputs.js';
import { InvalidCursorError } from '../../operator/failed.js';
import { textOf } from '../addresses.js';
import type { PageResponse, Console, PageRequest } from '../console.js';
import { filterForm, type FilterForm } from '../filter-form.js';
import { AuditPage } from '../pages/audit.js';
import { FailedPage } from '../pages/failed.js';
import { FailureGroupsPage } from '../pages/failure-groups.js';
import { ProcessingPage } from '../pages/processing.js';
import { OverviewPage } from '../pages/overview.js';
import { WorkersPage } from '../pages/workers.js';

/** How many rows of a list stand on a page. */
const pageRows = 50;
/** How many rows in flight are shown of each table. */
const processingRows = 200;

/** The pages that only show. */
export function viewRoutes(pages: Console): void {
  pages.get('/', async ({ view, operator }) => {
    const overview = await operator.overview();
    return { page: <OverviewPage view={view} overview={overview} /> };
  });
  pages.get('/failure-groups', async ({ view, operator }) => ({
    page: <FailureGroupsPage view={view} groups={await operator.failureGroups()} />,
  }));
  pages.get('/failed', failedRows);
  pages.get('/processing', async ({ view, operator }) => ({
    page: (
      <ProcessingPage view={view} rows={await operator.processing(processingRows)} limit={processingRows} />
    ),
  }));
  pages.get('/workers', async ({ view, operator }) => {
    const [workers, { shards }] = await Promise.all([operator.workers(), operator.overview()]);
    return { page: <WorkersPage view={view} workers={workers} shards={shards} /> };
  });
  pages.get('/audit', audit);
}

async function failedRows({ view, operator, query }: PageRequest): Promise<PageResponse> {
  const form = filterForm(query);
  if (form.errors.length > 0)
    return { status: 400, page: <FailedPage view={view} form={form} list={null} continued={false} /> };
  const after = textOf(query, 'after');
  try {
    const list = await operator.failed(form.filter, { limit: pageRows, ...(after !== '' && { after }) });
    return { page: <FailedPage view={view} form={form} list={list} continued={after !== ''} /> };
  } catch (error) {
    if (!(error instanceof InvalidCursorError)) throw error;
    return fromTheStart({ view, operator }, form);
  }
}

/** An address may be older than the program: its filter still holds. */
async function fromTheStart(
  { view, operator }: Pick<PageRequest, 'view' | 'operator'>,
  form: FilterForm,
): Promise<PageResponse> {
  const list = await operator.failed(form.filter, { limit: pageRows });
  return {
    status: 400,
    page: <FailedPage view={view} form={form} list={list} continued={false} badCursor />,
  };
}

async function audit({ view, operator, query }: PageRequest): Promise<PageResponse> {
  const before = actionId.safeParse(query['before']).data;
  const entries = await operator.audit({ limit: pageRows, ...(before !== undefined && { before }) });
  const oldest = entries.map(({ id }) => id).sort(compareNumbers)[0];
  const next = entries.length < pageRows ? undefined : oldest;
  return {
    page: <AuditPage view={view} entries={entries} next={next ?? null} continued={before !== undefined} />,
  };
}
