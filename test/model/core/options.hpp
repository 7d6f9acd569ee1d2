/*
 * The options of a run, `name=value` on the command line. Each default is the protocol as it stands; another value
 * takes a mechanism away, or allows the environment more.
 */
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace model {

/** When the failed entry of an earlier attempt is closed in the journal. */
enum Supersede { InApply = 0, BeforeClaimUnfenced = 1, BeforeClaimFenced = 2 };

/** The statements of a poll, each a snapshot of its own. */
enum Poll {
  /** State 1, then State 0 of each table. */
  ProcessingFirst = 0,
  /** One statement for each table, States 0 and 1 together. */
  PerTable = 1,
  /** One statement for both tables and both States. */
  OneSnapshot = 2,
  /** State 0 of each table, then State 1. */
  ProcessingLast = 3,
};

/** What becomes of a batch in which the claim changed fewer rows than it asked for. */
enum ChangedRows {
  /** Every row that stands in State 1 is kept, whoever claimed it. */
  KeepProcessing = 0,
  /** Only rows that this claim changed, or that were polled in State 1, are kept. */
  KeepOwnClaims = 1,
  /** As KeepProcessing, but later rows of a customer who lost a row go back to the next poll. */
  DropCustomer = 2,
};

/** In which statements a batch is marked. */
enum Marks {
  /** The successes, then the failures, of one table after the other. What is refused is left out. */
  ByOutcome = 0,
  /** All in one transaction; where that is refused, row by row, and a refused row ends the marks of its customer. */
  InOrder = 1,
  /** As InOrder, but the customer's later rows are marked all the same. */
  PastRefused = 2,
};

/** When a customer with a refused row is deferred. */
enum Deferral { NoDeferral = 0, BeforeRelease = 1, AfterRelease = 2 };

/** What ends a deferral besides an operator. */
enum DeferralEnd { NothingEndsIt = 0, ItsTime = 1, TimerOfItsWriter = 2 };

/** Customers that a poll leaves out. */
enum LeftOut {
  /** Those that the worker knows to be deferred. */
  Deferred = 0,
  /** Any: deferrals that are unknown, out of date or deleted, all at once. */
  AnyCustomers = 1,
};

/** What becomes of a row in State 1 whose attempt is superseded in the journal. */
enum SupersededAttempt { IsSkipped = 0, IsAnswered = 1, IsDecided = 2 };

/** What an apply transaction does with the leases it relies on, before it reads anything else. */
enum Fence { NoFence = 0, CheckOnly = 1, LockAndOwner = 2, LockOwnerAndTerm = 3 };

/** Which entries a purge of the journal may delete. */
enum Purge { NoPurge = 0, AnyOfFinishedRows = 1, SupersededOnly = 2 };

/** When the finished rows of a shard are compared with the journal. */
enum Comparison { NoComparison = 0, AfterPoll = 1, BeforePoll = 2 };

/** Rows in State 1 at a comparison for whose sake it is good for one batch only, and not written. */
enum AwaitedRows { NoRows = 0, EveryRow = 1, ClaimedBeforeFailOver = 2, WithoutEntry = 3 };

struct Options {
  // The protocol.
  /** A mark names the attempt it answers besides State 1. */
  int markNamesAttempt = 1;
  /** A failed entry answers its own attempt only. */
  int journalNamesAttempt = 1;
  /** Two claims of a row may get the same StateDate. */
  int attemptsMayCoincide = 0;
  int supersede = InApply;
  int poll = OneSnapshot;
  int changedRows = KeepProcessing;
  /** Content is read after the claim, not with the poll. */
  int readAfterClaim = 1;
  /** Claim, read and mark are a statement for each table, not one for both. */
  int statementPerTable = 1;
  int fence = LockOwnerAndTerm;
  /** The fence compares with the terms of the poll, not with those now known to the worker. */
  int termFromPoll = 1;
  /** Lease rows are locked so that two sessions can hold the lock. */
  int sharedLock = 0;
  /** The journal's key refuses a second current entry, or the same attempt again. */
  int journalKey = 1;
  /** The journal is read behind the fence, not with the claim. */
  int journalUnderLock = 1;
  /** Customers are read behind the fence, not with the claim. */
  int snapshotUnderLock = 1;
  /** Rows in State 1 of the shards held are polled too. */
  int takeOverProcessing = 1;
  /** The store ends a transaction that idles. */
  int storeEndsIdle = 1;
  /** The second worker runs with another number of shards. */
  int shardCountsDiffer = 0;
  int purge = NoPurge;

  // One row, one customer.
  int marks = ByOutcome;
  /** A statement that is refused for one row is split. */
  int splits = 1;
  /** A success whose mark is refused is marked as a failure. */
  int refusedMarkFails = 0;
  int deferral = NoDeferral;
  int deferralEnd = ItsTime;
  int leftOut = Deferred;
  int superseded = IsAnswered;

  // The guard against a store that went back.
  /** The fence asks the journal for the worker's own acknowledged commits, and whether an alarm is open. */
  int ownCommits = 0;
  /** An own commit is identified by its worker too, not by row and attempt alone. */
  int evidenceNamesWorker = 1;
  /** A commit of unknown outcome is remembered as if acknowledged. */
  int unknownIsEvidence = 0;
  int comparison = NoComparison;
  /** A comparison ends with the term under which it was made. */
  int comparisonNamesTerm = 1;
  /** A comparison ends with the incarnation of the store on which it was made. */
  int comparisonNamesIncarnation = 1;
  /** A batch, with the comparison in it, ends with the incarnation on which its leases were known at the poll. */
  int batchNamesIncarnation = 1;
  int awaitedRows = EveryRow;
  /** A fail-over changes the store's incarnation. */
  int incarnationChanges = 1;
  /** Rows polled in State 1 that are in State 2 after the claim are looked up in the journal. */
  int looksUpFinishedMeanwhile = 1;
  /** Rows finished before the shard's high-water mark are left out of the comparison. */
  int highWaterMark = 1;
  /** A renewal advances the mark only where the comparison is valid. */
  int renewalNeedsComparison = 1;
  /** A fence advances the mark although its comparison is good for one batch only. */
  int fenceAlwaysAdvances = 0;
  /** A renewal advances the mark only where the worker's own commits are there. */
  int renewalNeedsOwnCommits = 1;
  /** Taking a shard advances its high-water mark. */
  int takingAdvances = 0;
  /** A restarted worker keeps its id, and holds the leases in which it finds it. */
  int idsReused = 0;
  /** A finished row without a decision counts until the fence of the apply, not until the read after the claim. */
  int judgeAtFence = 0;

  // Repair.
  /** It looks into the journal again, and for the alarm, before it writes. */
  int repairLooksAgain = 1;
  /** Commits that workers lost before the alarm was closed are no evidence any more. */
  int repairEndsEvidence = 1;
  /** Before it takes refusals back it looks whether the customers were decided on since. */
  int takeBackLooksAgain = 1;
  /** Only rows that it put back from State 3 take effect. */
  int takeBackChecksState = 1;

  // What may happen: how often.
  int crashes = 1;
  /** A lease is taken from a live worker: it was paused past the lease time. */
  int steals = 1;
  /** The platform puts rows back to State 0, or edits them. */
  int resets = 1;
  /** A worker may take a lease again that it holds: it ran out, and nobody else took it. Counts as a steal. */
  int retakes = 0;
  /** Replies lost, and statements and commits left in flight. */
  int lostReplies = 1;
  int giveBacks = 0;
  /** The store becomes what its standby has. */
  int failOvers = 0;
  /** A person sets a row from State 0 to 2. */
  int handMarks = 0;

  /** The middle database begins to refuse the claim of a row, or its mark, or both. */
  int refusals = 0;
  /** The middle database is restored: a row stands in State 1 with a superseded attempt. */
  int restores = 0;
  /** An alarm is ended by a repair. */
  int repairs = 0;
  /** A repair takes refusals back: their rows take effect after all. */
  int takeBacks = 0;

  // What may happen: in which way.
  /** A refusal never ends. */
  int refusedForEver = 0;
  /** Workers are stopped for a restore of the middle database. */
  int restoreStopsWorkers = 1;
  /** Judges the order of marks. */
  int judgeMarkOrder = 0;
  /** A shard may be given back while a batch of it is in flight. */
  int giveBackBusy = 0;
  int resetSucceeded = 0;
  /** A reset may leave the content wrong. */
  int resetWrong = 0;
  /** A reset may change the CustID. */
  int editCustomer = 0;
  /** Rows may be edited in State 0. */
  int editInitial = 0;
  /** A worker may stop for ever inside its apply transaction. */
  int freeze = 0;

  // The rows. Bit i is row i.
  /** Rows a poll reads of each table. */
  int page = 9;
  /** Rows with right content; the others are refused until a reset corrects them. */
  int good = 0;
  /** Rows that arrive later, in their order. */
  int arriveLater = 0;
  /** Rows of customer 1; the others are of customer 0. Customers fall into shards by their number. */
  int customers = 0;
  /** Rows of the table ACCOUNT; the others are of CUST. */
  int accountRows = 2;

  // Traces of the code: see trace.hpp. What stands behind these choices is not part of the model.
  /** A poll returns any rows of a customer without an open one that is left out before them; pages have no size. */
  int partialPolls = 0;
  /** Claims, applies and marks are done for some of the rows at a time, and applies are rolled back and done again. */
  int inParts = 0;
  /** Any row may be applied or refused, whatever its content. */
  int anyOutcome = 0;
  /** Rows arrive in any order. */
  int anyArrival = 0;
  /** Bit later * ROWS + earlier: the later row may overtake the earlier one, for which its customer waits. */
  int overtakes = 0;

  // The run.
  int maxStates = 200000000;
  int progress = 1;
  /** Ends behind the depth of the first violation. */
  int stopAtFirst = 0;
  int schedules = 0;
};

struct OptionName {
  const char* name;
  int Options::* field;
};

inline const OptionName optionNames[] = {
    {"markNamesAttempt", &Options::markNamesAttempt},
    {"journalNamesAttempt", &Options::journalNamesAttempt},
    {"attemptsMayCoincide", &Options::attemptsMayCoincide},
    {"supersede", &Options::supersede},
    {"poll", &Options::poll},
    {"changedRows", &Options::changedRows},
    {"readAfterClaim", &Options::readAfterClaim},
    {"statementPerTable", &Options::statementPerTable},
    {"fence", &Options::fence},
    {"termFromPoll", &Options::termFromPoll},
    {"sharedLock", &Options::sharedLock},
    {"journalKey", &Options::journalKey},
    {"journalUnderLock", &Options::journalUnderLock},
    {"snapshotUnderLock", &Options::snapshotUnderLock},
    {"takeOverProcessing", &Options::takeOverProcessing},
    {"storeEndsIdle", &Options::storeEndsIdle},
    {"shardCountsDiffer", &Options::shardCountsDiffer},
    {"purge", &Options::purge},
    {"marks", &Options::marks},
    {"splits", &Options::splits},
    {"refusedMarkFails", &Options::refusedMarkFails},
    {"deferral", &Options::deferral},
    {"deferralEnd", &Options::deferralEnd},
    {"leftOut", &Options::leftOut},
    {"superseded", &Options::superseded},
    {"ownCommits", &Options::ownCommits},
    {"evidenceNamesWorker", &Options::evidenceNamesWorker},
    {"unknownIsEvidence", &Options::unknownIsEvidence},
    {"comparison", &Options::comparison},
    {"comparisonNamesTerm", &Options::comparisonNamesTerm},
    {"comparisonNamesIncarnation", &Options::comparisonNamesIncarnation},
    {"batchNamesIncarnation", &Options::batchNamesIncarnation},
    {"awaitedRows", &Options::awaitedRows},
    {"incarnationChanges", &Options::incarnationChanges},
    {"looksUpFinishedMeanwhile", &Options::looksUpFinishedMeanwhile},
    {"highWaterMark", &Options::highWaterMark},
    {"renewalNeedsComparison", &Options::renewalNeedsComparison},
    {"fenceAlwaysAdvances", &Options::fenceAlwaysAdvances},
    {"renewalNeedsOwnCommits", &Options::renewalNeedsOwnCommits},
    {"takingAdvances", &Options::takingAdvances},
    {"idsReused", &Options::idsReused},
    {"judgeAtFence", &Options::judgeAtFence},
    {"repairLooksAgain", &Options::repairLooksAgain},
    {"repairEndsEvidence", &Options::repairEndsEvidence},
    {"takeBackLooksAgain", &Options::takeBackLooksAgain},
    {"takeBackChecksState", &Options::takeBackChecksState},
    {"crashes", &Options::crashes},
    {"steals", &Options::steals},
    {"resets", &Options::resets},
    {"retakes", &Options::retakes},
    {"lostReplies", &Options::lostReplies},
    {"giveBacks", &Options::giveBacks},
    {"failOvers", &Options::failOvers},
    {"handMarks", &Options::handMarks},
    {"refusals", &Options::refusals},
    {"restores", &Options::restores},
    {"repairs", &Options::repairs},
    {"takeBacks", &Options::takeBacks},
    {"refusedForEver", &Options::refusedForEver},
    {"restoreStopsWorkers", &Options::restoreStopsWorkers},
    {"judgeMarkOrder", &Options::judgeMarkOrder},
    {"giveBackBusy", &Options::giveBackBusy},
    {"resetSucceeded", &Options::resetSucceeded},
    {"resetWrong", &Options::resetWrong},
    {"editCustomer", &Options::editCustomer},
    {"editInitial", &Options::editInitial},
    {"freeze", &Options::freeze},
    {"page", &Options::page},
    {"good", &Options::good},
    {"arriveLater", &Options::arriveLater},
    {"customers", &Options::customers},
    {"accountRows", &Options::accountRows},
    {"partialPolls", &Options::partialPolls},
    {"inParts", &Options::inParts},
    {"anyOutcome", &Options::anyOutcome},
    {"anyArrival", &Options::anyArrival},
    {"overtakes", &Options::overtakes},
    {"maxStates", &Options::maxStates},
    {"progress", &Options::progress},
    {"stopAtFirst", &Options::stopAtFirst},
    {"schedules", &Options::schedules},
};

/** Reads `name=value`; ends the process with 2 where it is not an option. */
inline void readOption(Options& options, const char* text) {
  const char* equals = std::strchr(text, '=');
  for (const OptionName& option : optionNames) {
    const size_t length = std::strlen(option.name);
    if (equals != text + length || std::strncmp(text, option.name, length) != 0) continue;
    options.*option.field = std::atoi(equals + 1);
    return;
  }
  std::fprintf(stderr, "no such option: %s\n", text);
  std::exit(2);
}

}  // namespace model
