/*
 * What a worker does: poll, claim, read, begin apply, commit, mark, in this order for each batch, and its leases beside
 * them. Every function adds the steps that are possible for one worker in one state.
 */
#pragma once

#include "apply.hpp"
#include "claim.hpp"
#include "leases.hpp"
#include "poll.hpp"

namespace model {

inline void crash(const State& state, int worker, StateSteps& steps) {
  if (state.left.crashes == 0) return;
  const Batch& batch = state.workers[worker].batch;
  State next = state;
  next.left.crashes--;
  std::memset(&next.workers[worker], 0, sizeof(Worker));
  unlock(next, worker + 1);
  steps.add(next, Kind::Environment, nullptr,
            [&] { return workerName(worker) + ": crashes (next was " + stageNames[batch.stage] + ")"; });

  bool otherFrozen = false;
  for (const Worker& other : state.workers) otherFrozen = otherFrozen || other.life == Frozen;
  if (!options.freeze || batch.stage != Committing || state.orphan.kind != NoTransaction || otherFrozen) return;
  next = state;
  next.left.crashes--;
  next.orphan.kind = LeftOpen;
  next.orphan.worker = static_cast<u8>(worker);
  orphanLocks(next, worker);
  std::memset(&next.workers[worker], 0, sizeof(Worker));
  next.workers[worker].life = Frozen;
  steps.add(next, Kind::Environment, nullptr,
            [&] { return workerName(worker) + ": freezes for ever inside its apply transaction"; });
}

inline void restart(const State& state, int worker, StateSteps& steps) {
  State next = state;
  next.workers[worker].life = Up;
  steps.add(next, Kind::Fair, nullptr, [&] { return workerName(worker) + ": restarts"; });
}

/** The worker gives up on a mark that may still be carried out. */
inline void leaveMarkInFlight(const State& state, int worker, LateKind kind, int marked, StateSteps& steps) {
  if (state.left.lostReplies == 0 || state.late.kind != NoStatement) return;
  State next = state;
  next.left.lostReplies--;
  next.late.kind = static_cast<u8>(kind);
  if (options.inParts) next.late.worker = static_cast<u8>(worker);
  next.late.rows = static_cast<u8>(marked);
  for (int i = 0; i < rowCount; i++)
    if (has(marked, i)) next.late.row[i] = state.workers[worker].batch.apply.row[i];
  dropBatch(next.workers[worker]);
  steps.add(next, Kind::Environment, nullptr, [&] {
    return workerName(worker) + ": sends mark " + namesOf(marked) +
           ", deadline passes, batch dropped; statement in flight";
  });
}

/** Marks the successes, then the failures, and leaves out what is refused. */
inline void markByOutcome(const State& state, int worker, StateSteps& steps) {
  const Batch& batch = state.workers[worker].batch;
  const Outcome outcome = batch.stage == MarkingSucceeded ? Applied : Refused;
  int wanted = 0;
  bool anyRefused = false;
  for (int i = 0; i < rowCount; i++) {
    if (!has(batch.apply.rows, i)) continue;
    if (batch.apply.row[i].outcome == outcome) wanted |= 1 << i;
    anyRefused = anyRefused || batch.apply.row[i].outcome == Refused;
  }
  const int statement = rowsOfStatement(wanted, 0);
  const int refused = refusedMarks(state, statement, batch.apply.row);
  const int marked = statement & ~refused;
  State next = state;
  const char* violation = markRows(next, marked, batch.apply.row, outcome);
  if (violation == nullptr) violation = judgeMarkOrder(state, batch.apply.rows, batch.apply.row, marked);
  Worker& self = next.workers[worker];
  self.batch.markRefused |= static_cast<u8>(customersOf(batch.apply, refused));
  for (int i = 0; i < rowCount; i++)
    if (has(statement, i)) dropRow(self.batch, i);
  if (statement == wanted) {
    if (outcome == Applied && anyRefused) self.batch.stage = MarkingFailed;
    else releaseBatch(self);
  }
  steps.add(next, Kind::Fair, violation, [&] {
    return workerName(worker) + (outcome == Applied ? ": marks 1->2 " : ": marks 1->3 ") + namesOf(marked) +
           (refused ? ", is refused " + namesOf(refused) : "");
  });
  leaveMarkInFlight(state, worker, outcome == Applied ? LateMarkSucceeded : LateMarkFailed, statement, steps);
}

/** A mark of one or more rows is refused: nothing is changed. */
inline void markIsRefused(const State& state, int worker, int rows, StateSteps& steps) {
  const Batch& batch = state.workers[worker].batch;
  State next = state;
  Batch& after = next.workers[worker].batch;
  const bool isOne = firstOf(rows) == rows;
  const char* violation = nullptr;
  if (!options.splits) {
    dropBatch(next.workers[worker]);
  } else if (!isOne) {
    after.rowByRow = static_cast<u8>(rows);
  } else {
    const int customers = customersOf(batch.apply, rows);
    after.markRefused |= static_cast<u8>(customers);
    after.rowByRow &= static_cast<u8>(~rows);
    for (int customer = 0; customer < customerCount; customer++)
      if (has(customers, customer) && options.marks == InOrder)
        after.rowByRow &= static_cast<u8>(~rowsOfCustomer(batch.apply, after.rowByRow, customer));
    if (options.refusedMarkFails) {
      BatchRow asFailed[rowCount];
      std::memcpy(asFailed, batch.apply.row, sizeof asFailed);
      for (BatchRow& row : asFailed) row.outcome = Refused;
      violation = markRows(next, rows, asFailed, Refused);
    }
    if (after.rowByRow == 0) releaseBatch(next.workers[worker]);
  }
  steps.add(next, Kind::Fair, violation, [&] {
    return workerName(worker) + ": mark of " + namesOf(rows) + " is refused" +
           (!options.splits ? ", batch dropped" : isOne ? "" : ", goes on row by row") +
           (options.refusedMarkFails && isOne ? ", marks 1->3 instead" : "");
  });
}

/** Marks some of the rows, the others being refused, locked or left as they are; or none any more. */
inline void markPart(const State& state, int worker, StateSteps& steps) {
  const Batch& batch = state.workers[worker].batch;
  const int rows = batch.apply.rows;
  leaveMarkInFlight(state, worker, LateMark, rows, steps);
  for (int part = rows; part != 0; part = (part - 1) & rows) {
    State next = state;
    const char* violation = markBoth(next, part, batch.apply.row);
    if (violation == nullptr) violation = judgeMarkOrder(state, batch.apply.rows, batch.apply.row, part);
    Batch& after = next.workers[worker].batch;
    for (int i = 0; i < rowCount; i++)
      if (has(part, i)) dropRow(after, i);
    if (after.apply.rows == 0) releaseBatch(next.workers[worker]);
    steps.add(next, Kind::Fair, violation,
              [&] { return workerName(worker) + ": marks" + describeDecisions(batch.apply, part); });
  }
}

/** Marks all in one transaction, or row by row after a refusal. */
inline void markInOrder(const State& state, int worker, StateSteps& steps) {
  if (options.inParts) return markPart(state, worker, steps);
  const Batch& batch = state.workers[worker].batch;
  const int rows = batch.rowByRow ? firstOf(batch.rowByRow) : batch.apply.rows;
  leaveMarkInFlight(state, worker, LateMark, rows, steps);
  if (refusedMarks(state, rows, batch.apply.row)) return markIsRefused(state, worker, rows, steps);
  State next = state;
  const char* violation = markBoth(next, rows, batch.apply.row);
  if (violation == nullptr) violation = judgeMarkOrder(state, batch.apply.rows, batch.apply.row, rows);
  Batch& after = next.workers[worker].batch;
  after.rowByRow &= static_cast<u8>(~rows);
  for (int i = 0; i < rowCount; i++)
    if (has(rows, i)) dropRow(after, i);
  if (after.rowByRow == 0) releaseBatch(next.workers[worker]);
  steps.add(next, Kind::Fair, violation,
            [&] { return workerName(worker) + ": marks" + describeDecisions(batch.apply, rows); });
}

inline void continueBatch(const State& state, int worker, StateSteps& steps) {
  switch (static_cast<Stage>(state.workers[worker].batch.stage)) {
    case Idle:
    case Polling: return poll(state, worker, steps);
    case Comparing: return beginComparison(state, worker, steps);
    case WritingComparison: return endComparison(state, worker, steps);
    case Superseding: return supersede(state, worker, steps);
    case Claiming: return claim(state, worker, steps);
    case Reading: return readClaimed(state, worker, steps);
    case BeginningApply: return beginApply(state, worker, steps);
    case Committing: return commit(state, worker, steps);
    case MarkingSucceeded:
    case MarkingFailed: return markByOutcome(state, worker, steps);
    case Marking: return markInOrder(state, worker, steps);
    case Deferring: return defer(state, worker, state.workers[worker].batch.claimRefused, steps);
  }
}

inline void workerSteps(const State& state, int worker, StateSteps& steps) {
  const Worker& self = state.workers[worker];
  if (self.life == Down) restart(state, worker, steps);
  if (self.life != Up) return;
  crash(state, worker, steps);
  if (self.alarmed) return;
  for (int shard = 0; shard < shardCount; shard++) {
    takeShard(state, worker, shard, steps);
    findOwnId(state, worker, shard, steps);
    giveShardBack(state, worker, shard, steps);
  }
  renewLeases(state, worker, steps);
  deferralSteps(state, worker, steps);
  continueBatch(state, worker, steps);
}

}  // namespace model
