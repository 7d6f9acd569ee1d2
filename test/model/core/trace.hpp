/*
 * What a trace consists of, and what of a state of the model it shows.
 *
 * A trace is what two databases saw of a few rows of one customer. What they see is State and attempt of each row, the
 * journal, owner and term of the lease, and which rows a poll returned.
 */
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "state.hpp"

namespace model {

static_assert(shardCount == 1, "a trace is that of one customer");

enum class EventKind { Insert, Reset, Restore, Poll, Claim, Decide, Mark, Take, Release, Restart };

/** One observed event. */
struct Event {
  EventKind kind;
  /** Whose it is; -1 where it is no worker's. */
  int worker;
  int rows;
  /** For each row the attempt, or of a mark the new State. */
  u8 value[rowCount];
  Outcome outcome[rowCount];
  /** Of a lease that is taken. */
  u8 term;
  /** When it was, by the clock of both databases, in microseconds. */
  uint64_t time;
  std::string text;
};

struct Trace {
  std::string name;
  /** Options::overtakes. */
  int overtakes;
  /** Marks of a customer land in its order: nothing swallowed or undid any. */
  bool judgesMarkOrder;
  /** What polls returned is among the events. */
  bool showsPolls;
  /** Events that are no further apart may have come in another order, in microseconds: see trace-order.hpp. */
  uint64_t tolerance;
  std::vector<Event> events;
};

/** Whether it is a step of a batch that a database sees. */
inline bool isOfBatch(const Event& event) {
  return event.kind == EventKind::Claim || event.kind == EventKind::Decide || event.kind == EventKind::Mark;
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

}  // namespace model
