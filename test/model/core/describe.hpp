/*
 * A state in words.
 */
#pragma once

#include "state.hpp"

namespace model {

inline std::string describe(const State& state) {
  static const char* const outcomes[] = {"-", "applied", "failed"};
  static const char* const lives[] = {"down", "up", "frozen"};
  std::string text;
  for (int i = 0; i < rowCount; i++) {
    const Row& row = state.rows[i];
    text += rowName(i) + "[State " + std::to_string(row.state) + " customer " + std::to_string(row.customer) +
            " attempt " + std::to_string(row.attempt) + " effects " + std::to_string(row.effects) + " journal " +
            outcomes[state.journal[i].outcome] + (has(state.refusesClaim, i) ? ", claim refused" : "") +
            (has(state.refusesMark, i) ? ", mark refused" : "") + "] ";
  }
  for (int shard = 0; shard < shardCount; shard++)
    text += "shard" + std::to_string(shard) + "[owner W" + std::to_string(state.leases[shard].owner) + " term " +
            std::to_string(state.leases[shard].term) + "] ";
  for (int w = 0; w < workerCount; w++)
    text += workerName(w) + "[" + lives[state.workers[w].life] + ", next " +
            stageNames[state.workers[w].batch.stage] + "] ";
  return text;
}

}  // namespace model
