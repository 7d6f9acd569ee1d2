/*
 * The store goes back in time: a fail-over makes it what its asynchronous standby has. A worker in the middle of a
 * transaction gets an error; the others notice nothing.
 */
#pragma once

#include "guard.hpp"

namespace model {

/** The standby receives everything committed so far. */
inline void standbyCatchesUp(const State& state, StateSteps& steps) {
  if (state.left.failOvers == 0 || state.standby.caughtUp) return;
  State next = state;
  Standby& standby = next.standby;
  standby.newerThanMark = 0;
  for (int i = 0; i < rowCount; i++) {
    standby.journal[i] = state.journal[i];
    standby.decided[i] = state.rows[i].decided;
    standby.effects[i] = state.rows[i].effects;
    standby.newerThanMark |= static_cast<u8>(state.rows[i].newerThanMark << i);
  }
  for (int shard = 0; shard < shardCount; shard++) {
    standby.leases[shard] = state.leases[shard];
    standby.leases[shard].lock = Unlocked;
    if (failOverEndsComparisons()) standby.leases[shard].compared = 0;
  }
  std::memcpy(standby.versions, state.versions, sizeof standby.versions);
  standby.alarm = state.alarm;
  if (std::memcmp(&standby, &state.standby, sizeof standby) == 0) return;
  standby.caughtUp = 1;
  steps.add(next, Kind::Environment, nullptr, [] { return "standby: catches up for the last time"; });
}

/** What the workers and the true history keep of decisions that the standby does not have. */
inline void noteLoss(State& state) {
  const bool last = state.left.failOvers == 0;
  for (int i = 0; i < rowCount; i++) {
    const u8 kept = state.standby.journal[i].attempts;
    const u8 gone = static_cast<u8>(~kept);
    if (state.known[i] & gone) state.knownLost = 1;
    state.known[i] = last ? 0 : state.known[i] & kept;
    for (Worker& worker : state.workers) {
      if (worker.evidence[i] & gone && options.evidenceNamesWorker) worker.evidenceLost = 1;
      if (worker.acknowledged[i] & gone) worker.ownLost = 1;
      if (!last) continue;
      // Nothing can be lost any more: only what is lost already matters.
      worker.acknowledged[i] = 0;
      if (!options.unknownIsEvidence && options.purge == NoPurge)
        worker.evidence[i] = options.evidenceNamesWorker ? 0 : worker.evidence[i] & gone;
    }
  }
}

/** The store becomes what its standby has; all that was under way in it is gone. */
inline void storeFailsOver(const State& state, StateSteps& steps) {
  if (state.left.failOvers == 0) return;
  State next = state;
  const Standby& standby = state.standby;
  next.left.failOvers--;
  noteLoss(next);
  std::memset(&next.orphan, 0, sizeof next.orphan);
  // What is being taken back ends with its connection; what it read names decisions by their times, which do not come again.
  if (next.repair.stage >= TakeBackLocks) std::memset(&next.repair, 0, sizeof next.repair);
  for (Worker& worker : next.workers) {
    if (worker.batch.stage == Committing) dropBatch(worker);
    if (failOverEndsComparisons()) worker.batch.compared = 0;
    // That the alarm was closed is lost, too, or may be.
    if (worker.alarmed) worker.alarmed = AlarmOpen;
    if (failOverEndsBatches() && worker.batch.stage != Idle && worker.batch.stage < Committing)
      worker.batch.isOfEarlierStore = 1;
  }
  std::memcpy(next.leases, standby.leases, sizeof next.leases);
  std::memcpy(next.versions, standby.versions, sizeof next.versions);
  next.alarm = standby.alarm;
  next.deferred = 0;
  std::memset(&next.standby, 0, sizeof next.standby);
  for (int i = 0; i < rowCount; i++) {
    Row& row = next.rows[i];
    next.journal[i] = standby.journal[i];
    row.effects = standby.effects[i];
    // A success answers every later edition of its row.
    row.decided = standby.journal[i].outcome == Applied ? row.edition : standby.decided[i];
    row.newerThanMark = has(standby.newerThanMark, i);
    row.claimedBeforeFailOver = row.state == Processing && options.awaitedRows == ClaimedBeforeFailOver;
    // Rows whose decision was lost are open again, out of turn; order is judged by the polls from now on.
    next.openBefore[i] = 0;
    if (next.left.failOvers > 0 && row.state == Succeeded) next.standby.newerThanMark |= static_cast<u8>(1 << i);
  }
  for (Worker& worker : next.workers) worker.batch.apply.seenFinished &= finishedRowsThatMayBeMissing(next);
  steps.add(next, Kind::Environment, nullptr, [&] {
    return std::string("store: FAIL-OVER, ") +
           (standby.caughtUp ? "the store is what it was when the standby last caught up" : "the store is empty");
  });
}

}  // namespace model
