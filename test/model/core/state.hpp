/*
 * The state of the model: two databases, two workers, what is in flight between them, and what may still go wrong.
 *
 * Fields marked "ghost" are no part of the program: they remember the true history, so that a step can be judged.
 * All structs consist of bytes: states are compared by their memory, so there must be no padding, and whatever has no
 * meaning any more must be set back to 0, or equal states would be counted as different ones.
 */
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "options.hpp"

#ifndef ROWS
#define ROWS 2
#endif
#ifndef SHARDS
#define SHARDS 1
#endif
#ifndef WORKERS
#define WORKERS 2
#endif

namespace model {

using u8 = uint8_t;

constexpr int rowCount = ROWS;
constexpr int shardCount = SHARDS;
constexpr int workerCount = WORKERS;
constexpr int customerCount = 2;
constexpr int allRows = (1 << rowCount) - 1;

inline Options options;

/** Sets of rows, shards, attempts or tables are bit masks. */
inline bool has(int set, int element) { return set >> element & 1; }

enum RowState : u8 { Initial = 0, Processing = 1, Succeeded = 2, Failed = 3, NotThereYet = 4 };

/** A row of the middle database. Rows are in the order of (CreateDate, StreamingNo): row 0 is a, row 1 is b. */
struct Row {
  u8 state;
  u8 customer;
  /** Whether its content is right; a wrong one is refused. */
  u8 good;
  /** StateDate of the newest claim: with the row's key it is one attempt. */
  u8 attempt;
  /** The newest StateDate it has had, where a restore took that away; 0: as `attempt`. */
  u8 newestAttempt;
  /** Ghost: how often the platform has opened the row, by inserting it or with new content. */
  u8 edition;
  /** Ghost: the newest edition that was decided. */
  u8 decided;
  /** Ghost: how often the row took effect in the store. */
  u8 effects;
  /** Ghost: a person set it to State 2. */
  u8 byHand;
  /** It became State 2 after the high-water mark of its shard; see Store. */
  u8 newerThanMark;
  /** It has stood in State 1 since before the last fail-over. Kept only where a comparison asks for it. */
  u8 claimedBeforeFailOver;
};

enum Outcome : u8 { Undecided = 0, Applied = 1, Refused = 2, OutcomeBits = 3, NewDecision = 4 };

/** The journal's entries for one row. */
struct JournalRow {
  /** Outcome of the current entry; Undecided where there is none. */
  u8 outcome;
  /** Attempt of the current entry. */
  u8 attempt;
  /** All attempts that have an entry, current or superseded. */
  u8 attempts;
  /** Ghost: edition of the current entry. */
  u8 edition;
};

/** Who may hold the lock of a lease row besides worker w, who is 1 + w. */
enum LockHolder : u8 { Unlocked = 0, LostSession = workerCount + 1, RepairSession = workerCount + 2 };

struct Lease {
  /** 1 + the worker, or 0. */
  u8 owner;
  u8 term;
  u8 lock;
  /**
   * compared_term is this term, and compared_on the present incarnation. Terms of a store only rise and incarnations
   * never come back, so a comparison that is not valid any more never will be, and this one bit is enough.
   */
  u8 compared;
};

/** What a worker knows of a row in its batch. */
struct BatchRow {
  u8 edition;
  u8 good;
  u8 customer;
  u8 attempt;
  /** An Outcome, with NewDecision where it does not come from the journal. */
  u8 outcome;
  /** Ghost: the edition that this outcome is about. */
  u8 answeredEdition;
};

/** Where a worker is in the way of a batch: the step named is the next one. */
enum Stage : u8 {
  Idle,
  Polling,
  Comparing,
  WritingComparison,
  Superseding,
  Claiming,
  Reading,
  BeginningApply,
  Committing,
  MarkingSucceeded,
  MarkingFailed,
  Marking,
  Deferring,
};

inline const char* const stageNames[] = {"idle",          "poll",      "compare",   "write comparison",
                                         "supersede",     "claim",     "read",      "begin apply",
                                         "commit",        "mark 1->2", "mark 1->3",
                                         "mark",          "defer"};

/** What an apply transaction relies on, and what it writes. */
struct Apply {
  u8 rows;
  BatchRow row[rowCount];
  /** The terms of the leases held when the rows were polled; 0: not held. */
  u8 terms[shardCount];
  /** Version of each customer that was read. */
  u8 versions[customerCount];
  /** Rows finished before the fence, in shards whose high-water mark this transaction advances. */
  u8 behindMark;
  /** Ghost: rows that were open when the batch was polled. */
  u8 openAtPoll;
  /** Ghost: rows in State 2 at the poll or at the read after the claim, as far as their decisions may be missing. */
  u8 seenFinished;
  /** Ghost: a decision now would be one on a store that lost what it must not. */
  u8 onLostStore;
};

struct Batch {
  u8 stage;
  /** Of a stage with several statements: how many are done. */
  u8 statements;
  Apply apply;
  /** Rows that were polled in State 1. */
  u8 polledProcessing;
  /** Rows that the claim changed. */
  u8 claimed;
  /** Rows polled in State 1 that the read after the claim found in State 2. */
  u8 finishedMeanwhile;
  /** A statement was refused, and is done row by row: rows that are left. */
  u8 rowByRow;
  /** Applied in parts: rows whose turn comes later. */
  u8 later;
  /** Applied in parts: rows whose decision is committed. */
  u8 decided;
  /** Rows that the read after the claim did not find as polled. */
  u8 putBack;
  /** Customers with a row whose claim was refused. */
  u8 claimRefused;
  /** Customers with a row whose mark was refused. */
  u8 markRefused;
  /** Rows from this one on lie behind a full page of some table; 0: no page was full. */
  u8 watermark;
  /** Shards whose comparison is under way. */
  u8 comparing;
  /** Those of them with awaited rows: their comparison is good for this batch only. */
  u8 awaiting;
  /** Shards compared for this batch only. */
  u8 compared;
  /** Finished rows to be looked up. */
  u8 toLookUp;
  /** Ghost: those of them that were finished after the mark. */
  u8 newerThanMark;
  /** It was polled under leases of another incarnation of the store. */
  u8 isOfEarlierStore;
};

enum Life : u8 { Down = 0, Up = 1, Frozen = 2 };

struct Worker {
  u8 life;
  /** The terms of the leases that it believes it holds; 0: none. */
  u8 terms[shardCount];
  Batch batch;
  /** Customers that it knows to be deferred. */
  u8 deferred;
  /** Customers released whose deferral is not written yet. */
  u8 unwritten;
  /** Customers deferred by this process, kept where only its writer ends a deferral. */
  u8 timers;
  // The guard.
  /** Attempts of each row whose decisions must be in the journal. */
  u8 evidence[rowCount];
  /** One of them was lost, even if the same attempt has been decided anew since. */
  u8 evidenceLost;
  /** An OwnAlarm. */
  u8 alarmed;
  /** Ghost: its acknowledged decisions, as long as a fail-over may take them away. */
  u8 acknowledged[rowCount];
  /** Ghost: a fail-over took one of them away. */
  u8 ownLost;
};

/** What a worker knows of an alarm that it raised: while it is open it does nothing, until it sees that it was closed. */
enum OwnAlarm : u8 { NoAlarm = 0, AlarmOpen = 1, AlarmClosed = 2 };

/** What the middle database may still receive from a worker that waits for it no more. */
enum LateKind : u8 { NoStatement = 0, LateClaim = 1, LateMarkSucceeded = 2, LateMarkFailed = 3, LateMark = 4 };

struct LateStatement {
  u8 kind;
  /** Who sent it, where steps are told by their worker. */
  u8 worker;
  u8 rows;
  BatchRow row[rowCount];
};

/** A transaction in the store whose worker waits for it no more. */
enum OrphanKind : u8 { NoTransaction = 0, CommitInFlight = 1, LeftOpen = 2 };

struct OrphanTransaction {
  u8 kind;
  u8 worker;
  Apply apply;
};

/*
 * The high-water mark of a shard, held_until, is a time. Only one question is ever asked of it: whether a row was
 * finished later. So the model keeps just the answers, one bit for each row: Row::newerThanMark for the present store,
 * Standby::newerThanMark for the standby. A mark sets both, an advance of the present mark clears the first, catching up
 * copies the first to the second, and a fail-over the second to the first.
 */

/**
 * What a fail-over makes of the store. Only the last catching up before it matters, so the standby catches up once, at
 * any moment, and before that it is empty: the same as a store that was wiped.
 */
struct Standby {
  u8 caughtUp;
  JournalRow journal[rowCount];
  Lease leases[shardCount];
  u8 versions[customerCount];
  u8 alarm;
  u8 newerThanMark;
  u8 decided[rowCount];
  u8 effects[rowCount];
};

/** The next step of a repair, or of one that takes refusals back. */
enum RepairStage : u8 {
  NoRepair = 0,
  RepairWrites = 1,
  RepairCloses = 2,
  TakeBackLocks = 3,
  TakeBackPutsBack = 4,
  TakeBackCommits = 5,
};

struct Repair {
  u8 stage;
  /** Rows that it has read: missing, or to be taken back. */
  u8 rows;
  /** Taking back: how the customers were read. */
  u8 versions[customerCount];
  /** Ghost, taking back: the content that was read. */
  u8 editions[rowCount];
};

struct Budgets {
  u8 crashes;
  u8 steals;
  u8 resets;
  u8 lostReplies;
  u8 giveBacks;
  u8 failOvers;
  u8 handMarks;
  u8 refusals;
  u8 restores;
  u8 repairs;
  u8 takeBacks;
};

struct State {
  Row rows[rowCount];
  JournalRow journal[rowCount];
  Lease leases[shardCount];
  /** Counts the changes of each customer in the store. */
  u8 versions[customerCount];
  /** Rows whose claim the middle database refuses. */
  u8 refusesClaim;
  /** Rows whose mark it refuses. */
  u8 refusesMark;
  /** Customers with a deferral in the store that is not due. One that is due is the same as none. */
  u8 deferred;
  /** An alarm is open in the store. */
  u8 alarm;
  Worker workers[workerCount];
  LateStatement late;
  OrphanTransaction orphan;
  Repair repair;
  Standby standby;
  Budgets left;
  /** Ghost, for each row: earlier rows of any customer that were open when it became open, and still are. */
  u8 openBefore[rowCount];
  /** Ghost, for each row: attempts whose decision some worker knows of. */
  u8 known[rowCount];
  /** Ghost: a fail-over took away a decision that somebody knew of. */
  u8 knownLost;
};

static_assert(alignof(State) == 1, "padding would make equal states differ");

/** The shard of a customer as worker w counts it. */
inline int shardOf(int worker, int customer) {
  if (options.shardCountsDiffer && worker == 1) return (customer + 1) % shardCount;
  return customer % shardCount;
}

/** The shard of a customer as the store has it. */
inline int shardOf(int customer) { return customer % shardCount; }

inline bool isOpen(const State& state, int row) {
  return state.rows[row].state <= Processing && state.rows[row].decided < state.rows[row].edition;
}

inline int openRows(const State& state) {
  int open = 0;
  for (int i = 0; i < rowCount; i++)
    if (isOpen(state, i)) open |= 1 << i;
  return open;
}

/** Rows in this State. */
inline int rowsInState(const State& state, int rowState) {
  int rows = 0;
  for (int i = 0; i < rowCount; i++)
    if (state.rows[i].state == rowState) rows |= 1 << i;
  return rows;
}

/** Rows of table 0, CUST, or 1, ACCOUNT. */
inline int rowsOfTable(int table) { return (table == 1 ? options.accountRows : ~options.accountRows) & allRows; }

/** With a statement for each table: those of these rows that the next statement is about. */
inline int rowsOfStatement(int rows, int statementsDone) {
  if (!options.statementPerTable) return rows;
  const int cust = rows & rowsOfTable(0);
  return statementsDone == 0 && cust != 0 ? cust : rows & rowsOfTable(1);
}

inline void dropBatch(Worker& worker) { std::memset(&worker.batch, 0, sizeof worker.batch); }

inline void dropRow(Batch& batch, int row) {
  const u8 others = static_cast<u8>(~(1 << row));
  batch.apply.rows &= others;
  batch.polledProcessing &= others;
  batch.claimed &= others;
  std::memset(&batch.apply.row[row], 0, sizeof(BatchRow));
}

/** The first of a set of rows, as a set. */
inline int firstOf(int rows) { return rows & -rows; }

/** Whether a row may be decided before an earlier one of its customer, which waits for it. */
inline bool mayOvertake(int later, int earlier) { return options.overtakes >> (later * rowCount + earlier) & 1; }

/** Of these rows, those that a batch holds as this customer's. */
inline int rowsOfCustomer(const Apply& apply, int rows, int customer) {
  int found = 0;
  for (int i = 0; i < rowCount; i++)
    if (has(rows, i) && apply.row[i].customer == customer) found |= 1 << i;
  return found;
}

/** The customers that a batch holds these rows as of. */
inline int customersOf(const Apply& apply, int rows) {
  int customers = 0;
  for (int i = 0; i < rowCount; i++)
    if (has(rows, i)) customers |= 1 << apply.row[i].customer;
  return customers;
}

/** The row is not waited for any more by rows that became open, or batches that were polled, while it was. */
inline void forgetOpen(State& state, int row) {
  const u8 others = static_cast<u8>(~(1 << row));
  for (u8& before : state.openBefore) before &= others;
  for (Worker& worker : state.workers) worker.batch.apply.openAtPoll &= others;
  state.orphan.apply.openAtPoll &= others;
}

inline bool hasFailedOver(const State& state) { return state.left.failOvers < options.failOvers; }

/** Whether the guard, or what it guards against, is part of this run; otherwise its fields stay 0. */
inline bool hasGuard() { return options.failOvers > 0 || options.ownCommits || options.comparison != NoComparison; }

/** Whether a comparison ends with a fail-over. */
inline bool failOverEndsComparisons() { return options.incarnationChanges && options.comparisonNamesIncarnation; }

/** Whether a batch ends with a fail-over. */
inline bool failOverEndsBatches() {
  return options.comparison != NoComparison && options.incarnationChanges && options.batchNamesIncarnation;
}

inline std::string rowName(int row) { return std::string(1, static_cast<char>('a' + row)); }

inline std::string workerName(int worker) { return "W" + std::to_string(worker + 1); }

inline std::string namesOf(int rows) {
  std::string text;
  for (int i = 0; i < rowCount; i++)
    if (has(rows, i)) text += (text.empty() ? "" : ",") + rowName(i);
  return "{" + text + "}";
}

}  // namespace model
