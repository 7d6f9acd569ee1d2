/*
 * The guard: a store that went back in time is noticed before a row is decided on it.
 *
 * - Own commits. A worker remembers the decisions of its last acknowledged commit; the fence asks the journal for them.
 * - Comparison. After a poll and before the claim, rows of its shards in State 2, finished after the high-water mark,
 *   are looked up in the journal. Written in the lease row, this is good for all batches under the same term on the
 *   same incarnation of the store; where rows of the shard stand in State 1, it is good for this batch only. The fence
 *   wants one or the other.
 * - Rows polled in State 1 that are in State 2 after the claim are looked up too.
 * - Alarm. It stands in the store, where every fence meets it, and in the process.
 */
#pragma once

#include "store.hpp"

namespace model {

inline int rowsOfShard(const State& state, int shard) {
  int rows = 0;
  for (int i = 0; i < rowCount; i++)
    if (shardOf(state.rows[i].customer) == shard) rows |= 1 << i;
  return rows;
}

inline int notApplied(const State& state, int among) {
  int found = 0;
  for (int i = 0; i < rowCount; i++)
    if (has(among, i) && state.journal[i].outcome != Applied) found |= 1 << i;
  return found;
}

/** Ghost: rows that a worker finished and whose decision is not in the store any more. */
inline int missingRows(const State& state) {
  if (!hasFailedOver(state)) return 0;
  int byHand = 0;
  for (int i = 0; i < rowCount; i++) byHand |= state.rows[i].byHand << i;
  return notApplied(state, rowsInState(state, Succeeded)) & ~byHand;
}

/** Ghost: rows in State 2 whose decision is missing, or may be before the batch comes to its fence. */
inline int finishedRowsThatMayBeMissing(const State& state) {
  return state.left.failOvers > 0 ? rowsInState(state, Succeeded) : missingRows(state);
}

inline bool ownCommitsAreMissing(const State& state, const Worker& worker) {
  if (!options.ownCommits) return false;
  if (worker.evidenceLost) return true;
  for (int i = 0; i < rowCount; i++)
    if (worker.evidence[i] & ~state.journal[i].attempts) return true;
  return false;
}

/** Opens the alarm; returns the promise it breaks where nothing was lost, or null. */
inline const char* raiseAlarm(State& state, int worker) {
  const int newer = state.workers[worker].batch.newerThanMark;
  unlock(state, worker + 1);
  dropBatch(state.workers[worker]);
  state.workers[worker].alarmed = AlarmOpen;
  state.alarm = 1;
  if (state.knownLost) return nullptr;
  for (int i = 0; i < rowCount; i++)
    if (state.rows[i].byHand && has(newer, i)) return nullptr;
  return "FALSE ALARM: nothing was lost, and nobody set a row by hand since the high-water mark";
}

/** After an alarm nothing is applied any more, unless another fail-over takes the alarm away. */
inline bool isEndedByAlarm(const State& state) {
  if (!state.alarm || state.left.failOvers > 0 || state.left.repairs > 0) return false;
  if (state.orphan.kind != NoTransaction) return false;
  for (const Worker& worker : state.workers)
    if (worker.batch.stage == Committing) return false;
  return true;
}

inline bool isAlarmed(const State& state) {
  // With a repair to come, an alarm is no end.
  if (state.left.repairs > 0 && state.alarm) return false;
  for (const Worker& worker : state.workers)
    if (worker.alarmed == AlarmOpen) return true;
  return state.alarm != 0;
}

/** Remembers the decisions of an acknowledged commit, or of one taken for such. */
inline void rememberCommit(State& state, int worker, const Apply& apply) {
  const bool mayBeLost = state.left.failOvers > 0;
  Worker& self = state.workers[worker];
  bool decides = false;
  for (int i = 0; i < rowCount; i++) {
    if (!has(apply.rows, i)) continue;
    const bool isNew = apply.row[i].outcome & NewDecision;
    decides = decides || isNew;
    if (!mayBeLost) continue;
    const u8 entry = static_cast<u8>(1 << (isNew ? apply.row[i].attempt : state.journal[i].attempt));
    state.known[i] |= entry;
    if (isNew) self.acknowledged[i] |= entry;
  }
  if (!options.ownCommits || !(mayBeLost || options.unknownIsEvidence || options.purge != NoPurge)) return;
  if (!decides) return;
  // A commit proves all that was committed before it: what is lost is always the end of the history.
  std::memset(self.evidence, 0, sizeof self.evidence);
  for (int i = 0; i < rowCount; i++)
    if (has(apply.rows, i) && (apply.row[i].outcome & NewDecision))
      self.evidence[i] = static_cast<u8>(1 << apply.row[i].attempt);
}

/** These rows, if they are finished by now, are behind the high-water mark of their shard. */
inline void advanceMark(State& state, int rows) {
  for (int i = 0; i < rowCount; i++)
    if (has(rows, i)) state.rows[i].newerThanMark = 0;
}

/** The term is raised; that it was compared under an earlier one is left as it is, and so worth nothing. */
inline void noteTaken(State& state, int shard) {
  if (options.comparisonNamesTerm) state.leases[shard].compared = 0;
  if (options.takingAdvances) advanceMark(state, rowsOfShard(state, shard));
}

/** The worker found that it does not hold the shard. */
inline void forgetLease(State& state, int worker, int shard) { state.workers[worker].terms[shard] = 0; }

/** Rows that an apply transaction puts behind the high-water mark of a shard it relies on. */
inline int rowsBehindFence(const State& state, int shard) {
  if (options.comparison == NoComparison) return 0;
  if (!state.leases[shard].compared && !options.fenceAlwaysAdvances) return 0;
  int behind = 0;
  for (int i = 0; i < rowCount; i++)
    if (has(rowsOfShard(state, shard), i) && state.rows[i].newerThanMark) behind |= 1 << i;
  return behind;
}

/** The worker renews all its leases that are not locked: one statement of its own, at any time. */
inline void renewLeases(const State& state, int worker, StateSteps& steps) {
  if (options.comparison == NoComparison) return;
  if (options.renewalNeedsOwnCommits && ownCommitsAreMissing(state, state.workers[worker])) return;
  State next = state;
  for (int shard = 0; shard < shardCount; shard++) {
    const Lease& lease = next.leases[shard];
    if (!holds(next, worker, shard) || lease.lock != Unlocked) continue;
    if (lease.compared || !options.renewalNeedsComparison) advanceMark(next, rowsOfShard(state, shard));
  }
  if (std::memcmp(&next, &state, sizeof next) == 0) return;
  steps.add(next, Kind::Fair, nullptr, [&] { return workerName(worker) + ": renews its leases"; });
}

/** Shards that the worker polls whose comparison is not valid. */
inline int shardsToCompare(const State& state, const Apply& apply) {
  if (options.comparison == NoComparison) return 0;
  int shards = 0;
  for (int shard = 0; shard < shardCount; shard++)
    if (apply.terms[shard] != 0 && !state.leases[shard].compared) shards |= 1 << shard;
  return shards;
}

inline int rowsOfShards(const State& state, int shards) {
  int rows = 0;
  for (int shard = 0; shard < shardCount; shard++)
    if (has(shards, shard)) rows |= rowsOfShard(state, shard);
  return rows;
}

inline std::string shardNames(int shards) {
  std::string text;
  for (int shard = 0; shard < shardCount; shard++)
    if (has(shards, shard)) text += " " + std::to_string(shard);
  return text;
}

/** Whether a mark of a lost decision may still finish the row. */
inline bool isAwaited(const State& state, int index) {
  const Row& row = state.rows[index];
  if (row.state != Processing || options.awaitedRows == NoRows) return false;
  // The next loss changes the incarnation, so an entry that is there stays as long as the comparison is valid.
  if (options.awaitedRows == WithoutEntry) return !has(state.journal[index].attempts, row.attempt);
  return options.awaitedRows == EveryRow || row.claimedBeforeFailOver;
}

/** First half: the marks are read, and then the finished rows, with those in State 1, in the middle database. */
inline void beginComparison(const State& state, int worker, StateSteps& steps) {
  State next = state;
  Batch& batch = next.workers[worker].batch;
  for (int i = 0; i < rowCount; i++) {
    const Row& row = state.rows[i];
    if (!has(rowsOfShards(state, batch.comparing), i)) continue;
    if (row.state == Succeeded && (row.newerThanMark || !options.highWaterMark))
      batch.toLookUp |= static_cast<u8>(1 << i);
    if (row.state == Succeeded && row.newerThanMark) batch.newerThanMark |= static_cast<u8>(1 << i);
    if (isAwaited(state, i)) batch.awaiting |= static_cast<u8>(1 << shardOf(row.customer));
  }
  batch.stage = WritingComparison;
  const int shards = batch.comparing, rows = batch.toLookUp, awaiting = batch.awaiting;
  steps.add(next, Kind::Fair, nullptr, [&] {
    return workerName(worker) + ": compares shard" + shardNames(shards) + ", reads finished rows " + namesOf(rows) +
           (awaiting ? ", meets rows in State 1" : "");
  });
}

/** What follows a poll, or the comparison after it. */
inline void goOnFromPoll(Worker& worker) {
  Batch& batch = worker.batch;
  if (batch.apply.rows == 0) {
    dropBatch(worker);
    return;
  }
  const bool anyInitial = batch.apply.rows & ~batch.polledProcessing;
  if (anyInitial) batch.stage = options.supersede == InApply ? Claiming : Superseding;
  else batch.stage = options.readAfterClaim ? Reading : BeginningApply;
}

inline void goOnFromComparison(Worker& worker) {
  Batch& batch = worker.batch;
  batch.comparing = batch.awaiting = batch.toLookUp = batch.newerThanMark = 0;
  if (options.comparison == BeforePoll) batch.stage = Polling;
  else goOnFromPoll(worker);
}

/** Second half: the rows are looked up in the journal, and the comparison is written. */
inline void endComparison(const State& state, int worker, StateSteps& steps) {
  const Batch& batch = state.workers[worker].batch;
  State next = state;
  Worker& self = next.workers[worker];
  const int missing = notApplied(state, batch.toLookUp);
  if (missing) {
    const char* violation = raiseAlarm(next, worker);
    steps.add(next, Kind::Fair, violation, [&] {
      return workerName(worker) + ": the journal has no success of finished rows " + namesOf(missing) + ": ALARM";
    });
    return;
  }
  const int written = batch.comparing & ~batch.awaiting;
  bool refused = batch.isOfEarlierStore;
  for (int shard = 0; shard < shardCount; shard++) {
    if (!has(written, shard)) continue;
    if (state.leases[shard].lock != Unlocked) return;
    const Lease& lease = state.leases[shard];
    if (lease.owner == worker + 1 && lease.term == batch.apply.terms[shard]) continue;
    refused = true;
    if (!holds(state, worker, shard)) forgetLease(next, worker, shard);
  }
  if (refused) {
    dropBatch(self);
    steps.add(next, Kind::Fair, nullptr,
              [&] { return workerName(worker) + ": comparison refused: lease or incarnation differs, batch dropped"; });
    return;
  }
  for (int shard = 0; shard < shardCount; shard++)
    if (has(written, shard)) next.leases[shard].compared = 1;
  advanceMark(next, rowsOfShards(state, written));
  self.batch.compared = batch.awaiting;
  goOnFromComparison(self);
  steps.add(next, Kind::Fair, nullptr, [&] {
    return workerName(worker) + ": comparison passed" + (written ? ", written for shard" + shardNames(written) : "") +
           (batch.awaiting ? ", for this batch only in shard" + shardNames(batch.awaiting) : "");
  });
}

/** Ghost: whether a decision of this batch, behind the fence, is one that the guard must prevent. */
inline bool isOnLostStore(const State& state, int worker) {
  const Worker& self = state.workers[worker];
  const Apply& apply = self.batch.apply;
  const int missing = missingRows(state) & (options.judgeAtFence ? ~apply.rows : apply.seenFinished);
  for (int i = 0; i < rowCount; i++) {
    if (!has(apply.rows, i) || !(apply.row[i].outcome & NewDecision)) continue;
    if (self.ownLost || (missing & rowsOfShard(state, shardOf(apply.row[i].customer)))) return true;
  }
  return false;
}

}  // namespace model
