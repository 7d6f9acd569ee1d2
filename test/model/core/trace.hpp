/*
 * Whether the model explains what was observed of the code.
 *
 * A trace is what two databases saw of a few rows of one customer, in its true order. The acceptor keeps the set of states
 * that the model may be in. For each event it takes the model's own steps whose observable effect is the event, after any
 * number of steps without one: reads, fences, rollbacks. No state left: the model does not explain the event.
 *
 * What is observable: State and attempt of each row, the journal, owner and term of the lease, and which rows a poll
 * returned. A worker that polls again has ended its batch; what it had sent may still land, and that is decided there.
 */
#pragma once

#include <unordered_set>
#include <vector>

#include "describe.hpp"
#include "restore.hpp"
#include "worker.hpp"

namespace model {

static_assert(shardCount == 1, "a trace is that of one customer");

enum class EventKind { Insert, Reset, Restore, Poll, Claim, Decide, Mark, Take, Release, Restart };

/** One observed event. */
struct Event {
  EventKind kind;
  /** Whose it is; 0 where it is no worker's. */
  int worker;
  int rows;
  /** For each row the attempt, or of a mark the new State. */
  u8 value[rowCount];
  Outcome outcome[rowCount];
  /** Of a lease that is taken. */
  u8 term;
  std::string text;
};

struct Trace {
  std::string name;
  /** Options::overtakes. */
  int overtakes;
  /** Marks of a customer land in its order: nothing swallowed or undid any. */
  bool judgesMarkOrder;
  std::vector<Event> events;
};

/** What comes of a trace. */
struct TraceResult {
  bool accepted;
  /** Number of the event, from 1, that is not explained. */
  size_t event;
  /** The promises that the only steps which would explain it break. */
  std::vector<std::string> broken;
  /** The states before it. */
  std::vector<State> before;
  /** States visited. */
  uint64_t states;
};

inline uint64_t fingerprintOf(const State& state) { return checker::fingerprint(&state, sizeof state); }

/** Calls back with each step. */
template <class Take>
class EachStep final : public StateSteps {
 public:
  explicit EachStep(Take take) : StateSteps(false), take_(take) {}

 protected:
  void take(const State& next, Kind, const char* violation, const std::string&) override { take_(next, violation); }

 private:
  Take take_;
};

template <class Add, class Take>
inline void eachStep(Add add, Take take) {
  EachStep<Take> steps(take);
  add(steps);
}

/** What both databases show of a state. */
struct Observable {
  u8 rows[rowCount][2];
  JournalRow journal[rowCount];
  u8 owner;
  u8 term;

  bool operator==(const Observable& other) const { return std::memcmp(this, &other, sizeof other) == 0; }
};

inline Observable observe(const State& state) {
  Observable seen{};
  for (int i = 0; i < rowCount; i++) {
    seen.rows[i][0] = state.rows[i].state;
    seen.rows[i][1] = state.rows[i].attempt;
    seen.journal[i] = state.journal[i];
    seen.journal[i].edition = 0;
  }
  seen.owner = state.leases[0].owner;
  seen.term = state.leases[0].term;
  return seen;
}

/** What they show after the event. */
inline Observable after(Observable seen, const Event& event) {
  for (int i = 0; i < rowCount; i++) {
    if (!has(event.rows, i)) continue;
    u8& rowState = seen.rows[i][0];
    u8& attempt = seen.rows[i][1];
    switch (event.kind) {
      case EventKind::Insert:
      case EventKind::Reset: rowState = Initial; break;
      case EventKind::Mark: rowState = event.value[i]; break;
      case EventKind::Claim:
      case EventKind::Restore:
        rowState = Processing;
        attempt = event.value[i];
        break;
      case EventKind::Decide:
        seen.journal[i].outcome = event.outcome[i];
        seen.journal[i].attempt = event.value[i];
        seen.journal[i].attempts |= static_cast<u8>(1 << event.value[i]);
        break;
      default: break;
    }
  }
  if (event.kind == EventKind::Take) {
    seen.owner = static_cast<u8>(event.worker + 1);
    seen.term = event.term;
  }
  if (event.kind == EventKind::Release) seen.owner = 0;
  return seen;
}

/** Whether the event changes all that it names: a step without an effect explains nothing. */
inline bool changesAll(const Observable& before, const Observable& after, const Event& event) {
  const auto differs = [](const auto& one, const auto& other) { return std::memcmp(&one, &other, sizeof one) != 0; };
  for (int i = 0; i < rowCount; i++) {
    if (!has(event.rows, i)) continue;
    if (!differs(before.rows[i], after.rows[i]) && !differs(before.journal[i], after.journal[i])) return false;
  }
  return event.rows != 0 || differs(before, after);
}

/** States without repetition. */
class States {
 public:
  void add(const State& state) {
    State kept = state;
    std::memset(&kept.left, 0, sizeof kept.left);
    if (seen_.insert(fingerprintOf(kept)).second) all_.push_back(kept);
  }

  size_t size() const { return all_.size(); }
  const State& operator[](size_t index) const { return all_[index]; }
  const std::vector<State>& all() const { return all_; }

 private:
  std::unordered_set<uint64_t> seen_;
  std::vector<State> all_;
};

/** Follows one trace. */
class Acceptor {
 public:
  /**
   * Thorough: batches are followed too that show nothing before the worker's next poll, only later, and a poll may be one
   * that its worker had given up, so that its batch goes on.
   */
  Acceptor(const Trace& trace, bool isThorough) : trace_(trace), isThorough_(isThorough) {
    options.overtakes = trace.overtakes;
    options.judgeMarkOrder = trace.judgesMarkOrder;
  }

  TraceResult run() {
    States states;
    states.add(initial());
    for (size_t number = 0; number < trace_.events.size(); number++) {
      States next;
      broken_.clear();
      follow(states, number, next);
      if (next.size() == 0) return {false, number + 1, broken_, states.all(), visited_};
      states = std::move(next);
    }
    return {true, 0, {}, {}, visited_};
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

  static bool isOfBatch(EventKind kind) {
    return kind == EventKind::Claim || kind == EventKind::Decide || kind == EventKind::Mark;
  }

  /** Whether the worker's batch shows itself again, before its next poll or at any time. */
  bool hasMore(int worker, size_t from, bool ofThisBatch) const {
    for (size_t number = from; number < trace_.events.size(); number++) {
      const Event& event = trace_.events[number];
      if (event.worker != worker) continue;
      if (isOfBatch(event.kind)) return true;
      if (event.kind == EventKind::Restart || (ofThisBatch && event.kind == EventKind::Poll)) return false;
    }
    return false;
  }

  /** All states reached from these by steps that show nothing, before the event of this number. */
  States closure(const States& from, size_t number) const {
    bool goesOn[workerCount];
    for (int worker = 0; worker < workerCount; worker++)
      // What a worker has sent when it polls again may land later.
      goesOn[worker] = hasMore(worker, number, !isThorough_ && !isPollOf(worker, number));
    States reached;
    for (const State& state : from.all()) reached.add(state);
    for (size_t at = 0; at < reached.size(); at++) {
      const State state = reached[at];
      const Observable seen = observe(state);
      const auto take = [&](const State& next, const char* violation) {
        if (violation == nullptr && observe(next) == seen) reached.add(next);
      };
      for (int worker = 0; worker < workerCount; worker++) {
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

  void follow(const States& from, size_t number, States& to) {
    const Event& event = trace_.events[number];
    const States reached = closure(from, number);
    visited_ += reached.size();
    for (const State& state : reached.all()) {
      if (event.kind == EventKind::Poll) {
        followPoll(state, number, to);
        continue;
      }
      if (event.kind == EventKind::Restart) {
        State next = state;
        endBatch(next, event.worker);
        std::memset(&next.workers[event.worker], 0, sizeof(Worker));
        next.workers[event.worker].life = Up;
        to.add(next);
        continue;
      }
      const Observable seen = observe(state);
      const Observable wanted = after(seen, event);
      if (!changesAll(seen, wanted, event)) continue;
      eachStep([&](StateSteps& steps) { stepsLike(state, event, steps); },
               [&](const State& next, const char* violation) {
                 if (!(observe(next) == wanted)) return;
                 if (violation == nullptr) to.add(withoutIdleBatches(next, number + 1));
                 else if (broken_.empty() || broken_.back() != violation) broken_.push_back(violation);
               });
    }
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

  static void endBatch(State& state, int worker) {
    unlock(state, worker + 1);
    dropBatch(state.workers[worker]);
  }

  /** Batches that show nothing more make states differ to no purpose. */
  State withoutIdleBatches(State state, size_t number) const {
    for (int worker = 0; worker < workerCount; worker++)
      if (state.workers[worker].batch.stage != Idle && !hasMore(worker, number, false)) endBatch(state, worker);
    return state;
  }

  /** The batch before has ended, or what was sent for it is still on its way. */
  void followPoll(const State& state, size_t number, States& to) const {
    const int worker = trace_.events[number].worker;
    if (isThorough_) to.add(state);
    State dropped = state;
    endBatch(dropped, worker);
    beginBatch(dropped, number, to);
    if (state.workers[worker].batch.stage == Idle || !hasMore(worker, number, false)) return;
    State late = state;
    late.left.lostReplies = 1;
    const Observable seen = observe(state);
    eachStep([&](StateSteps& steps) { continueBatch(late, worker, steps); },
             [&](const State& next, const char*) {
               const bool isLeft = next.late.kind != state.late.kind || next.orphan.kind != state.orphan.kind;
               if (isLeft && observe(next) == seen) beginBatch(next, number, to);
             });
  }

  /** A batch of the polled rows, or of some of them, or none. */
  void beginBatch(const State& state, size_t number, States& to) const {
    const Event& event = trace_.events[number];
    to.add(state);
    if (!hasMore(event.worker, number + 1, !isThorough_)) return;
    eachStep([&](StateSteps& steps) { poll(state, event.worker, steps); },
             [&](const State& next, const char*) {
               if ((next.workers[event.worker].batch.apply.rows & ~event.rows) == 0) to.add(next);
             });
  }

  const Trace& trace_;
  const bool isThorough_;
  uint64_t visited_ = 0;
  std::vector<std::string> broken_;
};

/** Whether the model explains a trace. What only a thorough look finds is rare, and costs most. */
inline TraceResult judge(const Trace& trace) {
  const TraceResult result = Acceptor(trace, false).run();
  return result.accepted ? result : Acceptor(trace, true).run();
}

}  // namespace model
