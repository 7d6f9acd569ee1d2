/*
 * Whether the model explains what was observed of the code.
 *
 * The acceptor keeps the set of states that the model may be in. For each event it takes the model's own steps whose
 * observable effect is the event, after any number of steps without one: reads, fences, rollbacks, and polls where the
 * trace does not show them. No state left: the model does not explain the event.
 *
 * A worker that polls again has ended its batch; what it had sent may still land, and that is decided there.
 */
#pragma once

#include <map>

#include "describe.hpp"
#include "restore.hpp"
#include "state-set.hpp"
#include "trace-order.hpp"
#include "worker.hpp"

namespace model {

/** No trace of the code has come near to so many states. */
constexpr uint64_t mostStates = 200000;

/** What comes of a trace. */
struct TraceResult {
  bool accepted;
  /** There were too many states to say. */
  bool undecided;
  /** Number of the event, from 1, that is not explained. */
  size_t event;
  /** The promises that the only steps which would explain it break. */
  std::vector<std::string> broken;
  /** The states before it. */
  std::vector<State> before;
  /** States visited. */
  uint64_t states;
};

inline void endBatch(State& state, int worker) {
  unlock(state, worker + 1);
  dropBatch(state.workers[worker]);
}

/** Whether a batch may come to show this event of its worker: otherwise another poll precedes the event. */
inline bool mayShow(const Batch& batch, const Event& event) {
  const auto isIn = [&](int rows) { return (event.rows & ~rows) == 0; };
  switch (event.kind) {
    case EventKind::Claim:
      return batch.stage == Claiming && isIn(batch.apply.rows & ~batch.polledProcessing & ~batch.claimed);
    case EventKind::Decide:
      if (batch.stage == Committing) return isIn(batch.apply.rows | batch.later);
      return batch.stage < Committing && isIn(batch.apply.rows);
    default: return isIn(batch.apply.rows | batch.later | batch.decided);
  }
}

/** Follows one trace. */
class Acceptor {
 public:
  /**
   * Thorough: batches are followed too that show nothing before the worker's next poll, only later, and a poll may be one
   * that its worker had given up, so that its batch goes on. Where polls are not shown, it may have sent statements that
   * land later whenever it polls.
   */
  Acceptor(const Trace& trace, bool isThorough) : trace_(trace), isThorough_(isThorough) {
    options.overtakes = trace.overtakes;
    options.judgeMarkOrder = trace.judgesMarkOrder;
  }

  TraceResult run() {
    using Level = std::map<Cut, States>;
    Level level;
    level[Cut{}].add(initial());
    for (size_t count = 0; count < trace_.events.size(); count++) {
      Level next;
      broken_.clear();
      for (const auto& [cut, states] : level)
        for (const size_t number : nextEvents(trace_, cut)) {
          States to;
          follow(states, cut, number, to);
          States& all = next[cut.with(number)];
          for (const State& state : to.all()) all.add(state);
          if (all.size() == 0) next.erase(cut.with(number));
          if (visited_ > mostStates) return {false, true, 0, {}, {}, visited_};
        }
      // The last cut is the one that explains the most of what came first.
      const auto& [cut, states] = *level.rbegin();
      if (next.empty()) return {false, false, cut.first + 1, broken_, states.all(), visited_};
      level = std::move(next);
    }
    return {true, false, 0, {}, {}, visited_};
  }

 private:
  static State initial() {
    State state;
    std::memset(&state, 0, sizeof state);
    for (Row& row : state.rows) {
      row.edition = 1;
      row.state = NotThereYet;
    }
    for (Worker& worker : state.workers) worker.life = Up;
    return state;
  }

  /** What the worker's batches show next, before its next poll or at any time; null: nothing. */
  const Event* nextOfBatch(int worker, const Cut& cut, bool beforePoll) const {
    for (size_t number = cut.first; number < trace_.events.size(); number++) {
      const Event& event = trace_.events[number];
      if (event.worker != worker || cut.has(number)) continue;
      if (isOfBatch(event)) return &event;
      if (event.kind == EventKind::Restart || (beforePoll && event.kind == EventKind::Poll)) return nullptr;
    }
    return nullptr;
  }

  bool hasMore(int worker, const Cut& cut, bool beforePoll) const {
    return nextOfBatch(worker, cut, beforePoll) != nullptr;
  }

  /** What the batches of each worker show next at any time. */
  struct Upcoming {
    const Event* of[workerCount];
  };

  Upcoming upcoming(const Cut& cut) const {
    Upcoming next;
    for (int worker = 0; worker < workerCount; worker++) next.of[worker] = nextOfBatch(worker, cut, false);
    return next;
  }

  /** All states reached from these by steps that show nothing, before the event of this number. */
  States closure(const States& from, const Cut& cut, size_t number) const {
    const Upcoming next = upcoming(cut);
    bool goesOn[workerCount];
    for (int worker = 0; worker < workerCount; worker++)
      // What a worker has sent when it polls again may land later.
      goesOn[worker] = hasMore(worker, cut, !isThorough_ && !isPollOf(worker, number));
    States reached;
    for (const State& state : from.all()) reached.add(state);
    for (size_t at = 0; at < reached.size() && at <= mostStates; at++) {
      const State state = reached[at];
      const Observable seen = observe(state);
      const auto take = [&](const State& step, const char* violation) {
        if (violation == nullptr && observe(step) == seen) reached.add(withoutIdleBatches(step, next));
      };
      for (int worker = 0; worker < workerCount; worker++) {
        if (goesOn[worker] && !trace_.showsPolls) pollUnseen(state, worker, next, reached);
        const u8 stage = state.workers[worker].batch.stage;
        if (stage == Idle) continue;
        if (goesOn[worker])
          eachStep([&](StateSteps& steps) { continueBatch(state, worker, steps); }, take);
        else if (stage == Committing)
          eachStep([&](StateSteps& steps) { rollBack(state, worker, steps); }, take);
      }
      eachStep([&](StateSteps& steps) { orphanTransactionEnds(state, steps); }, take);
    }
    return reached;
  }

  bool isPollOf(int worker, size_t number) const {
    const Event& event = trace_.events[number];
    return event.kind == EventKind::Poll && event.worker == worker;
  }

  void follow(const States& from, const Cut& cut, size_t number, States& to) {
    const Event& event = trace_.events[number];
    const States reached = closure(from, cut, number);
    const Cut following = cut.with(number);
    const Upcoming then = upcoming(following);
    visited_ += reached.size();
    for (const State& state : reached.all()) {
      if (event.kind == EventKind::Poll) {
        followPoll(state, cut, event, following, to);
        continue;
      }
      if (event.kind == EventKind::Restart) {
        to.add(withoutIdleBatches(restarted(state, event.worker), then));
        continue;
      }
      const Observable seen = observe(state);
      const Observable wanted = after(seen, event);
      if (!changesAll(seen, wanted, event)) continue;
      eachStep([&](StateSteps& steps) { stepsLike(state, event, steps); },
               [&](const State& next, const char* violation) {
                 if (!(observe(next) == wanted)) return;
                 if (violation == nullptr) to.add(withoutIdleBatches(next, then));
                 else if (broken_.empty() || broken_.back() != violation) broken_.push_back(violation);
               });
    }
  }

  /** All that the process before has sent has landed. */
  static State restarted(State state, int worker) {
    endBatch(state, worker);
    std::memset(&state.workers[worker], 0, sizeof(Worker));
    state.workers[worker].life = Up;
    if (state.late.worker == worker) std::memset(&state.late, 0, sizeof state.late);
    return state;
  }

  /** The steps that may have the effect of the event. */
  static void stepsLike(State state, const Event& event, StateSteps& steps) {
    switch (event.kind) {
      case EventKind::Insert: return platformInserts(state, steps);
      case EventKind::Reset: state.left.resets = 1; return platformResets(state, steps);
      case EventKind::Restore: state.left.restores = 1; return middleIsRestored(state, steps);
      case EventKind::Take: state.left.steals = 1; return takeShard(state, event.worker, 0, steps);
      case EventKind::Release: state.left.giveBacks = 1; return giveShardBack(state, event.worker, 0, steps);
      case EventKind::Decide:
        if (state.orphan.kind != NoTransaction && state.orphan.worker == event.worker)
          orphanTransactionEnds(state, steps);
        break;
      default:
        if (state.late.kind != NoStatement && state.late.worker == event.worker) lateStatementLands(state, steps);
    }
    if (state.workers[event.worker].batch.stage != Idle) continueBatch(state, event.worker, steps);
  }

  /** Batches that show nothing more make states differ to no purpose. */
  State withoutIdleBatches(State state, const Upcoming& upcoming) const {
    for (int worker = 0; worker < workerCount; worker++) {
      const Batch& batch = state.workers[worker].batch;
      if (batch.stage == Idle) continue;
      const Event* next = upcoming.of[worker];
      const bool isIdle = next == nullptr || (!trace_.showsPolls && !isThorough_ && !mayShow(batch, *next));
      if (isIdle) endBatch(state, worker);
    }
    return state;
  }

  /** The batch before has ended, or what was sent for it is still on its way. */
  void followPoll(const State& state, const Cut& cut, const Event& event, const Cut& following, States& to) const {
    const int worker = event.worker;
    if (isThorough_) to.add(state);
    State dropped = state;
    endBatch(dropped, worker);
    beginBatch(dropped, event, following, to);
    if (state.workers[worker].batch.stage == Idle || !hasMore(worker, cut, false)) return;
    eachLeft(state, worker, [&](const State& next) { beginBatch(next, event, following, to); });
  }

  /** States in which the worker has ended its batch, and what it sent last is still on its way. */
  template <class Use>
  static void eachLeft(const State& state, int worker, Use use) {
    State late = state;
    late.left.lostReplies = 1;
    const Observable seen = observe(state);
    eachStep([&](StateSteps& steps) { continueBatch(late, worker, steps); },
             [&](const State& next, const char*) {
               const bool isLeft = next.late.kind != state.late.kind || next.orphan.kind != state.orphan.kind;
               if (isLeft && observe(next) == seen) use(next);
             });
  }

  /** A batch of the polled rows, or of some of them, or none. */
  void beginBatch(const State& state, const Event& event, const Cut& following, States& to) const {
    to.add(state);
    if (!hasMore(event.worker, following, !isThorough_)) return;
    eachStep([&](StateSteps& steps) { poll(state, event.worker, steps); },
             [&](const State& next, const char*) {
               if ((next.workers[event.worker].batch.apply.rows & ~event.rows) == 0) to.add(next);
             });
  }

  /** A poll that the trace does not show; the batch before has ended, or what was sent for it is still on its way. */
  void pollUnseen(const State& state, int worker, const Upcoming& upcoming, States& reached) const {
    State idle = state;
    endBatch(idle, worker);
    eachStep([&](StateSteps& steps) { poll(idle, worker, steps); },
             [&](const State& next, const char*) { reached.add(withoutIdleBatches(next, upcoming)); });
    if (!isThorough_ || state.workers[worker].batch.stage == Idle) return;
    reached.add(idle);
    eachLeft(state, worker, [&](const State& next) { reached.add(next); });
  }

  const Trace& trace_;
  const bool isThorough_;
  uint64_t visited_ = 0;
  std::vector<std::string> broken_;
};

/** Whether the model explains a trace. What only a thorough look finds is rare, and costs most. */
inline TraceResult judge(const Trace& trace) {
  const TraceResult result = Acceptor(trace, false).run();
  return result.accepted || result.undecided ? result : Acceptor(trace, true).run();
}

}  // namespace model
