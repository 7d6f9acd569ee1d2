/*
 * Which order the events of a trace may have come in.
 *
 * They are listed by the times of their commits. A commit has its time a little before others see it, so two that are close
 * together may have taken effect in the other order. Where locks or a process make the order certain, it is the listed one:
 * for events of one worker, for those of one row in the middle database, and for leases and decisions in the store, which
 * all lock the lease.
 */
#pragma once

#include "trace.hpp"

namespace model {

/** Events that have happened: all before `first`, and of those from there on the ones in `beyond`, from bit 0. */
struct Cut {
  size_t first = 0;
  uint64_t beyond = 0;

  bool has(size_t number) const { return number < first || (number - first < 64 && (beyond >> (number - first) & 1)); }

  Cut with(size_t number) const {
    Cut next{first, beyond | uint64_t{1} << (number - first)};
    for (; next.beyond & 1; next.beyond >>= 1) next.first++;
    return next;
  }

  bool operator<(const Cut& other) const {
    return first != other.first ? first < other.first : beyond < other.beyond;
  }
};

inline bool isOfStore(const Event& event) {
  return event.kind == EventKind::Decide || event.kind == EventKind::Take || event.kind == EventKind::Release;
}

/** Whether an event that is listed before another one has happened before it for certain. */
inline bool isBefore(const Trace& trace, const Event& event, const Event& later) {
  if (later.time - event.time > trace.tolerance) return true;
  if (event.worker >= 0 && event.worker == later.worker) return true;
  if (isOfStore(event) || isOfStore(later)) return isOfStore(event) && isOfStore(later);
  return (event.rows & later.rows) != 0;
}

/** The events that may come next. */
inline std::vector<size_t> nextEvents(const Trace& trace, const Cut& cut) {
  const std::vector<Event>& events = trace.events;
  if (trace.tolerance == 0) return {cut.first};
  std::vector<size_t> next;
  for (size_t number = cut.first; number < events.size() && number - cut.first < 64; number++) {
    if (events[number].time - events[cut.first].time > trace.tolerance) break;
    bool isNext = !cut.has(number);
    for (size_t earlier = cut.first; isNext && earlier < number; earlier++)
      isNext = cut.has(earlier) || !isBefore(trace, events[earlier], events[number]);
    if (isNext) next.push_back(number);
  }
  return next;
}

}  // namespace model
