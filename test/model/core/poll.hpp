/*
 * The poll, and what an earlier draft did between poll and claim.
 */
#pragma once

#include "deferral.hpp"

namespace model {

/** One statement of a poll: rows of these tables and states, in order, at most a page of each table. */
inline void pollStatement(const State& state, int worker, int tables, int rowStates, int leftOut, int among,
                          Batch& batch) {
  for (int table = 0; table < 2; table++) {
    if (!has(tables, table)) continue;
    int read = 0;
    for (int i = 0; i < rowCount; i++) {
      const Row& row = state.rows[i];
      if (!has(rowsOfTable(table), i) || row.state > Processing || !has(rowStates, row.state)) continue;
      if (batch.apply.terms[shardOf(worker, row.customer)] == 0 || has(batch.apply.rows, i)) continue;
      if (has(leftOut, row.customer) || !has(among, i)) continue;
      if (read == options.page) break;
      read++;
      batch.apply.rows |= static_cast<u8>(1 << i);
      if (row.state == Processing) batch.polledProcessing |= static_cast<u8>(1 << i);
      batch.apply.row[i] = {row.edition, row.good, row.customer, row.state == Processing ? row.attempt : u8{0}, 0, 0};
      if (read == options.page && (batch.watermark == 0 || i + 1 < batch.watermark))
        batch.watermark = static_cast<u8>(i + 1);
    }
  }
}

/** Rows behind a full page of some table are left to the next poll. */
inline void cutPage(Batch& batch) {
  if (batch.watermark != 0)
    for (int i = batch.watermark; i < rowCount; i++) dropRow(batch, i);
  batch.watermark = 0;
  batch.statements = 0;
}

/** All statements are done: goes on to the claim, or to the read where none is needed. */
inline void endPoll(const State& state, Worker& worker) {
  goOnFromPoll(worker);
  if (!options.snapshotUnderLock) readCustomers(state, worker.batch.apply);
}

/** The tables and states that statement `number` of a poll reads, and whether it is the last. */
struct PollStatement {
  int tables;
  int rowStates;
  bool last;
};

inline PollStatement pollStatementOf(int number) {
  const int cust = 1, account = 2, both = cust | account;
  const int initial = 1 << Initial;
  const int processing = options.takeOverProcessing ? 1 << Processing : 0;
  switch (options.poll) {
    case ProcessingFirst:
      if (number == 0) return {both, processing, false};
      return {number == 1 ? cust : account, initial, number == 2};
    case PerTable:
      return {number == 0 ? cust : account, initial | processing, number == 1};
    case ProcessingLast:
      if (number == 2) return {both, processing, true};
      return {number == 0 ? cust : account, initial, false};
    default:
      return {both, initial | processing, true};
  }
}

/** A poll among these rows that leaves these customers out. */
inline void pollWithout(const State& state, int worker, int leftOut, int among, StateSteps& steps) {
  State next = state;
  Worker& self = next.workers[worker];
  Batch& batch = self.batch;
  if (batch.stage == Idle) std::memcpy(batch.apply.terms, self.terms, sizeof self.terms);
  const int toCompare = batch.stage == Idle ? shardsToCompare(state, batch.apply) : 0;
  if (options.comparison == BeforePoll && toCompare != 0) {
    batch.comparing = static_cast<u8>(toCompare);
    beginComparison(next, worker, steps);
    return;
  }
  if (batch.statements == 0) {
    bool any = false;
    for (const u8 term : batch.apply.terms) any = any || term != 0;
    if (!any) return;
    batch.apply.openAtPoll = static_cast<u8>(openRows(state));
    batch.apply.seenFinished = static_cast<u8>(finishedRowsThatMayBeMissing(state));
  }
  const PollStatement statement = pollStatementOf(batch.statements);
  pollStatement(state, worker, statement.tables, statement.rowStates, leftOut, among, batch);
  if (statement.last) cutPage(batch);
  const int page = batch.apply.rows;
  const auto label = [&] {
    const bool oneStatement = options.poll == OneSnapshot;
    return workerName(worker) + (oneStatement ? ": polls " : ": polls, one of several statements, page now ") +
           namesOf(page) + (leftOut ? ", leaves out customers" + customerNames(leftOut) : "");
  };
  const char* violation = judgePoll(self);
  if (options.comparison == AfterPoll && toCompare != 0) {
    State compares = next;
    Batch& compared = compares.workers[worker].batch;
    compared.comparing = static_cast<u8>(toCompare);
    compared.stage = Comparing;
    steps.add(compares, Kind::Fair, violation, label);
    if (!hasFailedOver(state) || !failOverEndsBatches()) return;
    // The worker has not looked at its leases since the store went back, and takes the comparison for valid.
    batch.isOfEarlierStore = 1;
  }
  if (statement.last) {
    endPoll(state, self);
  } else {
    batch.stage = Polling;
    batch.statements++;
  }
  steps.add(next, Kind::Fair, violation, label);
}

/** Whether a poll of these rows leaves out no open row before a later one of its customer. */
inline bool keepsOrder(const State& state, int polled) {
  for (int later = 0; later < rowCount; later++) {
    if (!has(polled, later)) continue;
    for (int earlier = 0; earlier < later; earlier++) {
      const Row& row = state.rows[earlier];
      const bool isLeftOut = row.state <= Processing && row.customer == state.rows[later].customer && !has(polled, earlier);
      if (isLeftOut && !mayOvertake(later, earlier)) return false;
    }
  }
  return true;
}

/** Any rows may be left out: they are to settle, wait, or lie behind a page, and their customers are deferred or paused. */
inline void pollPart(const State& state, int worker, StateSteps& steps) {
  const int open = rowsInState(state, Initial) | rowsInState(state, Processing);
  for (int part = open; part != 0; part = (part - 1) & open)
    if (keepsOrder(state, part)) pollWithout(state, worker, 0, part, steps);
}

inline void poll(const State& state, int worker, StateSteps& steps) {
  if (options.partialPolls) return pollPart(state, worker, steps);
  if (options.leftOut == Deferred) return pollWithout(state, worker, state.workers[worker].deferred, allRows, steps);
  for (int customers = 0; customers < 1 << customerCount; customers++)
    pollWithout(state, worker, customers, allRows, steps);
}

/** Closes failed entries before the claim: what an earlier draft did. */
inline void supersede(const State& state, int worker, StateSteps& steps) {
  const Batch& batch = state.workers[worker].batch;
  State next = state;
  Worker& self = next.workers[worker];
  if (options.supersede == BeforeClaimFenced) {
    bool lost = false;
    for (int shard = 0; shard < shardCount; shard++) {
      if (!reliesOn(batch.apply, worker, shard)) continue;
      const Lease& lease = state.leases[shard];
      if (lease.lock != Unlocked) return;
      lost = lost || lease.term != batch.apply.terms[shard] || lease.owner != worker + 1;
    }
    if (lost) {
      for (int shard = 0; shard < shardCount; shard++)
        if (!holds(state, worker, shard)) forgetLease(next, worker, shard);
      dropBatch(self);
      steps.add(next, Kind::Fair, nullptr, [&] { return workerName(worker) + ": supersede refused: lease lost"; });
      return;
    }
  }
  int closed = 0;
  for (int i = 0; i < rowCount; i++) {
    if (!has(batch.apply.rows & ~batch.polledProcessing, i) || state.journal[i].outcome != Refused) continue;
    next.journal[i].outcome = Undecided;
    next.journal[i].attempt = 0;
    next.journal[i].edition = 0;
    closed |= 1 << i;
  }
  self.batch.stage = Claiming;
  steps.add(next, Kind::Fair, nullptr,
            [&] { return workerName(worker) + ": closes failed entries of " + namesOf(closed) + " as superseded"; });
}

}  // namespace model
