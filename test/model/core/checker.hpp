/*
 * A generic breadth-first checker of explicit states.
 *
 * A model is a plain struct without padding, a function that lists the steps possible in a state, and a goal. The
 * checker visits every reachable state once, so the schedule it prints for a violation is a shortest one. States are
 * remembered by a 64-bit fingerprint only: for n states the chance of an overlooked one is below n² / 2^65.
 *
 * Progress (AG EF goal): once all states are known, the goal must be reachable from each of them by fair steps alone,
 * which are those that happen sooner or later without the help of a fault or a person.
 */
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace checker {

inline uint64_t mix(uint64_t value) {
  const uint64_t factor = 0xd6e8feb86659fd93ULL;
  value ^= value >> 32;
  value *= factor;
  value ^= value >> 32;
  value *= factor;
  return value ^ (value >> 32);
}

inline uint64_t fingerprint(const void* data, size_t size) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  uint64_t hash = 0x9E3779B97F4A7C15ULL ^ size;
  uint64_t word = 0;
  for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word) {
    std::memcpy(&word, bytes, sizeof word);
    hash = mix(hash ^ word) * 0x9FB21C651E98DF25ULL + 0x1234567;
  }
  word = 0;
  std::memcpy(&word, bytes, size);
  return mix(hash ^ word);
}

/** The fingerprints seen so far, numbered in the order in which they came: an open-addressing hash table. */
class FingerprintSet {
 public:
  FingerprintSet() : slots_(initialSlots, empty), mask_(initialSlots - 1) {}

  size_t size() const { return fingerprints_.size(); }

  /** The number of the fingerprint, and whether it is new. */
  std::pair<uint32_t, bool> add(uint64_t value) {
    if (fingerprints_.size() * 5 > slots_.size() * 3) grow();
    uint64_t at = mix(value) & mask_;
    while (slots_[at] != empty) {
      if (fingerprints_[slots_[at]] == value) return {slots_[at], false};
      at = (at + 1) & mask_;
    }
    slots_[at] = static_cast<uint32_t>(fingerprints_.size());
    fingerprints_.push_back(value);
    return {slots_[at], true};
  }

 private:
  static constexpr size_t initialSlots = 1 << 20;
  static constexpr uint32_t empty = UINT32_MAX;

  void grow() {
    mask_ = slots_.size() * 2 - 1;
    slots_.assign(mask_ + 1, empty);
    for (uint32_t i = 0; i < fingerprints_.size(); i++) {
      uint64_t at = mix(fingerprints_[i]) & mask_;
      while (slots_[at] != empty) at = (at + 1) & mask_;
      slots_[at] = i;
    }
  }

  std::vector<uint32_t> slots_;
  std::vector<uint64_t> fingerprints_;
  uint64_t mask_;
};

/** Whether a step happens sooner or later by itself, or only where a fault or a person makes it happen. */
enum class Kind { Fair, Environment };

/** Where a model puts the steps that are possible in a state. */
template <class State>
class Steps {
 public:
  virtual ~Steps() = default;

  /** `violation` names the promise that the step breaks, or is null; `label` makes its line in a schedule. */
  template <class Label>
  void add(const State& next, Kind kind, const char* violation, Label label) {
    take(next, kind, violation, wantsLabels_ ? std::string(label()) : std::string());
  }

 protected:
  explicit Steps(bool wantsLabels) : wantsLabels_(wantsLabels) {}
  virtual void take(const State& next, Kind kind, const char* violation, const std::string& label) = 0;

 private:
  const bool wantsLabels_;
};

template <class State>
struct Model {
  State initial;
  std::function<void(const State&, Steps<State>&)> steps;
  std::function<bool(const State&)> isGoal;
  std::function<std::string(const State&)> describe;
};

struct Limits {
  uint64_t maxStates;
  /** Needs half of the memory again and more: all fair steps are kept. */
  bool checkProgress;
  /** Ends behind the depth of the first violation: what a missing mechanism breaks first. */
  bool stopAtFirst;
};

template <class State>
class Checker {
 public:
  Checker(Model<State> model, Limits limits) : model_(std::move(model)), limits_(limits) {}

  void run() {
    std::vector<Open> level;
    std::vector<Open> next;
    level.push_back({model_.initial, visit(model_.initial, {none, 0}).first});
    while (!level.empty() && complete_) {
      next.clear();
      for (const Open& open : level) {
        expand(open, next);
        complete_ = seen_.size() <= limits_.maxStates;
        if (!complete_) break;
      }
      level.swap(next);
      depth_++;
      if (limits_.stopAtFirst && !violations_.empty()) complete_ = false;
      std::fprintf(stderr, "progress states=%zu depth=%u\n", seen_.size(), depth_);
    }
    if (complete_ && limits_.checkProgress) findStuck();
  }

  /** Prints what was found, a line each; with schedules, their numbered steps below. Returns whether all is well. */
  bool report(bool withSchedules) const {
    std::printf("result states=%zu transitions=%llu depth=%u complete=%d stuck=%llu\n", seen_.size(),
                static_cast<unsigned long long>(transitions_), depth_, complete_ ? 1 : 0,
                static_cast<unsigned long long>(stuckStates_));
    for (const auto& [name, violation] : violations_) {
      std::printf("violation depth=%u count=%llu %s\n", violation.depth,
                  static_cast<unsigned long long>(violation.count), name.c_str());
      if (withSchedules) printSchedule(scheduleTo(violation.from, violation.step));
    }
    // A violation ends its schedule, so states behind it are missing and others may seem stuck.
    if (stuckStates_ > 0 && violations_.empty()) {
      std::printf("violation depth=0 count=%llu STUCK: no fair steps lead to the goal\n",
                  static_cast<unsigned long long>(stuckStates_));
      if (withSchedules) printSchedule(scheduleTo(firstStuck_));
    }
    std::fflush(stdout);
    return complete_ && violations_.empty() && stuckStates_ == 0;
  }

 private:
  struct Open {
    State state;
    uint32_t number;
  };

  /** How a state was reached first: from which one, and by which of its steps. */
  struct Origin {
    uint32_t from;
    uint16_t step;
  };

  struct Violation {
    uint32_t from;
    uint16_t step;
    uint32_t depth;
    uint64_t count;
  };

  /** Visits the next states. */
  class Expansion final : public Steps<State> {
   public:
    Expansion(Checker& checker, uint32_t from, std::vector<Open>& next)
        : Steps<State>(false), checker_(checker), from_(from), next_(next) {}

   protected:
    void take(const State& state, Kind kind, const char* violation, const std::string&) override {
      const uint16_t step = step_++;
      checker_.transitions_++;
      if (violation != nullptr) {
        const auto found = checker_.violations_.insert({violation, {from_, step, checker_.depth_ + 1, 0}});
        found.first->second.count++;
        return;
      }
      const auto [number, isNew] = checker_.visit(state, {from_, step});
      if (isNew) next_.push_back({state, number});
      if (checker_.limits_.checkProgress && kind == Kind::Fair && number != from_)
        checker_.fairSteps_.push_back(number);
    }

   private:
    Checker& checker_;
    const uint32_t from_;
    std::vector<Open>& next_;
    uint16_t step_ = 0;
  };

  /** Repeats one step of a schedule. */
  class Replay final : public Steps<State> {
   public:
    explicit Replay(uint16_t wanted) : Steps<State>(true), wanted_(wanted) {}
    State state{};
    std::string label;
    const char* violation = nullptr;

   protected:
    void take(const State& next, Kind, const char* broken, const std::string& text) override {
      if (step_++ != wanted_) return;
      state = next;
      label = text;
      violation = broken;
    }

   private:
    const uint16_t wanted_;
    uint16_t step_ = 0;
  };

  static constexpr uint32_t none = UINT32_MAX;

  std::pair<uint32_t, bool> visit(const State& state, Origin origin) {
    const auto result = seen_.add(fingerprint(&state, sizeof state));
    if (result.second) {
      origins_.push_back(origin);
      isGoal_.push_back(model_.isGoal(state));
    }
    return result;
  }

  void expand(const Open& open, std::vector<Open>& next) {
    // States are expanded in the order of their numbers, so the fair steps of each lie side by side.
    if (limits_.checkProgress) fairStepsBegin_.push_back(fairSteps_.size());
    Expansion expansion(*this, open.number, next);
    model_.steps(open.state, expansion);
  }

  /** Walks the fair steps backwards from the goal; states that are not met are stuck. */
  void findStuck() {
    const auto states = static_cast<uint32_t>(seen_.size());
    fairStepsBegin_.push_back(fairSteps_.size());
    std::vector<uint64_t> begin(states + 1, 0);
    for (const uint32_t to : fairSteps_) begin[to + 1]++;
    for (uint32_t i = 0; i < states; i++) begin[i + 1] += begin[i];
    std::vector<uint32_t> before(fairSteps_.size());
    std::vector<uint64_t> end(begin.begin(), begin.end() - 1);
    for (uint32_t from = 0; from < states; from++)
      for (uint64_t e = fairStepsBegin_[from]; e < fairStepsBegin_[from + 1]; e++) before[end[fairSteps_[e]]++] = from;

    std::vector<bool> reachesGoal = isGoal_;
    std::vector<uint32_t> pending;
    for (uint32_t i = 0; i < states; i++)
      if (isGoal_[i]) pending.push_back(i);
    while (!pending.empty()) {
      const uint32_t at = pending.back();
      pending.pop_back();
      for (uint64_t e = begin[at]; e < begin[at + 1]; e++) {
        if (reachesGoal[before[e]]) continue;
        reachesGoal[before[e]] = true;
        pending.push_back(before[e]);
      }
    }
    for (uint32_t i = 0; i < states; i++) {
      if (reachesGoal[i]) continue;
      if (stuckStates_++ == 0) firstStuck_ = i;
    }
  }

  std::vector<uint16_t> scheduleTo(uint32_t number) const {
    std::vector<uint16_t> steps;
    for (; origins_[number].from != none; number = origins_[number].from) steps.push_back(origins_[number].step);
    return {steps.rbegin(), steps.rend()};
  }

  std::vector<uint16_t> scheduleTo(uint32_t from, uint16_t lastStep) const {
    std::vector<uint16_t> steps = scheduleTo(from);
    steps.push_back(lastStep);
    return steps;
  }

  void printSchedule(const std::vector<uint16_t>& steps) const {
    State state = model_.initial;
    int number = 0;
    for (const uint16_t step : steps) {
      Replay replay(step);
      model_.steps(state, replay);
      std::printf("  %2d. %s", ++number, replay.label.c_str());
      std::printf(replay.violation == nullptr ? "\n" : "   <== %s\n", replay.violation);
      state = replay.state;
    }
    std::printf("      final: %s\n", model_.describe(state).c_str());
  }

  const Model<State> model_;
  const Limits limits_;
  FingerprintSet seen_;
  std::vector<Origin> origins_;
  std::vector<bool> isGoal_;
  /** Targets of the fair steps of all states, and where those of each state begin. */
  std::vector<uint32_t> fairSteps_;
  std::vector<uint64_t> fairStepsBegin_;
  /** By the promise broken: the first, so a shortest, schedule of each. */
  std::map<std::string, Violation> violations_;
  uint64_t transitions_ = 0;
  uint32_t depth_ = 0;
  uint64_t stuckStates_ = 0;
  uint32_t firstStuck_ = 0;
  bool complete_ = true;
};

}  // namespace checker
