/*
 * The middle database goes back in time: a backup is restored, in which a row stands as it stood at an earlier attempt.
 */
#pragma once

#include "store.hpp"

namespace model {

inline void stopWorkers(State& state) {
  for (int worker = 0; worker < workerCount; worker++) {
    std::memset(&state.workers[worker], 0, sizeof(Worker));
    unlock(state, worker + 1);
  }
}

/**
 * The row stands in State 1 under an attempt that is superseded by now. What the platform has corrected since is gone.
 * Statements in flight end with the server.
 */
inline void middleIsRestored(const State& state, StateSteps& steps) {
  if (state.left.restores == 0) return;
  for (int i = 0; i < rowCount; i++) {
    const JournalRow& journal = state.journal[i];
    for (int attempt = 1; attempt < 8; attempt++) {
      if (!has(journal.attempts, attempt) || journal.attempt == attempt || journal.outcome == Undecided) continue;
      State next = state;
      next.left.restores--;
      // In a trace only this row goes back.
      if (!options.inParts) std::memset(&next.late, 0, sizeof next.late);
      if (options.restoreStopsWorkers) stopWorkers(next);
      Row& row = next.rows[i];
      row.state = Processing;
      row.newestAttempt = row.newestAttempt > row.attempt ? row.newestAttempt : row.attempt;
      row.attempt = static_cast<u8>(attempt);
      row.edition = row.decided = journal.edition;
      row.good = 0;
      forgetOpen(next, i);
      noteUnfinished(next, i);
      steps.add(next, Kind::Environment, nullptr, [&] {
        return "middle: restored, row " + rowName(i) + " stands in State 1 under its superseded attempt " +
               std::to_string(attempt);
      });
    }
  }
}

}  // namespace model
