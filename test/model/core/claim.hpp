/*
 * The claim, and the read after it.
 */
#pragma once

#include "deferral.hpp"

namespace model {

/** The worker gives up on a claim that may still be carried out. */
inline void leaveClaimInFlight(const State& state, int worker, int asked, StateSteps& steps) {
  if (state.left.lostReplies == 0 || state.late.kind != NoStatement) return;
  State next = state;
  next.left.lostReplies--;
  next.late.kind = LateClaim;
  if (options.inParts) next.late.worker = static_cast<u8>(worker);
  next.late.rows = static_cast<u8>(asked);
  dropBatch(next.workers[worker]);
  steps.add(next, Kind::Environment, nullptr, [&] {
    return workerName(worker) + ": sends claim " + namesOf(asked) +
           ", deadline passes, batch dropped; statement in flight";
  });
}

/** A statement of the claim is refused for one of its rows: nothing is changed, and it is done row by row. */
inline void claimIsRefused(const State& state, int worker, int asked, StateSteps& steps) {
  State next = state;
  Worker& self = next.workers[worker];
  if (options.splits) self.batch.rowByRow = static_cast<u8>(asked);
  else dropBatch(self);
  steps.add(next, Kind::Fair, nullptr, [&] {
    return workerName(worker) + ": claim of " + namesOf(asked) + " is refused" +
           (options.splits ? ", goes on row by row" : ", batch dropped");
  });
  leaveClaimInFlight(state, worker, asked, steps);
}

/** Claims some of the rows, the others being refused, locked or left as they are; or none any more. */
inline void claimPart(const State& state, int worker, StateSteps& steps) {
  const Batch& batch = state.workers[worker].batch;
  const int wanted = batch.apply.rows & ~batch.polledProcessing & ~batch.claimed;
  for (int part = wanted; part != 0; part = (part - 1) & wanted) {
    State next = state;
    next.workers[worker].batch.claimed |= static_cast<u8>(claimRows(next, part));
    steps.add(next, Kind::Fair, nullptr, [&] { return workerName(worker) + ": claims " + namesOf(part); });
  }
  State next = state;
  next.workers[worker].batch.stage = Reading;
  steps.add(next, Kind::Fair, nullptr, [&] { return workerName(worker) + ": has claimed what it can"; });
  if (wanted != 0) leaveClaimInFlight(state, worker, wanted, steps);
}

inline void claim(const State& state, int worker, StateSteps& steps) {
  if (options.inParts) return claimPart(state, worker, steps);
  const Batch& batch = state.workers[worker].batch;
  const int wanted = batch.apply.rows & ~batch.polledProcessing;
  const int ofStatement = rowsOfStatement(wanted, batch.statements);
  const int asked = batch.rowByRow ? firstOf(batch.rowByRow) : ofStatement;
  const int rowByRow = batch.rowByRow & ~asked;
  const bool moreStatements = batch.statements == 0 && ofStatement != wanted;
  const bool more = rowByRow != 0 || moreStatements;
  const int refused = refusedClaims(state, asked);
  if (refused != 0 && refused != asked) return claimIsRefused(state, worker, asked, steps);
  if (refused != 0 && !options.splits) return claimIsRefused(state, worker, asked, steps);
  for (int sameAttempt = 0; sameAttempt <= (options.attemptsMayCoincide ? 1 : 0); sameAttempt++) {
    if (sameAttempt) {
      bool any = false;
      for (int i = 0; i < rowCount; i++)
        any = any || (has(asked, i) && state.rows[i].state == Initial && state.rows[i].attempt != 0);
      if (!any) continue;
    }
    State next = state;
    Worker& self = next.workers[worker];
    const int changed = refused ? 0 : claimRows(next, asked, sameAttempt);
    self.batch.claimed |= static_cast<u8>(changed);
    self.batch.claimRefused |= static_cast<u8>(customersOf(batch.apply, refused));
    self.batch.rowByRow = static_cast<u8>(rowByRow);
    const State afterStatement = next;
    if (rowByRow == 0) self.batch.statements = moreStatements ? 1 : 0;
    if (!more) {
      self.batch.stage = Reading;
      if (!options.readAfterClaim && self.batch.claimed == wanted) {
        self.batch.stage = BeginningApply;
        for (int i = 0; i < rowCount; i++)
          if (has(self.batch.apply.rows, i)) self.batch.apply.row[i].attempt = next.rows[i].attempt;
      }
    }
    if (!options.snapshotUnderLock) readCustomers(next, self.batch.apply);
    if (!options.journalUnderLock && self.batch.stage == BeginningApply) lookUpJournal(next, self.batch);
    const auto label = [&] {
      return workerName(worker) + ": claims " + namesOf(asked) +
             (refused ? ", is refused" : ", changed " + namesOf(changed)) +
             (sameAttempt ? " (same second as before)" : "");
    };
    steps.add(next, Kind::Fair, nullptr, label);

    if (state.left.lostReplies == 0 || sameAttempt) continue;
    if (changed != 0) {
      next = afterStatement;
      next.left.lostReplies--;
      dropBatch(next.workers[worker]);
      steps.add(next, Kind::Environment, nullptr, [&] { return label() + ", reply lost, batch dropped"; });
    }
    leaveClaimInFlight(state, worker, asked, steps);
  }
}

/** Whether a row, read again after the claim, stays in the batch; takes over what was read. */
inline bool keepsRow(const Row& row, int worker, int index, Batch& batch) {
  BatchRow& kept = batch.apply.row[index];
  if (row.state != Processing || row.customer != kept.customer) return false;
  if (has(batch.polledProcessing, index) && row.attempt != kept.attempt) return false;
  if (options.changedRows == KeepOwnClaims && !has(batch.claimed | batch.polledProcessing, index)) return false;
  if (options.readAfterClaim) {
    kept.edition = row.edition;
    kept.good = row.good;
    if (batch.apply.terms[shardOf(worker, row.customer)] == 0) return false;
  }
  kept.attempt = row.attempt;
  return true;
}

/** The row went from State 1 to 2 since the poll: its decision may be a lost one. */
inline void noteFinishedMeanwhile(const State& state, int row, Batch& batch) {
  const int mask = 1 << row;
  batch.apply.seenFinished |= static_cast<u8>(finishedRowsThatMayBeMissing(state) & mask);
  if (options.comparison != NoComparison && options.looksUpFinishedMeanwhile)
    batch.finishedMeanwhile |= static_cast<u8>(batch.polledProcessing & mask);
}

/** Of each customer, the first row put back and all that follow it go back to the next poll. */
inline void dropPutBack(Batch& batch) {
  int stopped = 0;
  for (int i = 0; i < rowCount; i++) {
    if (!has(batch.apply.rows, i)) continue;
    const int customer = batch.apply.row[i].customer;
    if (has(batch.putBack, i) && options.changedRows == DropCustomer) stopped |= 1 << customer;
    if (has(batch.putBack, i) || has(stopped, customer)) dropRow(batch, i);
  }
  batch.putBack = 0;
}

inline void readClaimed(const State& state, int worker, StateSteps& steps) {
  State next = state;
  Worker& self = next.workers[worker];
  Batch& batch = self.batch;
  const int read = rowsOfStatement(batch.apply.rows, batch.statements);
  const bool more = batch.statements == 0 && read != batch.apply.rows;
  for (int i = 0; i < rowCount; i++) {
    if (!has(read, i)) continue;
    if (state.rows[i].state == Succeeded) noteFinishedMeanwhile(state, i, batch);
    if (!keepsRow(state.rows[i], worker, i, batch)) batch.putBack |= static_cast<u8>(1 << i);
  }
  // The rest of a customer can be told once all statements are done.
  if (!more || options.changedRows != DropCustomer) dropPutBack(batch);
  const int kept = batch.apply.rows;
  const int missing = more ? 0 : notApplied(state, batch.finishedMeanwhile);
  if (missing) {
    const char* violation = raiseAlarm(next, worker);
    steps.add(next, Kind::Fair, violation, [&] {
      return workerName(worker) + ": reads the claimed rows, and the journal has no success of " + namesOf(missing) +
             ", finished meanwhile: ALARM";
    });
    return;
  }
  if (!more) batch.finishedMeanwhile = 0;
  if (kept == 0) {
    releaseBatch(self);
  } else if (more) {
    batch.statements = 1;
  } else {
    batch.statements = 0;
    batch.stage = BeginningApply;
    if (!options.snapshotUnderLock) readCustomers(state, batch.apply);
    if (!options.journalUnderLock) {
      lookUpJournal(state, batch);
      if (batch.apply.rows == 0) dropBatch(self);
    }
  }
  steps.add(next, Kind::Fair, nullptr,
            [&] { return workerName(worker) + ": reads the claimed rows, keeps " + namesOf(kept); });
}

}  // namespace model
