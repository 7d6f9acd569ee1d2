/*
 * The core of the protocol: two workers, one middle database, one product store. See docs/protocol.md.
 *
 *   g++ -O2 -std=c++17 -DROWS=2 -DSHARDS=1 main.cpp -o core && ./core crashes=1 steals=2 schedules=1
 *
 * Progress goes to stderr, a line for each depth; results go to stdout. Ends with 1 where a promise is broken or the
 * states were too many, and with 2 where an option is wrong.
 */
#include "describe.hpp"
#include "repair.hpp"
#include "restore.hpp"
#include "standby.hpp"
#include "take-back.hpp"
#include "worker.hpp"

namespace model {

static State initialState() {
  State state;
  std::memset(&state, 0, sizeof state);
  for (int i = 0; i < rowCount; i++) {
    Row& row = state.rows[i];
    row.edition = 1;
    row.good = has(options.good, i);
    row.customer = has(options.customers, i);
    row.state = has(options.arriveLater, i) ? NotThereYet : Initial;
    state.openBefore[i] = static_cast<u8>(row.state == Initial ? (1 << i) - 1 : 0);
  }
  for (Worker& worker : state.workers) worker.life = Up;
  state.left.crashes = static_cast<u8>(options.crashes);
  state.left.steals = static_cast<u8>(options.steals);
  state.left.resets = static_cast<u8>(options.resets);
  state.left.lostReplies = static_cast<u8>(options.lostReplies);
  state.left.giveBacks = static_cast<u8>(options.giveBacks);
  state.left.failOvers = static_cast<u8>(options.failOvers);
  state.left.handMarks = static_cast<u8>(options.handMarks);
  state.left.refusals = static_cast<u8>(options.refusals);
  state.left.restores = static_cast<u8>(options.restores);
  state.left.repairs = static_cast<u8>(options.repairs);
  state.left.takeBacks = static_cast<u8>(options.takeBacks);
  return state;
}

static void steps(const State& state, StateSteps& to) {
  if (isEndedByAlarm(state)) return;
  platformResets(state, to);
  platformEditsInitial(state, to);
  platformInserts(state, to);
  personMarks(state, to);
  rowIsRefused(state, to);
  middleIsRestored(state, to);
  journalIsPurged(state, to);
  lateStatementLands(state, to);
  orphanTransactionEnds(state, to);
  standbyCatchesUp(state, to);
  storeFailsOver(state, to);
  repairSteps(state, to);
  takeBackSteps(state, to);
  deferralEnds(state, to);
  for (int worker = 0; worker < workerCount; worker++) workerSteps(state, worker, to);
}

/** Whether the row stands in State 0 or 1 because it is refused for ever. */
static bool isHeldBack(const State& state, int row) {
  if (!options.refusedForEver) return false;
  const u8 rowState = state.rows[row].state;
  return (rowState == Initial && has(state.refusesClaim, row)) ||
         (rowState == Processing && has(state.refusesMark, row));
}

/**
 * P1: every row ends in 2 or 3, unless an alarm ends the work. P12: a row that is refused for ever holds back none but
 * itself and the later rows of its customer.
 */
static bool isGoal(const State& state) {
  if (isAlarmed(state)) return true;
  int heldBack = 0;
  for (int i = 0; i < rowCount; i++) {
    const Row& row = state.rows[i];
    if (isHeldBack(state, i)) heldBack |= 1 << row.customer;
    if (row.state != Succeeded && row.state != Failed && !has(heldBack, row.customer)) return false;
  }
  return state.orphan.kind == NoTransaction && state.repair.stage < TakeBackLocks;
}

/** Options that the model does not know how to combine. */
static const char* contradiction() {
  if (options.refusals > 0 && !options.readAfterClaim) return "refused claims are told by the read after the claim";
  if (!hasGuard()) return nullptr;
  if (options.editCustomer || options.shardCountsDiffer)
    return "the bits of the high-water mark belong to a row's shard, which must not change";
  if (options.restores > 0) return "a restore of the middle database is modelled without the guard";
  if (options.supersede != InApply || options.poll != OneSnapshot || !options.journalUnderLock)
    return "a fail-over is modelled for the protocol as it stands only";
  return nullptr;
}

}  // namespace model

int main(int argc, char** argv) {
  using namespace model;
  for (int i = 1; i < argc; i++) readOption(options, argv[i]);
  if (const char* why = contradiction()) {
    std::fprintf(stderr, "%s\n", why);
    return 2;
  }
  const checker::Limits limits{static_cast<uint64_t>(options.maxStates), options.progress != 0,
                               options.stopAtFirst != 0};
  checker::Checker<State> check({initialState(), steps, isGoal, describe}, limits);
  check.run();
  return check.report(options.schedules != 0) ? 0 : 1;
}
