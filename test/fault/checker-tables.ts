import type { Case, Violation } from './checker-case.js';
import { standardTexts } from './checker-model.js';
import { answersFor, isUndone } from './checker-troubles.js';
import { grouped, rowName, type Observations, type PlatformRow, type StateChange } from './observations.js';

/* What can be said without judging content: nothing lost, nothing twice, States and answers, leases. */

type Complain = (kind: Violation['kind'], about: string, what: string) => void;

/** Every row ended in 2 or 3, its attribute rows with it. */
export function checkNothingLost(observations: Observations, complain: Complain): void {
  const final = grouped(observations.finalRows, rowName);
  const attributes = grouped(observations.finalAttributes, rowName);
  for (const row of observations.rows) {
    const name = rowName(row);
    const [present, ...more] = final.get(name) ?? [];
    if (present === undefined || more.length > 0) {
      complain('lost', name, `it stands ${more.length === 0 ? 0 : more.length + 1} times in its table`);
      continue;
    }
    if (present.state !== 2 && present.state !== 3) complain('lost', name, `it is in State ${present.state}`);
    const own = attributes.get(name) ?? [];
    if (own.length !== row.attributes.length) complain('attributes', name, 'attribute rows are missing');
    for (const { attrId, state, stateDate } of own) {
      if (state === present.state && stateDate === present.stateDate) continue;
      complain('attributes', name, `attribute ${attrId} is in State ${state} since ${stateDate ?? 'NULL'}`);
    }
  }
}

/** One decision per attempt, one current entry per row, one handler line per applied attempt. */
export function checkNothingTwice(observations: Observations, complain: Complain): void {
  const attemptOf = (key: Parameters<typeof rowName>[0] & { attempt: string }) =>
    `${rowName(key)} ${key.attempt}`;
  for (const [, [first, ...more]] of grouped(observations.decisions, attemptOf))
    if (first !== undefined && more.length > 0)
      complain('twice', rowName(first), `attempt ${first.attempt} was recorded ${more.length + 1} times`);
  const inserted = new Set(observations.decisions.map(attemptOf));
  for (const entry of observations.journal)
    if (!inserted.has(attemptOf(entry)))
      complain('twice', rowName(entry), `entry ${entry.attempt} was never inserted`);
  if (observations.journal.length !== inserted.size) complain('twice', 'sync_journal', 'entries are missing');
  for (const [name, entries] of grouped(observations.journal, rowName)) {
    const current = entries.filter(({ superseded }) => !superseded).length;
    if (current !== 1) complain('twice', name, `it has ${current} current entries`);
  }
  const within = (key: Parameters<typeof rowName>[0] & { xid: string }) => `${rowName(key)} ${key.xid}`;
  const lines = grouped(observations.lines, within);
  for (const decision of observations.decisions) {
    const count = lines.get(within(decision))?.length ?? 0;
    const expected = decision.outcome === 'applied' ? 1 : 0;
    if (count !== expected)
      complain(
        'twice',
        rowName(decision),
        `attempt ${decision.attempt} ${decision.outcome}, with ${count} effects`,
      );
    lines.delete(within(decision));
  }
  for (const [, [line]] of lines)
    if (line !== undefined)
      complain('twice', rowName(line), `an effect in transaction ${line.xid} without a journal entry`);
}

/** A row with the same content takes effect once, whatever is reset. */
export function checkAppliedOnce(cases: readonly Case[], complain: Complain): void {
  const applied = cases.filter(({ decision }) => decision.outcome === 'applied');
  for (const [name, ofRow] of grouped(applied, ({ row }) => rowName(row))) {
    const contents = ofRow.map(({ row, version }) => JSON.stringify(row.versions[version]));
    contents.forEach((content, index) => {
      if (index > 0 && content === contents[index - 1])
        complain('twice', name, 'the same content was applied again');
    });
  }
}

/** The State says what the journal's current entry says; a failed row's text is the journal's and has its form. */
export function checkAnswers(observations: Observations, complain: Complain): void {
  const current = new Map(
    observations.journal.filter(({ superseded }) => !superseded).map((entry) => [rowName(entry), entry]),
  );
  const changes = grouped(observations.changes, rowName);
  for (const row of observations.finalRows) {
    const name = rowName(row);
    const entry = current.get(name);
    const { source, state, errContent } = row;
    if (state !== 2 && state !== 3) continue;
    const outcome = state === 2 ? 'applied' : 'failed';
    const at = (changes.get(name) ?? []).findLast(({ to }) => to === state)?.at ?? Infinity;
    if (entry === undefined) complain('answer', name, `State ${state} without a journal entry`);
    else if (entry.outcome !== outcome)
      complain('answer', name, `State ${state}, but the journal says ${entry.outcome}`);
    else if (!answersFor(observations, { source, at }, { full: entry.errContent, written: errContent }))
      complain('text', name, `ErrContent is not the journal's: ${entry.errContent ?? 'NULL'}`);
    if (state === 2 && errContent !== null) complain('text', name, 'a success with an ErrContent');
    if (state === 3) checkText(name, entry?.errContent ?? '', complain);
  }
}

function checkText(name: string, text: string, complain: Complain): void {
  const start = `${text.slice(0, 5)} ${standardTexts[text.slice(0, 5)] ?? '?'}`;
  const isRight = text === start || text.startsWith(`${start}: `);
  if (!isRight || /\p{Cc}/u.test(text) || Buffer.byteLength(text) > 1024)
    complain('text', name, `ErrContent has not the form it must have: ${text}`);
}

/** Workers move a State from 0 to 1 and from 1 to 2 or 3, only to what the journal had decided, and in time's direction. */
export function checkStates(observations: Observations, complain: Complain): void {
  const rows = new Map(observations.rows.map((row) => [rowName(row), row]));
  const decisions = grouped(observations.decisions, rowName);
  for (const [name, changes] of grouped(observations.changes, rowName)) {
    for (const change of changes) {
      const { source, actor, from, to, dateBefore, dateAfter, errContent, at } = change;
      if (!actor.startsWith('bnet-sync') || isUndone(observations, change)) continue;
      const step = `${from ?? 'none'}→${to}`;
      const isAbsurd = isPlanted(rows.get(name), dateBefore);
      const isNewAttempt = step === '1→1' && isAbsurd && rows.get(name)?.planted?.state === 1;
      if (!['0→1', '1→2', '1→3'].includes(step) && !isNewAttempt)
        complain('backwards', name, `a worker moved State ${step}`);
      if (dateBefore !== null && (dateAfter ?? '') < dateBefore && !isAbsurd)
        complain('backwards', name, `StateDate went from ${dateBefore} to ${dateAfter ?? 'NULL'}`);
      if (step === '0→1' && dateBefore === dateAfter)
        complain('backwards', name, `two attempts share ${dateBefore ?? 'NULL'}`);
      if (to !== 2 && to !== 3) continue;
      const known = (decisions.get(name) ?? []).filter((decision) => decision.at <= at);
      const answers = known.some((decision) =>
        to === 2
          ? decision.outcome === 'applied'
          : decision.attempt === dateBefore &&
            answersFor(observations, { source, at }, { full: decision.errContent, written: errContent }),
      );
      if (!answers)
        complain(
          'answer',
          name,
          `marked ${to} for attempt ${dateBefore ?? 'NULL'} before the journal had decided it`,
        );
    }
  }
}

/** Whether a StateDate is the one that the platform gave the row; one that names no attempt is NULL, or has no such text. */
function isPlanted(row: PlatformRow | undefined, date: StateChange['dateBefore']): boolean {
  const planted = row?.planted?.stateDate;
  return planted !== undefined && (date === null || planted.startsWith(date));
}

/** Whoever decided a row held the lease of its shard. */
export function checkFence(observations: Observations, cases: readonly Case[], complain: Complain): void {
  const owners = new Map<number, string | null>();
  const events = [
    ...observations.leases.map((lease) => ({
      seq: lease.seq,
      run: () => void owners.set(lease.shard, lease.owner),
    })),
    ...cases.map(({ decision, row, version }) => ({
      seq: decision.seq,
      run: () => {
        const shard = shardOf(row.versions[version]?.custId ?? null, observations.settings.shards);
        const owner = owners.get(shard) ?? 'nobody';
        if (owner !== decision.worker)
          complain('fence', rowName(row), `${decision.worker} decided it while ${owner} held shard ${shard}`);
      },
    })),
  ];
  for (const { run } of events.sort((a, b) => a.seq - b.seq)) run();
}

/** The shard of a customer's rows. */
export function shardOf(custId: string | null, shards: number): number {
  return Number(BigInt(custId ?? '0') % BigInt(shards));
}
