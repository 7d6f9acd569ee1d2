/*
 * The product store: leases, journal, what an apply transaction reads and writes, and transactions whose worker
 * has given up on them.
 */
#pragma once

#include "middle.hpp"

namespace model {

inline void unlock(State& state, int holder) {
  for (Lease& lease : state.leases)
    if (lease.lock == holder) lease.lock = Unlocked;
}

/** The session of a worker is lost with its transaction open: the locks stay. */
inline void orphanLocks(State& state, int worker) {
  for (Lease& lease : state.leases)
    if (lease.lock == worker + 1) lease.lock = LostSession;
}

inline bool holds(const State& state, int worker, int shard) {
  const Lease& lease = state.leases[shard];
  const u8 term = state.workers[worker].terms[shard];
  return term != 0 && lease.owner == worker + 1 && lease.term == term;
}

/** Whether a batch relies on the shard's lease. */
inline bool reliesOn(const Apply& apply, int worker, int shard) {
  for (int i = 0; i < rowCount; i++)
    if (has(apply.rows, i) && shardOf(worker, apply.row[i].customer) == shard) return true;
  return false;
}

/** Reads the customers of a batch: the model keeps only which version of them was read. */
inline void readCustomers(const State& state, Apply& apply) {
  for (int customer = 0; customer < customerCount; customer++) {
    apply.versions[customer] = 0;
    for (int i = 0; i < rowCount; i++)
      if (has(apply.rows, i) && apply.row[i].customer == customer) apply.versions[customer] = state.versions[customer];
  }
}

/** Looks the rows of a batch up in the journal; what it does not answer is decided. */
inline void lookUpJournal(const State& state, Batch& batch) {
  for (int i = 0; i < rowCount; i++) {
    if (!has(batch.apply.rows, i)) continue;
    const JournalRow& journal = state.journal[i];
    BatchRow& row = batch.apply.row[i];
    if (options.journalNamesAttempt && journal.attempt != row.attempt && has(journal.attempts, row.attempt)) {
      // A superseded attempt: a later one decided the row, and its entry answers this one too.
      if (options.superseded == IsAnswered && journal.outcome != Undecided) {
        row.outcome = journal.outcome;
        row.answeredEdition = journal.edition;
      } else if (options.superseded == IsDecided) {
        row.outcome = NewDecision | (row.good ? Applied : Refused);
        row.answeredEdition = row.edition;
      } else {
        dropRow(batch, i);
      }
    } else if (journal.outcome == Applied) {
      row.outcome = Applied;
      row.answeredEdition = journal.edition;
    } else if (journal.outcome == Refused && (!options.journalNamesAttempt || journal.attempt == row.attempt)) {
      row.outcome = Refused;
      row.answeredEdition = journal.edition;
    } else {
      row.outcome = NewDecision | (row.good ? Applied : Refused);
      row.answeredEdition = row.edition;
    }
  }
}

/** Whether the journal's keys refuse the new entries. */
inline bool journalRefuses(const State& state, const Apply& apply) {
  for (int i = 0; i < rowCount; i++) {
    if (!has(apply.rows, i) || !(apply.row[i].outcome & NewDecision)) continue;
    const JournalRow& journal = state.journal[i];
    if (journal.outcome == Applied) return true;
    if (options.journalNamesAttempt ? has(journal.attempts, apply.row[i].attempt) : journal.outcome != Undecided)
      return true;
  }
  return false;
}

/** The promise that writing this new decision breaks, or null. */
inline const char* judgeDecision(const State& state, int worker, const Apply& apply, int index) {
  const BatchRow& decision = apply.row[index];
  const Row& row = state.rows[index];
  const char* violation = nullptr;
  if (!options.shardCountsDiffer) {
    const int shard = shardOf(decision.customer);
    const Lease& lease = state.leases[shard];
    if (lease.term != apply.terms[shard] || lease.owner != worker + 1)
      violation = "FENCE: product store changed by a worker without the lease";
  }
  if (state.versions[decision.customer] != apply.versions[decision.customer])
    violation = "LOST UPDATE: decided on a stale snapshot of the customer";
  for (int earlier = 0; earlier < index; earlier++) {
    if (!isOpen(state, earlier) || state.rows[earlier].customer != row.customer) continue;
    if (mayOvertake(index, earlier)) continue;
    if (has(state.openBefore[index], earlier) || has(apply.openAtPoll, earlier))
      violation = "ORDER: later row of the customer decided before an open earlier one";
  }
  const bool effect = (decision.outcome & OutcomeBits) == Applied;
  if (effect && row.effects > 0) return "EFFECT TWICE";
  if (apply.onLostStore) return "LOST: decided on a store that went back, by a worker that had to notice";
  if (violation != nullptr) return violation;
  if (decision.edition > 0 && row.decided >= decision.edition) return "REDECIDE: same attempt decided twice";
  // After a loss a late mark may finish a row that is being decided anew, and the platform may then open it again.
  if (effect && decision.edition < row.edition && !hasFailedOver(state)) return "STALE: effect of replaced content";
  return nullptr;
}

inline void writeDecision(State& state, int index, const BatchRow& decision) {
  Row& row = state.rows[index];
  JournalRow& journal = state.journal[index];
  if ((decision.outcome & OutcomeBits) == Applied) row.effects++;
  if (row.decided < decision.edition) row.decided = decision.edition;
  // A restore took this content away, but not the commit in flight that decides it.
  if (options.restores > 0 && row.edition < decision.edition) row.edition = decision.edition;
  if (row.decided >= row.edition) forgetOpen(state, index);
  journal.outcome = decision.outcome & OutcomeBits;
  journal.attempt = decision.attempt;
  journal.edition = decision.edition;
  journal.attempts |= static_cast<u8>(1 << decision.attempt);
}

/** Commits an apply transaction: effects and journal entries together. */
inline const char* commitApply(State& state, int worker, const Apply& apply) {
  const char* violation = nullptr;
  bool changed[customerCount] = {};
  for (int i = 0; i < rowCount; i++) {
    if (!has(apply.rows, i) || !(apply.row[i].outcome & NewDecision)) continue;
    const char* broken = judgeDecision(state, worker, apply, i);
    if (violation == nullptr) violation = broken;
    changed[apply.row[i].customer] = true;
    writeDecision(state, i, apply.row[i]);
  }
  for (int customer = 0; customer < customerCount; customer++)
    if (changed[customer] && state.versions[customer] < 7) state.versions[customer]++;
  for (int i = 0; i < rowCount; i++)
    if (has(apply.behindMark, i)) state.rows[i].newerThanMark = 0;
  return violation;
}

/** The decisions that a transaction may come to: that of each row's content, or with `anyOutcome` any. */
template <class Use>
inline void forEachOutcome(const Apply& apply, Use use) {
  if (!options.anyOutcome) return use(apply);
  int open = 0;
  for (int i = 0; i < rowCount; i++)
    if (has(apply.rows, i) && (apply.row[i].outcome & NewDecision)) open |= 1 << i;
  for (int failed = open;; failed = (failed - 1) & open) {
    Apply decided = apply;
    for (int i = 0; i < rowCount; i++)
      if (has(open, i)) decided.row[i].outcome = NewDecision | (has(failed, i) ? Refused : Applied);
    use(decided);
    if (failed == 0) return;
  }
}

/** A COMMIT that its worker has given up on is carried out, or its transaction is rolled back. */
inline void orphanTransactionEnds(const State& state, StateSteps& steps) {
  const OrphanTransaction& orphan = state.orphan;
  if (orphan.kind == NoTransaction) return;
  const auto withoutIt = [](State next) {
    unlock(next, LostSession);
    std::memset(&next.orphan, 0, sizeof next.orphan);
    return next;
  };
  if (orphan.kind == CommitInFlight) {
    forEachOutcome(orphan.apply, [&](const Apply& apply) {
      State next = state;
      const bool refused = options.journalKey && journalRefuses(next, apply);
      const char* violation = refused ? nullptr : commitApply(next, orphan.worker, apply);
      steps.add(withoutIt(next), Kind::Fair, violation, [] { return "store: in-flight COMMIT is carried out"; });
    });
  }
  if (orphan.kind == CommitInFlight || options.storeEndsIdle)
    steps.add(withoutIt(state), Kind::Fair, nullptr,
              [] { return "store: open transaction of the lost session is rolled back"; });
}

inline void journalIsPurged(const State& state, StateSteps& steps) {
  if (options.purge == NoPurge) return;
  for (int i = 0; i < rowCount; i++) {
    if (state.rows[i].state != Succeeded && state.rows[i].state != Failed) continue;
    State next = state;
    JournalRow& journal = next.journal[i];
    if (options.purge == AnyOfFinishedRows) std::memset(&journal, 0, sizeof journal);
    else journal.attempts = static_cast<u8>(journal.outcome == Undecided ? 0 : 1 << journal.attempt);
    if (std::memcmp(&next, &state, sizeof next) == 0) continue;
    steps.add(next, Kind::Environment, nullptr, [&] { return "journal entries of row " + rowName(i) + " purged"; });
  }
}

}  // namespace model
