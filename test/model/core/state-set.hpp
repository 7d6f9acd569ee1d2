/*
 * The states that a step leads to, and sets of states.
 */
#pragma once

#include <unordered_set>
#include <vector>

#include "middle.hpp"

namespace model {

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

/** States without repetition. */
class States {
 public:
  void add(const State& state) {
    State kept = state;
    std::memset(&kept.left, 0, sizeof kept.left);
    if (seen_.insert(checker::fingerprint(&kept, sizeof kept)).second) all_.push_back(kept);
  }

  size_t size() const { return all_.size(); }
  const State& operator[](size_t index) const { return all_[index]; }
  const std::vector<State>& all() const { return all_; }

 private:
  std::unordered_set<uint64_t> seen_;
  std::vector<State> all_;
};

}  // namespace model
