/*
 * The guard: a store that went back in time is noticed before a worker whose own commits were lost, or that takes
 * shards over, decides a row on it.
 *
 * - Own commits. A worker remembers which decisions it has seen in the store. The fence of an apply transaction, and
 *   the renewal of leases, ask the journal for them.
 * - Finished rows. After taking a shard, and before it polls rows of it, a worker compares the shard's rows in State 2
 *   with the journal, as far as they were finished after the shard's high-water mark.
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

/** Ghost: rows that a worker finished and whose decision is not in the store any more. */
inline int missingRows(const State& state) {
  int missing = 0;
  if (!hasFailedOver(state)) return missing;
  for (int i = 0; i < rowCount; i++)
    if (state.rows[i].state == Succeeded && !state.rows[i].byHand && state.journal[i].outcome != Applied)
      missing |= 1 << i;
  return missing;
}

/** What a comparison of finished rows with the journal finds. */
inline int suspiciousRows(const State& state, int among) {
  int found = 0;
  for (int i = 0; i < rowCount; i++) {
    const Row& row = state.rows[i];
    if (!has(among, i) || row.state != Succeeded || state.journal[i].outcome == Applied) continue;
    if (row.newerThanMark || !options.highWaterMark) found |= 1 << i;
  }
  return found;
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
  unlock(state, worker + 1);
  dropBatch(state.workers[worker]);
  state.workers[worker].alarmed = 1;
  state.alarm = 1;
  if (state.knownLost) return nullptr;
  for (const Row& row : state.rows)
    if (row.byHand && row.newerThanMark) return nullptr;
  return "FALSE ALARM: nothing was lost, and nobody set a row by hand since the high-water mark";
}

/** After an alarm nothing is applied any more, unless another fail-over takes the alarm away. */
inline bool isEndedByAlarm(const State& state) {
  if (!state.alarm || state.left.failOvers > 0 || state.orphan.kind != NoTransaction) return false;
  for (const Worker& worker : state.workers)
    if (worker.batch.stage == Committing) return false;
  return true;
}

inline bool isAlarmed(const State& state) {
  for (const Worker& worker : state.workers)
    if (worker.alarmed) return true;
  return state.alarm != 0;
}

/** Remembers what an acknowledged commit, or one taken for such, proves to be in the store. */
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
  // A commit proves all that was committed before it: what is lost is always the end of the history.
  if (decides) std::memset(self.evidence, 0, sizeof self.evidence);
  for (int i = 0; i < rowCount; i++) {
    if (!has(apply.rows, i)) continue;
    if (apply.row[i].outcome & NewDecision) self.evidence[i] |= static_cast<u8>(1 << apply.row[i].attempt);
    else if (!decides && options.answersAreEvidence)
      self.evidence[i] |= static_cast<u8>(1 << state.journal[i].attempt);
  }
}

/** The worker has the shard from now on: what it knew of it is void. */
inline void noteAcquired(State& state, int worker, int shard) {
  if (!hasGuard()) return;
  Worker& self = state.workers[worker];
  const u8 others = static_cast<u8>(~(1 << shard));
  self.checkedShards &= others;
  self.watchedRows &= static_cast<u8>(~rowsOfShard(state, shard));
  if (hasFailedOver(state)) self.tookAfterLoss |= static_cast<u8>(1 << shard);
  if (options.batchNamesAcquisition) self.batch.apply.terms[shard] = 0;
  if (options.takingAdvances)
    for (int i = 0; i < rowCount; i++)
      if (has(rowsOfShard(state, shard), i)) state.rows[i].newerThanMark = 0;
}

/** The worker found that it does not hold the shard. */
inline void forgetLease(State& state, int worker, int shard) {
  Worker& self = state.workers[worker];
  const u8 others = static_cast<u8>(~(1 << shard));
  self.terms[shard] = 0;
  self.checkedShards &= others;
  self.tookAfterLoss &= others;
  self.watchedRows &= static_cast<u8>(~rowsOfShard(state, shard));
}

/** Rows that a renewal of the shard's lease puts behind the high-water mark. */
inline int rowsBehindRenewal(const State& state, int worker, int shard) {
  if (!hasGuard() || options.takeoverCheck == NoCheck) return 0;
  const Worker& self = state.workers[worker];
  const int rows = rowsOfShard(state, shard);
  if (!has(self.checkedShards, shard) && !options.renewalBeforeCheck) return 0;
  if (self.watchedRows & rows) return 0;
  int behind = 0;
  for (int i = 0; i < rowCount; i++)
    if (has(rows, i) && state.rows[i].newerThanMark) behind |= 1 << i;
  return behind;
}

/** The worker renews all its leases that are not locked: one statement of its own, at any time. */
inline void renewLeases(const State& state, int worker, StateSteps& steps) {
  if (!hasGuard()) return;
  State next = state;
  if (options.renewalChecksOwnCommits && ownCommitsAreMissing(state, state.workers[worker])) {
    const char* violation = raiseAlarm(next, worker);
    steps.add(next, Kind::Fair, violation,
              [&] { return workerName(worker) + ": renewal misses own commits: ALARM"; });
    return;
  }
  for (int shard = 0; shard < shardCount; shard++) {
    Lease& lease = next.leases[shard];
    if (!holds(next, worker, shard) || lease.lock != Unlocked) continue;
    if (lease.expired && options.expiredLeaseEnds) {
      forgetLease(next, worker, shard);
      continue;
    }
    lease.expired = 0;
    const int behind = rowsBehindRenewal(next, worker, shard);
    for (int i = 0; i < rowCount; i++)
      if (has(behind, i)) next.rows[i].newerThanMark = 0;
  }
  if (std::memcmp(&next, &state, sizeof next) == 0) return;
  steps.add(next, Kind::Fair, nullptr, [&] { return workerName(worker) + ": renews its leases"; });
}

/** The worker compares the finished rows of a shard it took: the middle database is read first, then the journal. */
inline void checkFinishedRows(const State& state, int worker, StateSteps& steps) {
  if (options.takeoverCheck == NoCheck) return;
  for (int shard = 0; shard < shardCount; shard++) {
    const Worker& self = state.workers[worker];
    if (self.terms[shard] == 0 || has(self.checkedShards, shard)) continue;
    State next = state;
    const int rows = rowsOfShard(state, shard);
    const int found = suspiciousRows(state, rows);
    const auto label = [&] {
      return workerName(worker) + ": compares finished rows of shard " + std::to_string(shard) + " with the journal" +
             (found ? ", misses " + namesOf(found) + ": ALARM" : ": passed");
    };
    if (found) {
      const char* violation = raiseAlarm(next, worker);
      steps.add(next, Kind::Fair, violation, label);
      continue;
    }
    next.workers[worker].checkedShards |= static_cast<u8>(1 << shard);
    if (options.watchProcessing)
      for (int i = 0; i < rowCount; i++)
        if (has(rows, i) && state.rows[i].state == Processing && !has(state.journal[i].attempts, state.rows[i].attempt))
          next.workers[worker].watchedRows |= static_cast<u8>(1 << i);
    steps.add(next, Kind::Fair, nullptr, label);
  }
}

/** Looks again at the watched rows, right after a poll; false where one of them turns out to be lost. */
inline bool watchedRowsAreSound(State& state, int worker) {
  Worker& self = state.workers[worker];
  if (suspiciousRows(state, self.watchedRows) != 0) return false;
  for (int i = 0; i < rowCount; i++) {
    const Row& row = state.rows[i];
    if (row.state != Processing || has(state.journal[i].attempts, row.attempt))
      self.watchedRows &= static_cast<u8>(~(1 << i));
  }
  return true;
}

/** Ghost: whether a decision of this batch, behind the fence, is one that the guard must prevent. */
inline bool isOnLostStore(const State& state, int worker) {
  const Worker& self = state.workers[worker];
  const Apply& apply = self.batch.apply;
  const int missing = missingRows(state) & (options.judgeAtFence ? allRows : apply.missingAtPoll);
  for (int i = 0; i < rowCount; i++) {
    if (self.acknowledged[i] & ~state.journal[i].attempts) return true;
    if (!has(apply.rows, i) || !(apply.row[i].outcome & NewDecision)) continue;
    const int shard = shardOf(apply.row[i].customer);
    if (has(self.tookAfterLoss, shard) && (missing & rowsOfShard(state, shard))) return true;
  }
  return false;
}

}  // namespace model
