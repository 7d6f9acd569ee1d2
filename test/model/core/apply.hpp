/*
 * The apply transaction: fence, journal, decisions, commit.
 */
#pragma once

#include "deferral.hpp"

namespace model {

enum class FenceResult { Passed, Waits, Lost };

/** The fence's view of the leases that the batch relies on; `relied` gets their shards. */
inline FenceResult compareLeases(const State& state, int worker, int& relied) {
  const Worker& self = state.workers[worker];
  const Apply& apply = self.batch.apply;
  bool waits = false;
  bool lost = false;
  relied = 0;
  for (int shard = 0; shard < shardCount; shard++) {
    if (!reliesOn(apply, worker, shard)) continue;
    const Lease& lease = state.leases[shard];
    const bool sharesLock = options.sharedLock && lease.lock == LostSession;
    if (options.fence >= LockAndOwner && lease.lock != Unlocked && !sharesLock) waits = true;
    const int term = options.termFromPoll ? apply.terms[shard] : self.terms[shard];
    const bool termDiffers = options.fence != LockAndOwner && lease.term != term;
    const bool isCompared =
        options.comparison == NoComparison || lease.compared || has(self.batch.compared, shard);
    const bool isRefused = lease.owner != worker + 1 || termDiffers || !isCompared || self.batch.isOfEarlierStore;
    if (options.fence != NoFence && isRefused) lost = true;
    relied |= 1 << shard;
  }
  if (waits) return FenceResult::Waits;
  return lost ? FenceResult::Lost : FenceResult::Passed;
}

/** The first statement of the apply transaction is the fence; then it reads the journal and decides. */
inline void beginApplyOfAll(const State& state, int worker, StateSteps& steps) {
  int relied = 0;
  const FenceResult fence = compareLeases(state, worker, relied);
  if (fence == FenceResult::Waits) return;
  State next = state;
  Worker& self = next.workers[worker];
  if (fence == FenceResult::Lost) {
    for (int shard = 0; shard < shardCount; shard++)
      if (!holds(state, worker, shard)) forgetLease(next, worker, shard);
    dropBatch(self);
    steps.add(next, Kind::Fair, nullptr,
              [&] { return workerName(worker) + ": apply refused: lease lost or not compared, batch dropped"; });
    return;
  }
  if (hasGuard() && state.alarm) {
    dropBatch(self);
    steps.add(next, Kind::Fair, nullptr, [&] { return workerName(worker) + ": apply refused: an alarm is open"; });
    return;
  }
  if (ownCommitsAreMissing(state, self)) {
    const char* violation = raiseAlarm(next, worker);
    steps.add(next, Kind::Fair, violation,
              [&] { return workerName(worker) + ": apply refused: the journal misses own commits: ALARM"; });
    return;
  }
  if (options.fence >= LockAndOwner)
    for (int shard = 0; shard < shardCount; shard++)
      if (has(relied, shard) && next.leases[shard].lock == Unlocked)
        next.leases[shard].lock = static_cast<u8>(worker + 1);
  Batch& batch = self.batch;
  if (options.snapshotUnderLock) readCustomers(state, batch.apply);
  if (options.journalUnderLock) lookUpJournal(state, batch);
  const int rows = batch.apply.rows;
  if (rows == 0) {
    unlock(next, worker + 1);
    releaseBatch(self);
  } else {
    batch.stage = Committing;
    for (int shard = 0; shard < shardCount; shard++)
      if (has(relied, shard)) batch.apply.behindMark |= static_cast<u8>(rowsBehindFence(state, shard));
    batch.apply.onLostStore = isOnLostStore(next, worker);
    batch.apply.seenFinished = 0;
    batch.compared = 0;
  }
  steps.add(next, Kind::Fair, nullptr, [&] {
    return workerName(worker) + ": begins apply: leases locked and compared, journal read, decides " + namesOf(rows);
  });
}

inline void endApplies(Batch& batch);

/**
 * Whether of a batch these rows may be applied without the others: none is decided anew behind one that is left, and none
 * is answered by the journal behind one that it answers too.
 */
inline bool isPart(const State& state, int worker, int part) {
  Batch batch = state.workers[worker].batch;
  const Apply asked = batch.apply;
  lookUpJournal(state, batch);
  int left = 0;
  int leftAnswered = 0;
  for (int i = 0; i < rowCount; i++) {
    if (!has(asked.rows, i)) continue;
    const int customer = 1 << asked.row[i].customer;
    const bool isAnswered = has(batch.apply.rows, i) && !(batch.apply.row[i].outcome & NewDecision);
    if (!has(part, i)) {
      left |= customer;
      if (isAnswered) leftAnswered |= customer;
    } else if (has(batch.apply.rows, i) && (isAnswered ? leftAnswered : left) & customer) {
      return false;
    }
  }
  return true;
}

/** Applies some rows and leaves the others for later, or applies no more of them. */
inline void beginApplyOfPart(const State& state, int worker, StateSteps& steps) {
  const int rows = state.workers[worker].batch.apply.rows;
  for (int part = rows; part != 0; part = (part - 1) & rows) {
    if (!isPart(state, worker, part)) continue;
    State next = state;
    next.workers[worker].batch.apply.rows = static_cast<u8>(part);
    next.workers[worker].batch.later = static_cast<u8>(rows & ~part);
    beginApplyOfAll(next, worker, steps);
  }
  if (state.workers[worker].batch.decided == 0) return;
  State next = state;
  endApplies(next.workers[worker].batch);
  steps.add(next, Kind::Fair, nullptr, [&] { return workerName(worker) + ": applies no more of its rows"; });
}

inline void beginApply(const State& state, int worker, StateSteps& steps) {
  if (options.inParts) beginApplyOfPart(state, worker, steps);
  else beginApplyOfAll(state, worker, steps);
}

inline std::string describeDecisions(const Apply& apply, int rows) {
  std::string text;
  for (int i = 0; i < rowCount; i++) {
    if (!has(rows, i)) continue;
    text += " " + rowName(i) + ((apply.row[i].outcome & OutcomeBits) == Applied ? ":applied" : ":failed");
  }
  return text;
}

inline std::string describeDecisions(const Apply& apply) {
  int ofJournal = 0;
  for (int i = 0; i < rowCount; i++)
    if (has(apply.rows, i) && !(apply.row[i].outcome & NewDecision)) ofJournal |= 1 << i;
  return describeDecisions(apply, apply.rows) + (ofJournal ? " (from journal: " + namesOf(ofJournal) + ")" : "");
}

/** The batch's decisions are committed: what is left is to mark its rows. */
inline void beginMarks(Batch& batch) {
  bool anyApplied = false;
  for (int i = 0; i < rowCount; i++) {
    batch.apply.row[i].outcome &= OutcomeBits;
    anyApplied = anyApplied || (has(batch.apply.rows, i) && batch.apply.row[i].outcome == Applied);
  }
  batch.stage = anyApplied ? MarkingSucceeded : MarkingFailed;
  if (options.marks != ByOutcome) batch.stage = Marking;
  batch.polledProcessing = 0;
  batch.claimed = 0;
  Apply& apply = batch.apply;
  std::memset(apply.terms, 0, sizeof apply.terms);
  std::memset(apply.versions, 0, sizeof apply.versions);
  apply.behindMark = 0;
  apply.openAtPoll = 0;
  apply.onLostStore = 0;
}

/** In parts: all decisions that there will be are committed. */
inline void endApplies(Batch& batch) {
  for (int i = 0; i < rowCount; i++)
    if (has(batch.apply.rows, i)) std::memset(&batch.apply.row[i], 0, sizeof(BatchRow));
  batch.apply.rows = batch.decided;
  batch.decided = 0;
  beginMarks(batch);
}

/** In parts: the decisions of these rows are committed, and the next ones follow. */
inline void endPart(Batch& batch) {
  for (int i = 0; i < rowCount; i++)
    if (has(batch.apply.rows, i)) batch.apply.row[i].outcome &= OutcomeBits;
  batch.decided |= batch.apply.rows;
  batch.apply.rows = batch.later;
  batch.later = 0;
  batch.stage = BeginningApply;
  if (batch.apply.rows == 0) endApplies(batch);
}

/** In parts: the transaction is rolled back, and its rows are tried again or left. */
inline void rollBack(const State& state, int worker, StateSteps& steps) {
  State next = state;
  unlock(next, worker + 1);
  Batch& batch = next.workers[worker].batch;
  for (int i = 0; i < rowCount; i++)
    if (has(batch.apply.rows, i)) batch.apply.row[i].outcome = batch.apply.row[i].answeredEdition = 0;
  batch.apply.rows |= batch.later;
  batch.later = 0;
  batch.stage = BeginningApply;
  steps.add(next, Kind::Fair, nullptr, [&] { return workerName(worker) + ": rolls its apply back"; });
}

inline void commitDecided(const State& state, int worker, StateSteps& steps) {
  const Apply& apply = state.workers[worker].batch.apply;
  State committed = state;
  if (options.journalKey && journalRefuses(state, apply)) {
    unlock(committed, worker + 1);
    dropBatch(committed.workers[worker]);
    steps.add(committed, Kind::Fair, nullptr,
              [&] { return workerName(worker) + ": the journal's key refuses the commit, batch dropped"; });
    return;
  }
  const char* violation = commitApply(committed, worker, apply);
  unlock(committed, worker + 1);
  const auto label = [&] { return workerName(worker) + ": commits apply" + describeDecisions(apply); };

  State next = committed;
  rememberCommit(next, worker, apply);
  if (options.inParts) endPart(next.workers[worker].batch);
  else beginMarks(next.workers[worker].batch);
  steps.add(next, Kind::Fair, violation, label);

  if (state.left.lostReplies == 0) return;
  next = committed;
  next.left.lostReplies--;
  if (options.unknownIsEvidence) rememberCommit(next, worker, apply);
  dropBatch(next.workers[worker]);
  steps.add(next, Kind::Environment, violation, [&] { return label() + ", but the reply is lost, batch dropped"; });

  if (state.orphan.kind != NoTransaction) return;
  next = state;
  next.left.lostReplies--;
  next.orphan.kind = CommitInFlight;
  next.orphan.worker = static_cast<u8>(worker);
  next.orphan.apply = apply;
  orphanLocks(next, worker);
  if (options.unknownIsEvidence) rememberCommit(next, worker, apply);
  dropBatch(next.workers[worker]);
  steps.add(next, Kind::Environment, nullptr, [&] {
    return workerName(worker) + ": sends COMMIT" + describeDecisions(apply) + ", deadline passes; commit in flight";
  });
}

inline void commit(const State& state, int worker, StateSteps& steps) {
  forEachOutcome(state.workers[worker].batch.apply, [&](const Apply& apply) {
    State decided = state;
    decided.workers[worker].batch.apply = apply;
    commitDecided(decided, worker, steps);
  });
  if (options.inParts) rollBack(state, worker, steps);
}

}  // namespace model
