/*
 * How a worker gets and gives back shards, beside the way of its batch. Renewal is part of the guard: guard.hpp.
 */
#pragma once

#include "deferral.hpp"

namespace model {

/**
 * Takes a shard that is free. Time does not exist in the model: a lease may run out at any moment at which its row is
 * not locked, so what holds here holds without any clock. Taking it from a live worker is a fault, and counted.
 */
inline void takeShard(const State& state, int worker, int shard, StateSteps& steps) {
  const Lease& lease = state.leases[shard];
  const bool isOwn = holds(state, worker, shard);
  if ((isOwn && !options.retakes) || lease.lock != Unlocked) return;
  const bool isOthers = lease.owner != 0 && lease.owner != worker + 1;
  const bool isLive = isOwn || (isOthers && state.workers[lease.owner - 1].life == Up &&
                                holds(state, lease.owner - 1, shard));
  if (isLive && state.left.steals == 0) return;
  State next = state;
  if (isLive) next.left.steals--;
  next.leases[shard] = {static_cast<u8>(worker + 1), static_cast<u8>(lease.term + 1), Unlocked, lease.compared};
  next.workers[worker].terms[shard] = next.leases[shard].term;
  readDeferrals(next, worker);
  noteTaken(next, shard);
  steps.add(next, isLive ? Kind::Environment : Kind::Fair, nullptr, [&] {
    return workerName(worker) + ": takes shard " + std::to_string(shard) + " (term " +
           std::to_string(next.leases[shard].term) + ")" + (isOwn ? ", its own lease ran out" : isLive ? ", the other's lease ran out" : "");
  });
}

/** With ids that survive a restart: finds its own id in a lease, and takes the lease for its own. */
inline void findOwnId(const State& state, int worker, int shard, StateSteps& steps) {
  const Lease& lease = state.leases[shard];
  if (!options.idsReused || lease.owner != worker + 1 || holds(state, worker, shard)) return;
  State next = state;
  next.workers[worker].terms[shard] = lease.term;
  steps.add(next, Kind::Fair, nullptr, [&] {
    return workerName(worker) + ": finds its own id in the lease of shard " + std::to_string(shard) + " (term " +
           std::to_string(lease.term) + ")";
  });
}

inline void giveShardBack(const State& state, int worker, int shard, StateSteps& steps) {
  if (state.left.giveBacks == 0 || !holds(state, worker, shard) || state.leases[shard].lock != Unlocked) return;
  if (state.workers[worker].batch.stage != Idle && !options.giveBackBusy) return;
  State next = state;
  next.left.giveBacks--;
  next.leases[shard].owner = 0;
  // Where polls are observed, one that was sent before may still be on its way.
  if (!options.partialPolls) forgetLease(next, worker, shard);
  steps.add(next, Kind::Environment, nullptr,
            [&] { return workerName(worker) + ": gives back shard " + std::to_string(shard); });
}

}  // namespace model
