import { compareNumbers } from '../../../domain/keys.js';
import { InvalidCursorError } from '../../../operator/desk.js';
import { textOf } from '../addresses.js';
import type { Answer, Console, Question } from '../console.js';
import { filterForm, type FilterForm } from '../filter-form.js';
import { AuditPage } from '../pages/audit.js';
import { FailedPage } from '../pages/failed.js';
import { FailuresPage } from '../pages/failures.js';
import { InHandPage } from '../pages/in-hand.js';
import { OverviewPage } from '../pages/overview.js';
import { WorkersPage } from '../pages/workers.js';

/** How many rows of a list stand on a page. */
const pageRows = 50;
/** How many rows in hand are shown of each table. */
const inHandRows = 200;

/** The pages that only show. */
export function lookingRoutes(pages: Console): void {
  pages.get('/', async ({ view, desk }) => {
    const overview = await desk.overview();
    return { page: <OverviewPage view={view} overview={overview} /> };
  });
  pages.get('/failures', async ({ view, desk }) => ({
    page: <FailuresPage view={view} groups={await desk.groups()} />,
  }));
  pages.get('/failed', failedRows);
  pages.get('/in-hand', async ({ view, desk }) => ({
    page: <InHandPage view={view} rows={await desk.inHand(inHandRows)} limit={inHandRows} />,
  }));
  pages.get('/workers', async ({ view, desk }) => {
    const [workers, { shards }] = await Promise.all([desk.workers(), desk.overview()]);
    return { page: <WorkersPage view={view} workers={workers} shards={shards} /> };
  });
  pages.get('/audit', audit);
}

async function failedRows({ view, desk, query }: Question): Promise<Answer> {
  const form = filterForm(query);
  if (form.faults.length > 0)
    return { status: 400, page: <FailedPage view={view} form={form} list={null} continued={false} /> };
  const after = textOf(query, 'after');
  try {
    const list = await desk.failed(form.filter, { limit: pageRows, ...(after !== '' && { after }) });
    return { page: <FailedPage view={view} form={form} list={list} continued={after !== ''} /> };
  } catch (error) {
    if (!(error instanceof InvalidCursorError)) throw error;
    return fromTheStart({ view, desk }, form);
  }
}

/** An address may be older than the program: its filter still holds. */
async function fromTheStart(
  { view, desk }: Pick<Question, 'view' | 'desk'>,
  form: FilterForm,
): Promise<Answer> {
  const list = await desk.failed(form.filter, { limit: pageRows });
  return {
    status: 400,
    page: <FailedPage view={view} form={form} list={list} continued={false} badCursor />,
  };
}

async function audit({ view, desk, query }: Question): Promise<Answer> {
  const asked = textOf(query, 'before');
  const before = /^\d{1,19}$/.test(asked) ? asked : undefined;
  const entries = await desk.audit({ limit: pageRows, ...(before !== undefined && { before }) });
  const oldest = entries.map(({ id }) => id).sort(compareNumbers)[0];
  const next = entries.length < pageRows ? undefined : oldest;
  return {
    page: <AuditPage view={view} entries={entries} next={next ?? null} continued={before !== undefined} />,
  };
}
