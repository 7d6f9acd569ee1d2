/*
 * Taking refusals back: a repair has rows take effect that were refused because of a loss. It reads them and what they are
 * decided on, locks the leases, looks whether the customers were decided on since, puts the rows back from State 3 to 0, and
 * writes effects and entries of those that went. A worker that claims one meanwhile waits for the lease. Whether a loss was
 * the reason makes no difference to the steps: here any refused row is taken back.
 */
#pragma once

#include "repair.hpp"

namespace model {

/** Rows in State 3 that the journal has as refused. */
inline int refusedRows(const State& state) {
  int rows = 0;
  for (int i = 0; i < rowCount; i++)
    if (state.rows[i].state == Failed && state.journal[i].outcome == Refused) rows |= 1 << i;
  return rows;
}

inline void endTakeBack(State& state) {
  unlock(state, RepairSession);
  std::memset(&state.repair, 0, sizeof state.repair);
}

inline void takeBackReads(const State& state, StateSteps& steps) {
  if (state.left.takeBacks == 0 || state.repair.stage != NoRepair) return;
  const int refused = refusedRows(state);
  for (int rows = refused; rows != 0; rows = (rows - 1) & refused) {
    State next = state;
    next.repair.stage = TakeBackLocks;
    next.repair.rows = static_cast<u8>(rows);
    std::memcpy(next.repair.versions, state.versions, sizeof state.versions);
    for (int i = 0; i < rowCount; i++) next.repair.editions[i] = has(rows, i) ? state.rows[i].edition : 0;
    steps.add(next, Kind::Environment, nullptr, [&] { return "repair: is to take back " + namesOf(rows); });
  }
}

/** The first statements of its transaction: locks the leases, and looks. */
inline void takeBackLocks(const State& state, StateSteps& steps) {
  if (state.repair.stage != TakeBackLocks) return;
  State next = state;
  bool isAsRead = true;
  for (int i = 0; i < rowCount; i++) {
    if (!has(state.repair.rows, i)) continue;
    const int customer = state.rows[i].customer;
    const int shard = shardOf(customer);
    if (state.leases[shard].lock != Unlocked) return;
    next.leases[shard].lock = RepairSession;
    if (state.versions[customer] != state.repair.versions[customer]) isAsRead = false;
  }
  if (!isAsRead && options.takeBackLooksAgain) {
    endTakeBack(next);
    steps.add(next, Kind::Fair, nullptr, [] { return "repair: the journal has changed since, takes nothing back"; });
    return;
  }
  next.repair.stage = TakeBackPutsBack;
  steps.add(next, Kind::Fair, nullptr, [&] { return "repair: locks the leases of " + namesOf(state.repair.rows); });
}

/** 3 -> 0 in the middle database, while the leases are locked in the store. */
inline void takeBackPutsBack(const State& state, StateSteps& steps) {
  if (state.repair.stage != TakeBackPutsBack) return;
  State next = state;
  int rows = 0;
  for (int i = 0; i < rowCount; i++) {
    if (!has(state.repair.rows, i)) continue;
    if (state.rows[i].state == Failed) {
      next.rows[i].state = Initial;
      // The row asks once more, with the same content.
      next.rows[i].edition++;
      next.repair.editions[i]++;
      becomesOpen(next, i);
      noteUnfinished(next, i);
    } else if (options.takeBackChecksState) {
      continue;
    }
    rows |= 1 << i;
  }
  next.repair.rows = static_cast<u8>(rows);
  next.repair.stage = TakeBackCommits;
  steps.add(next, Kind::Fair, nullptr, [&] { return "repair: puts " + namesOf(rows) + " back 3->0"; });
}

/** Effects and entries; or the transaction is lost, and the rows are decided by a worker. */
inline void takeBackCommits(const State& state, StateSteps& steps) {
  if (state.repair.stage != TakeBackCommits) return;
  State next = state;
  next.left.takeBacks--;
  const int rows = state.repair.rows;
  const char* violation = nullptr;
  bool changed[customerCount] = {};
  for (int i = 0; i < rowCount; i++) {
    if (!has(rows, i)) continue;
    Row& row = next.rows[i];
    JournalRow& journal = next.journal[i];
    if (state.versions[row.customer] != state.repair.versions[row.customer])
      violation = "LOST UPDATE: decided on a stale snapshot of the customer";
    if (row.edition != state.repair.editions[i]) violation = "STALE: effect of replaced content";
    if (row.effects > 0) violation = "EFFECT TWICE";
    row.effects++;
    row.decided = row.edition;
    forgetOpen(next, i);
    journal.outcome = Applied;
    // Later than the refused attempt; the next claim may have the same.
    journal.attempt++;
    journal.edition = row.edition;
    journal.attempts |= static_cast<u8>(1 << journal.attempt);
    if (state.left.failOvers > 0) next.known[i] |= static_cast<u8>(1 << journal.attempt);
    changed[row.customer] = true;
  }
  for (int customer = 0; customer < customerCount; customer++)
    if (changed[customer] && next.versions[customer] < 7) next.versions[customer]++;
  endTakeBack(next);
  steps.add(next, Kind::Fair, violation, [&] { return "repair: takes back " + namesOf(rows) + ", commits"; });
  if (state.left.lostReplies == 0) return;
  next = state;
  next.left.takeBacks--;
  next.left.lostReplies--;
  endTakeBack(next);
  steps.add(next, Kind::Environment, nullptr, [] { return "repair: its transaction is rolled back"; });
}

inline void takeBackSteps(const State& state, StateSteps& steps) {
  if (options.takeBacks == 0) return;
  takeBackReads(state, steps);
  takeBackLocks(state, steps);
  takeBackPutsBack(state, steps);
  takeBackCommits(state, steps);
}

}  // namespace model
