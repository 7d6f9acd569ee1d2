/*
 * Repair: rows in State 2 whose decisions the store has lost are applied to it once more, while an alarm is open. A program
 * beside the workers reads the finished rows and the journal, writes what is missing in one transaction, reads again, and
 * closes the alarm once nothing is missing.
 */
#pragma once

#include "guard.hpp"

namespace model {

/** Rows in State 2 that the store has no success of. */
inline int rowsToRepair(const State& state) { return notApplied(state, rowsInState(state, Succeeded)); }

/** Reads the finished rows, and then the journal. */
inline void repairReads(const State& state, StateSteps& steps) {
  if (state.left.repairs == 0 || state.repair.stage != NoRepair || !state.alarm) return;
  State next = state;
  next.repair.rows = static_cast<u8>(rowsToRepair(state));
  next.repair.stage = next.repair.rows ? RepairWrites : RepairCloses;
  steps.add(next, Kind::Fair, nullptr,
            [&] { return "repair: reads, finds " + namesOf(rowsToRepair(state)) + " missing from the store"; });
}

/** One transaction: locks the leases, looks into the journal again, and writes effects and entries together. */
inline void repairWrites(const State& state, StateSteps& steps) {
  if (state.repair.stage != RepairWrites) return;
  State next = state;
  next.repair.stage = NoRepair;
  next.repair.rows = 0;
  const int rows = state.repair.rows;
  bool isAsRead = state.alarm != 0;
  for (int i = 0; i < rowCount; i++) {
    if (!has(rows, i)) continue;
    if (state.leases[shardOf(state.rows[i].customer)].lock != Unlocked) return;
    if (state.journal[i].outcome == Applied) isAsRead = false;
  }
  if (!isAsRead && options.repairLooksAgain) {
    steps.add(next, Kind::Fair, nullptr, [] { return "repair: the journal has changed since, reads again"; });
    return;
  }
  const char* violation = nullptr;
  bool changed[customerCount] = {};
  for (int i = 0; i < rowCount; i++) {
    if (!has(rows, i)) continue;
    Row& row = next.rows[i];
    if (row.effects > 0) violation = "EFFECT TWICE";
    JournalRow& journal = next.journal[i];
    row.effects++;
    row.decided = row.edition;
    forgetOpen(next, i);
    journal.outcome = Applied;
    journal.attempt = row.attempt;
    journal.edition = row.edition;
    journal.attempts |= static_cast<u8>(1 << row.attempt);
    if (state.left.failOvers > 0) next.known[i] |= static_cast<u8>(1 << row.attempt);
    changed[row.customer] = true;
  }
  for (int customer = 0; customer < customerCount; customer++)
    if (changed[customer] && next.versions[customer] < 7) next.versions[customer]++;
  steps.add(next, Kind::Fair, violation, [&] { return "repair: applies " + namesOf(rows) + " once more"; });
}

/** Ghost: whether marks of lost decisions have landed since the repair read, or may still land. */
inline bool isAnyMarkLate(const State& state) {
  if (missingRows(state) != 0) return true;
  for (int i = 0; i < rowCount; i++) {
    const Row& row = state.rows[i];
    if (row.state == Processing && !has(state.journal[i].attempts, row.attempt)) return true;
  }
  return false;
}

/** Nothing was missing: the alarm is closed, and what workers lost until then counts no more. */
inline void repairCloses(const State& state, StateSteps& steps) {
  if (state.repair.stage != RepairCloses) return;
  State next = state;
  next.repair.stage = NoRepair;
  if (!state.alarm) {
    steps.add(next, Kind::Fair, nullptr, [] { return "repair: the alarm is gone, begins anew"; });
    return;
  }
  next.left.repairs--;
  next.alarm = 0;
  next.knownLost = state.knownLost && isAnyMarkLate(state);
  for (Worker& worker : next.workers) {
    worker.ownLost = 0;
    if (options.repairEndsEvidence) {
      worker.evidenceLost = 0;
      std::memset(worker.evidence, 0, sizeof worker.evidence);
    }
    if (worker.alarmed) worker.alarmed = AlarmClosed;
  }
  steps.add(next, Kind::Fair, nullptr, [] { return "repair: nothing is missing, closes the alarm"; });
}

/** A worker that found a loss sees that its alarm was closed. */
inline void alarmIsSeenClosed(const State& state, int worker, StateSteps& steps) {
  if (state.workers[worker].alarmed != AlarmClosed || state.alarm) return;
  State next = state;
  next.workers[worker].alarmed = NoAlarm;
  steps.add(next, Kind::Fair, nullptr, [&] { return workerName(worker) + ": sees that the alarm was closed"; });
}

inline void repairSteps(const State& state, StateSteps& steps) {
  if (options.repairs == 0) return;
  repairReads(state, steps);
  repairWrites(state, steps);
  repairCloses(state, steps);
  for (int worker = 0; worker < workerCount; worker++) alarmIsSeenClosed(state, worker, steps);
}

}  // namespace model
