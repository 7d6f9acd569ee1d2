/*
 * Reads traces of the code and says of each whether the model explains it: acceptor.hpp, docs/protocol.md.
 *
 *   g++ -O2 -std=c++17 -DROWS=3 -DWORKERS=3 traces.cpp -o traces && ./traces < FILE
 *
 *   trace NAME OVERTAKES MARK-ORDER POLLS TOLERANCE     begins a trace; see Trace
 *   insert a b                          rows arrive, in one transaction
 *   reset a | restore a1                row a is put back, comes back in State 1 under attempt 1
 *   poll 0 ab                           worker 0 polls, and rows a and b are returned
 *   claim 0 a1 b1                       0 -> 1 under these attempts, in one transaction
 *   decide 0 a1+ b1-                    a transaction commits these journal entries: + applied, - failed
 *   mark 0 a2 b3                        1 -> 2 and 1 -> 3, in one transaction
 *   take 0 5 | release 0                worker 0 takes the shard with term 5, gives it back
 *   restart 0                           from here on worker 0 is another process
 *   @1234 claim 0 a1                    the same events with the microsecond, in the order of time
 *   end                                 ends the trace
 *
 * Answers each trace with a line, `accepted NAME STATES`, `undecided NAME STATES` where these were too many, or
 * `rejected NAME NUMBER EVENT`, followed by lines that begin with two blanks; and with a line `end`.
 */
#include <iostream>
#include <sstream>

#include "acceptor.hpp"

namespace model {

static const std::pair<const char*, EventKind> eventKinds[] = {
    {"insert", EventKind::Insert}, {"reset", EventKind::Reset}, {"restore", EventKind::Restore},
    {"poll", EventKind::Poll},     {"claim", EventKind::Claim}, {"decide", EventKind::Decide},
    {"mark", EventKind::Mark},     {"take", EventKind::Take},   {"release", EventKind::Release},
    {"restart", EventKind::Restart}};

[[noreturn]] static void refuse(const std::string& line) {
  std::cerr << "no event of a trace: " << line << std::endl;
  std::exit(2);
}

/** `a`, `a1` or `a1+`. */
static void readRow(const std::string& text, Event& event) {
  const int row = text[0] - 'a';
  if (row < 0 || row >= rowCount) refuse(event.text);
  event.rows |= 1 << row;
  if (text.size() > 1) event.value[row] = static_cast<u8>(text[1] - '0');
  if (text.size() > 2) event.outcome[row] = text[2] == '+' ? Applied : Refused;
}

static Event readEvent(const std::string& line) {
  std::istringstream words(line);
  Event event{};
  if (words.peek() == '@') words.ignore() >> event.time >> std::ws;
  event.text = line.substr(static_cast<size_t>(words.tellg()));
  std::string word;
  words >> word;
  event.worker = -1;
  bool isKnown = false;
  for (const auto& [name, kind] : eventKinds) {
    if (word != name) continue;
    event.kind = kind;
    isKnown = true;
  }
  if (!isKnown) refuse(line);
  const bool isWorkers = event.kind > EventKind::Restore;
  if (isWorkers && !(words >> event.worker && event.worker >= 0 && event.worker < workerCount)) refuse(line);
  if (event.kind == EventKind::Take) {
    int term = 0;
    words >> term;
    event.term = static_cast<u8>(term);
    return event;
  }
  while (words >> word) {
    if (event.kind != EventKind::Poll) readRow(word, event);
    else
      for (const char row : word) readRow(std::string(1, row), event);
  }
  return event;
}

static void report(const Trace& trace, const TraceResult& result) {
  if (result.accepted || result.undecided) {
    std::cout << (result.accepted ? "accepted " : "undecided ") << trace.name << ' ' << result.states << '\n';
    return;
  }
  constexpr size_t mostShown = 5;
  std::cout << "rejected " << trace.name << ' ' << result.event << ' ' << trace.events[result.event - 1].text << '\n';
  for (const std::string& promise : result.broken) std::cout << "  breaks " << promise << '\n';
  for (size_t i = 0; i < result.before.size() && i < mostShown; i++)
    std::cout << "  before: " << describe(result.before[i]) << '\n';
  if (result.before.size() > mostShown)
    std::cout << "  and " << result.before.size() - mostShown << " states more\n";
}

static void readTraces() {
  Trace trace{};
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line == "end") {
      report(trace, judge(trace));
      std::cout << "end" << std::endl;
    } else if (line.rfind("trace ", 0) == 0) {
      trace = Trace{};
      std::string word;
      std::istringstream(line) >> word >> trace.name >> trace.overtakes >> trace.judgesMarkOrder >>
          trace.showsPolls >> trace.tolerance;
    } else {
      trace.events.push_back(readEvent(line));
    }
  }
}

}  // namespace model

int main() {
  using namespace model;
  std::ios::sync_with_stdio(false);
  options.statementPerTable = 0;
  options.changedRows = DropCustomer;
  options.marks = InOrder;
  options.giveBackBusy = 1;
  options.resetSucceeded = 1;
  options.retakes = 1;
  options.restoreStopsWorkers = 0;
  options.partialPolls = 1;
  options.inParts = 1;
  options.anyOutcome = 1;
  options.anyArrival = 1;
  readTraces();
}
