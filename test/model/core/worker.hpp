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

  const bool otherFrozen = state.workers[1 - worker].life == Frozen;
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

/** Marks the successes, then the failures. */
inline void mark(const State& state, int worker, StateSteps& steps) {
  const Batch& batch = state.workers[worker].batch;
  const Outcome outcome = batch.stage == MarkingSucceeded ? Applied : Refused;
  int wanted = 0;
  bool anyRefused = false;
  for (int i = 0; i < rowCount; i++) {
    if (!has(batch.apply.rows, i)) continue;
    if (batch.apply.row[i].outcome == outcome) wanted |= 1 << i;
    anyRefused = anyRefused || batch.apply.row[i].outcome == Refused;
  }
  const int marked = rowsOfStatement(wanted, 0);
  State next = state;
  const char* violation = markRows(next, marked, batch.apply.row, outcome);
  Worker& self = next.workers[worker];
  for (int i = 0; i < rowCount; i++)
    if (has(marked, i)) dropRow(self.batch, i);
  if (marked == wanted) {
    if (outcome == Applied && anyRefused) self.batch.stage = MarkingFailed;
    else dropBatch(self);
  }
  steps.add(next, Kind::Fair, violation, [&] {
    return workerName(worker) + (outcome == Applied ? ": marks 1->2 " : ": marks 1->3 ") + namesOf(marked);
  });

  if (state.left.lostReplies == 0 || state.late.kind != NoStatement) return;
  next = state;
  next.left.lostReplies--;
  next.late.kind = outcome == Applied ? LateMarkSucceeded : LateMarkFailed;
  next.late.rows = static_cast<u8>(marked);
  for (int i = 0; i < rowCount; i++)
    if (has(marked, i)) next.late.row[i] = batch.apply.row[i];
  dropBatch(next.workers[worker]);
  steps.add(next, Kind::Environment, nullptr, [&] {
    return workerName(worker) + ": sends mark " + namesOf(marked) +
           ", deadline passes, batch dropped; statement in flight";
  });
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
    case MarkingFailed: return mark(state, worker, steps);
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
  continueBatch(state, worker, steps);
}

}  // namespace model
