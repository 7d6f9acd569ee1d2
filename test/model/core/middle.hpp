/*
 * The middle database: what the platform and people do to its rows, and the worker's two guarded updates. Each function
 * that changes rows on behalf of a worker returns the promise it breaks, or null.
 */
#pragma once

#include "checker.hpp"
#include "state.hpp"

namespace model {

using checker::Kind;
using StateSteps = checker::Steps<State>;

/** The row is open, or open again: it takes its place among the rows that are open now. */
inline void becomesOpen(State& state, int row) {
  forgetOpen(state, row);
  state.openBefore[row] = static_cast<u8>(openRows(state) & ((1 << row) - 1));
}

/** The row became State 2 just now, so later than any high-water mark. */
inline void noteFinished(State& state, int row) {
  if (!hasGuard()) return;
  state.rows[row].newerThanMark = 1;
  if (state.left.failOvers > 0) state.standby.newerThanMark |= static_cast<u8>(1 << row);
}

inline void noteUnfinished(State& state, int row) {
  state.rows[row].byHand = 0;
  state.rows[row].newerThanMark = 0;
  const u8 others = static_cast<u8>(~(1 << row));
  state.standby.newerThanMark &= others;
  state.orphan.apply.behindMark &= others;
  for (Worker& worker : state.workers) {
    worker.batch.toLookUp &= others;
    worker.batch.newerThanMark &= others;
    worker.batch.apply.behindMark &= others;
  }
}

/** Rows in State 0 whose claim is refused. */
inline int refusedClaims(const State& state, int rows) {
  int refused = 0;
  for (int i = 0; i < rowCount; i++)
    if (has(rows & state.refusesClaim, i) && state.rows[i].state == Initial) refused |= 1 << i;
  return refused;
}

/** Rows that the marks would change and whose change is refused. */
inline int refusedMarks(const State& state, int rows, const BatchRow* batch) {
  int refused = 0;
  for (int i = 0; i < rowCount; i++) {
    const Row& row = state.rows[i];
    if (has(rows & state.refusesMark, i) && row.state == Processing && row.attempt == batch[i].attempt)
      refused |= 1 << i;
  }
  return refused;
}

/** 0 -> 1 of all the rows that stand in State 0; returns which. */
inline int claimRows(State& state, int rows, bool sameAttemptAgain = false) {
  int changed = 0;
  for (int i = 0; i < rowCount; i++) {
    Row& row = state.rows[i];
    if (!has(rows, i) || row.state != Initial) continue;
    row.state = Processing;
    row.claimedBeforeFailOver = 0;
    if (row.newestAttempt > row.attempt) row.attempt = row.newestAttempt;
    row.newestAttempt = 0;
    if (!sameAttemptAgain || row.attempt == 0) row.attempt++;
    changed |= 1 << i;
  }
  return changed;
}

/** 1 -> 2 or 3 of the rows with this outcome. */
inline const char* markRows(State& state, int rows, const BatchRow* batch, Outcome outcome) {
  const char* violation = nullptr;
  for (int i = 0; i < rowCount; i++) {
    if (!has(rows, i) || (batch[i].outcome & OutcomeBits) != outcome) continue;
    Row& row = state.rows[i];
    if (row.state != Processing) continue;
    if (options.markNamesAttempt && row.attempt != batch[i].attempt) continue;
    row.state = outcome == Applied ? Succeeded : Failed;
    row.claimedBeforeFailOver = 0;
    if (outcome == Applied) noteFinished(state, i);
    if (outcome == Refused && batch[i].answeredEdition != row.edition)
      violation = "OLD ERROR: new attempt marked 3 with the error of an old one";
    // A fail-over takes decisions away, so a mark that was under way may well contradict the journal.
    else if (hasFailedOver(state))
      continue;
    else if (state.journal[i].outcome != outcome)
      violation = "MISMATCH: State in the middle contradicts the journal";
    else if (outcome == Applied && row.effects == 0)
      violation = "MARKED 2 WITHOUT EFFECT";
  }
  return violation;
}

/** 1 -> 2 and 1 -> 3 in one transaction. */
inline const char* markBoth(State& state, int rows, const BatchRow* batch) {
  const char* succeeded = markRows(state, rows, batch, Applied);
  const char* failed = markRows(state, rows, batch, Refused);
  return succeeded != nullptr ? succeeded : failed;
}

/** The promise that marking some of these rows breaks where the others are not marked yet, or null. */
inline const char* judgeMarkOrder(const State& state, int rows, const BatchRow* batch, int marked) {
  if (!options.judgeMarkOrder) return nullptr;
  for (int i = 0; i < rowCount; i++) {
    if (!has(marked, i) || state.rows[i].state != Processing || state.rows[i].attempt != batch[i].attempt) continue;
    for (int earlier = 0; earlier < i; earlier++)
      if (has(rows & ~marked, earlier) && batch[earlier].customer == batch[i].customer)
        return "MARK ORDER: a row is marked before an earlier one of its customer that was decided with it";
  }
  return nullptr;
}

/** The platform opens a finished row again, with right content. */
inline void resetRow(State& state, int index, bool editCustomer) {
  Row& row = state.rows[index];
  // A success put back is answered by its journal entry, without a second decision.
  const bool answered = row.state == Succeeded && !row.byHand &&
                        (state.journal[index].outcome == Applied || !hasFailedOver(state));
  row.state = Initial;
  row.edition++;
  row.good = 1;
  if (editCustomer) row.customer ^= 1;
  becomesOpen(state, index);
  if (answered) row.decided = row.edition;
  noteUnfinished(state, index);
}

inline void platformResets(const State& state, StateSteps& steps) {
  if (state.left.resets == 0) return;
  int failed = 0;
  for (int i = 0; i < rowCount; i++) {
    const Row& row = state.rows[i];
    if (row.state == Failed) failed++;
    if (row.state != Failed && !(row.state == Succeeded && options.resetSucceeded)) continue;
    const int edits = options.editCustomer && row.state == Failed ? 1 : 0;
    for (int edit = 0; edit <= edits; edit++) {
      for (int good = options.resetWrong ? 0 : 1; good <= 1; good++) {
        State next = state;
        next.left.resets--;
        resetRow(next, i, edit);
        next.rows[i].good = static_cast<u8>(good);
        steps.add(next, Kind::Environment, nullptr, [&] {
          return "platform: row " + rowName(i) + " " + std::to_string(row.state) + "->0, " +
                 (good ? "corrected" : "still wrong") + (edit ? ", CustID edited" : "");
        });
      }
    }
  }
  if (failed < 2) return;
  State next = state;
  next.left.resets--;
  for (int i = 0; i < rowCount; i++)
    if (next.rows[i].state == Failed) resetRow(next, i, false);
  steps.add(next, Kind::Environment, nullptr,
            [] { return "platform: all failed rows 3->0 in one transaction, corrected"; });
}

inline void platformEditsInitial(const State& state, StateSteps& steps) {
  if (state.left.resets == 0 || !options.editInitial) return;
  for (int i = 0; i < rowCount; i++) {
    if (state.rows[i].state != Initial || state.journal[i].outcome == Applied) continue;
    for (int edit = 0; edit <= (options.editCustomer ? 1 : 0); edit++) {
      State next = state;
      next.left.resets--;
      next.rows[i].edition++;
      next.rows[i].good = 1;
      if (edit) {
        next.rows[i].customer ^= 1;
        // Nothing is promised about its order among the rows of the new customer.
        forgetOpen(next, i);
        next.openBefore[i] = 0;
      }
      steps.add(next, Kind::Environment, nullptr, [&] {
        return "platform: row " + rowName(i) + " edited in State 0" + (edit ? ", CustID edited" : "");
      });
    }
  }
}

/** Rows that arrive later become visible in their order, as settleMs sees to. */
inline void platformInserts(const State& state, StateSteps& steps) {
  const int absent = rowsInState(state, NotThereYet);
  // In a trace any rows arrive together.
  const int most = options.anyArrival ? absent : firstOf(absent);
  for (int part = most; part != 0; part = (part - 1) & most) {
    State next = state;
    for (int i = 0; i < rowCount; i++) {
      if (!has(part, i)) continue;
      next.rows[i].state = Initial;
      becomesOpen(next, i);
    }
    steps.add(next, Kind::Fair, nullptr, [&] { return "platform: writes " + namesOf(part); });
  }
}

/** Somebody settles a row by hand. */
inline void personMarks(const State& state, StateSteps& steps) {
  if (state.left.handMarks == 0) return;
  for (int i = 0; i < rowCount; i++) {
    if (state.rows[i].state != Initial) continue;
    State next = state;
    next.left.handMarks--;
    next.rows[i].state = Succeeded;
    next.rows[i].byHand = 1;
    forgetOpen(next, i);
    noteFinished(next, i);
    steps.add(next, Kind::Environment, nullptr,
              [&] { return "a person sets row " + rowName(i) + " from 0 to 2 by hand"; });
  }
}

/** A claim or mark that its worker has given up on is carried out for some of its rows. */
inline void lateStatementLandsInPart(const State& state, StateSteps& steps) {
  const LateStatement& late = state.late;
  for (int part = late.rows; part != 0; part = (part - 1) & late.rows) {
    State next = state;
    const char* violation = nullptr;
    if (late.kind == LateClaim) claimRows(next, part);
    else violation = markBoth(next, part, late.row);
    if (late.kind != LateClaim && violation == nullptr) violation = judgeMarkOrder(state, late.rows, late.row, part);
    std::memset(&next.late, 0, sizeof next.late);
    steps.add(next, Kind::Fair, violation, [&] { return "late statement lands for " + namesOf(part); });
  }
}

/** A claim or mark that its worker has given up on is carried out after all. */
inline void lateStatementLands(const State& state, StateSteps& steps) {
  const LateStatement& late = state.late;
  if (late.kind == NoStatement) return;
  if (options.inParts) return lateStatementLandsInPart(state, steps);
  const int refused =
      late.kind == LateClaim ? refusedClaims(state, late.rows) : refusedMarks(state, late.rows, late.row);
  const auto label = [&](int rows) {
    static const char* const kinds[] = {"", "claim ", "mark 1->2 ", "mark 1->3 ", "mark "};
    return std::string("late ") + kinds[late.kind] + namesOf(rows);
  };
  if (refused) {
    State next = state;
    std::memset(&next.late, 0, sizeof next.late);
    steps.add(next, Kind::Fair, nullptr, [&] { return label(late.rows) + " is refused"; });
    if (late.kind == LateMark) return;
  }
  const int rows = late.rows & ~refused;
  State next = state;
  const char* violation = nullptr;
  if (late.kind == LateClaim) claimRows(next, rows);
  else if (late.kind == LateMark) violation = markBoth(next, rows, late.row);
  else violation = markRows(next, rows, late.row, late.kind == LateMarkSucceeded ? Applied : Refused);
  std::memset(&next.late, 0, sizeof next.late);
  steps.add(next, Kind::Fair, violation, [&] { return label(rows) + " lands in the middle database"; });
}

/** The middle database begins to refuse a row, or somebody locks it; and it ends again. */
inline void rowIsRefused(const State& state, StateSteps& steps) {
  static const char* const whats[] = {"", "the claim", "the mark", "claim and mark"};
  for (int i = 0; i < rowCount; i++) {
    const int mask = 1 << i;
    const bool isRefused = has(state.refusesClaim | state.refusesMark, i);
    if (isRefused && !options.refusedForEver) {
      State next = state;
      next.refusesClaim &= static_cast<u8>(~mask);
      next.refusesMark &= static_cast<u8>(~mask);
      steps.add(next, Kind::Fair, nullptr, [&] { return "middle: row " + rowName(i) + " is refused no more"; });
    }
    if (isRefused || state.left.refusals == 0 || state.rows[i].state == NotThereYet) continue;
    for (int what = 1; what <= 3; what++) {
      State next = state;
      next.left.refusals--;
      if (what & 1) next.refusesClaim |= static_cast<u8>(mask);
      if (what & 2) next.refusesMark |= static_cast<u8>(mask);
      steps.add(next, Kind::Environment, nullptr,
                [&] { return std::string("middle: begins to refuse ") + whats[what] + " of row " + rowName(i); });
    }
  }
}

}  // namespace model
