/*
 * Deferred customers. A customer with a refused row is left out of the polls until its deferral is due. The store holds
 * the deferrals; a worker reads them with its leases. Of each customer the model keeps one bit in the store, for a
 * deferral that is not due, and one in each worker that knows of it. When it is due, when its row is marked and when an
 * operator deletes it, the bit in the store ends: one step, which may happen at any time.
 */
#pragma once

#include "guard.hpp"

namespace model {

/** The batch is done: its customers are released, and those with a refused row deferred. */
inline void releaseBatch(Worker& worker) {
  const u8 claimRefused = worker.batch.claimRefused, markRefused = worker.batch.markRefused;
  dropBatch(worker);
  if (!(claimRefused | markRefused)) return;
  if (options.deferral == AfterRelease) worker.unwritten |= claimRefused | markRefused;
  if (options.deferral != BeforeRelease) return;
  worker.batch.stage = Deferring;
  worker.batch.claimRefused = claimRefused | markRefused;
}

/** One statement: deferrals of those customers whose shard the worker owns. */
inline int writeDeferrals(State& state, int worker, int customers) {
  int written = 0;
  for (int customer = 0; customer < customerCount; customer++) {
    if (!has(customers, customer) || state.leases[shardOf(customer)].owner != worker + 1) continue;
    written |= 1 << customer;
  }
  state.deferred |= static_cast<u8>(written);
  return written;
}

inline std::string customerNames(int customers) {
  std::string text;
  for (int customer = 0; customer < customerCount; customer++)
    if (has(customers, customer)) text += " " + std::to_string(customer);
  return text.empty() ? " none" : text;
}

inline void defer(const State& state, int worker, int customers, StateSteps& steps) {
  State next = state;
  Worker& self = next.workers[worker];
  const int written = writeDeferrals(next, worker, customers);
  self.unwritten = 0;
  if (self.batch.stage == Deferring) dropBatch(self);
  State replyLost = next;
  self.deferred |= static_cast<u8>(written);
  if (options.deferralEnd == TimerOfItsWriter) self.timers |= static_cast<u8>(written);
  const auto label = [&] { return workerName(worker) + ": writes deferrals of customers" + customerNames(written); };
  steps.add(next, Kind::Fair, nullptr, label);
  if (state.left.lostReplies == 0) return;
  replyLost.left.lostReplies--;
  steps.add(replyLost, Kind::Environment, nullptr, [&] { return label() + ", reply lost"; });
}

/** Customers of the shards that a worker believes it holds. */
inline int customersHeld(const Worker& worker) {
  int customers = 0;
  for (int customer = 0; customer < customerCount; customer++)
    if (worker.terms[shardOf(customer)] != 0) customers |= 1 << customer;
  return customers;
}

/** What the worker knows becomes what the store has. */
inline void readDeferrals(State& state, int worker) {
  state.workers[worker].deferred = static_cast<u8>(state.deferred & customersHeld(state.workers[worker]));
}

/** Deferrals are read with the leases, at any time, and known ones fall due. */
inline void deferralSteps(const State& state, int worker, StateSteps& steps) {
  const Worker& self = state.workers[worker];
  if (self.unwritten != 0) defer(state, worker, self.unwritten, steps);
  State next = state;
  readDeferrals(next, worker);
  if (next.workers[worker].deferred != self.deferred)
    steps.add(next, Kind::Fair, nullptr, [&] { return workerName(worker) + ": reads the deferrals with its leases"; });
  if (options.deferralEnd != ItsTime) return;
  for (int customer = 0; customer < customerCount; customer++) {
    if (!has(self.deferred, customer)) continue;
    next = state;
    next.workers[worker].deferred &= static_cast<u8>(~(1 << customer));
    steps.add(next, Kind::Fair, nullptr, [&] {
      return workerName(worker) + ": the deferral of customer " + std::to_string(customer) + " is due as far as it knows";
    });
  }
}

/** A deferral is due, or it is deleted. */
inline void deferralEnds(const State& state, StateSteps& steps) {
  if (options.deferralEnd == NothingEndsIt) return;
  for (int customer = 0; customer < customerCount; customer++) {
    if (!has(state.deferred, customer)) continue;
    const u8 others = static_cast<u8>(~(1 << customer));
    State next = state;
    next.deferred &= others;
    bool hasTimer = false;
    for (Worker& worker : next.workers) {
      hasTimer = hasTimer || has(worker.timers, customer);
      worker.timers &= others;
    }
    if (options.deferralEnd == TimerOfItsWriter && !hasTimer) continue;
    steps.add(next, Kind::Fair, nullptr,
              [&] { return "store: the deferral of customer " + std::to_string(customer) + " is due or deleted"; });
  }
}

/** The promise that polling these rows breaks, or null. */
inline const char* judgePoll(const Worker& worker) {
  const int customers = customersOf(worker.batch.apply, worker.batch.apply.rows);
  if (!(customers & worker.unwritten)) return nullptr;
  return "TOO SOON: rows of a customer polled again before the deferral of its refused row";
}

}  // namespace model
