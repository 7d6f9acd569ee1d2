/*
 * The names of attempts. An attempt is named by the StateDate that its claim gives the row, and no two attempts of a row
 * share one: the claim's StateDate is later than that of every attempt the journal knows. An interface table may hold any
 * date, and an attempt that was taken over keeps the one it has: one that is far ahead would push every later attempt
 * beyond the calendar, so it is passed by.
 */

const dayMs = 24 * 3600 * 1000;
/** How long a claim may take: it names the attempt by the database's clock, after this was reckoned. */
const hourMs = 3600 * 1000;

function timeOf(date: string): number {
  return Date.parse(`${date.replace(' ', 'T')}Z`);
}

/** Whether the claim may take a date for one that is not too far ahead: up to a day by its clock. */
function isNear(date: string, now: string): boolean {
  return timeOf(date) - timeOf(now) <= dayMs + hourMs;
}

/**
 * What a new attempt must be later than; null: the claim's clock and the row's StateDate alone decide. `attempts` are those
 * known of the row, `now` is the middle database's clock, `stateDate` the row's own, all `YYYY-MM-DD HH:MM:SS`. Where an
 * attempt lies too far ahead, the new one comes before it, in an hour that no attempt is in.
 */
export function laterThan(
  attempts: readonly string[],
  now: string,
  stateDate: string | null = null,
): string | null {
  const known = [...attempts].sort();
  const newest = known.at(-1) ?? null;
  if (newest === null || isNear(newest, now)) return newest;
  let last: string | null = null;
  let from = timeOf(now);
  if (stateDate !== null && isNear(stateDate, now)) from = Math.max(from, timeOf(stateDate));
  for (const attempt of known) {
    if (timeOf(attempt) > from + hourMs) break;
    last = attempt;
    from = Math.max(from, timeOf(attempt));
  }
  return last;
}
