// A driver that fails when it is told to: a store on a disk that fills up, or goes away, in the middle of anything.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "store/sql.h"

namespace spaceca::test {

enum class FaultWhen { before, after };

// Where it fails: at the `at`-th step from now, counted from 1. A step is a statement, a commit, or the begin of a transaction.
struct Fault {
  std::int64_t at;
  FaultWhen when = FaultWhen::before;
  sql::Failure failure = sql::Failure::other;
  bool commits_alone = false;  // only these are counted
};

// Around another driver. Any thread.
class FaultyDriver final : public sql::Driver {
 public:
  explicit FaultyDriver(std::unique_ptr<sql::Driver> inner) : inner_(std::move(inner)) {}

  void arm(const Fault& fault) {
    fault_ = fault;
    fired_ = false;
    left_ = fault.at;
  }
  // Whether it has failed meanwhile.
  bool disarm() {
    left_ = 0;
    return fired_;
  }

  [[nodiscard]] std::unique_ptr<sql::Transaction> read() override { return begun(&sql::Driver::read); }
  [[nodiscard]] std::unique_ptr<sql::Transaction> write() override { return begun(&sql::Driver::write); }
  void migrate(std::span<const sql::Migration> steps) override { inner_->migrate(steps); }
  [[nodiscard]] std::vector<Finding> check() override { return inner_->check(); }
  void backup(const std::filesystem::path& file) override { inner_->backup(file); }

 private:
  class Step final : public sql::Transaction {
   public:
    Step(FaultyDriver& driver, std::unique_ptr<sql::Transaction> inner) : driver_(driver), inner_(std::move(inner)) {}

   private:
    sql::Rows do_execute(sql::Statement statement, sql::Arguments arguments) override {
      const Turn turn{driver_};
      sql::Rows rows = inner_->execute(statement, arguments);
      turn.end();
      return rows;
    }
    std::int64_t do_execute_many(sql::Statement statement, sql::Arguments values) override {
      const Turn turn{driver_};
      const std::int64_t changed = inner_->execute_many(statement, values);
      turn.end();
      return changed;
    }
    void do_each(sql::Statement statement, sql::Arguments arguments, const sql::Visit& visit) override {
      const Turn turn{driver_};
      inner_->each(statement, arguments, visit);
      turn.end();
    }
    void do_commit() override {
      const Turn turn{driver_, true};
      inner_->commit();
      turn.end();
    }

    FaultyDriver& driver_;
    std::unique_ptr<sql::Transaction> inner_;
  };

  // One step: it fails before, or at its end.
  class Turn final {
   public:
    explicit Turn(FaultyDriver& driver, bool is_commit = false) : driver_(driver), hit_(driver.counts_to_this(is_commit)) {
      if (hit_ && driver_.fault_.when == FaultWhen::before) driver_.fail();
    }
    void end() const {
      if (hit_ && driver_.fault_.when == FaultWhen::after) driver_.fail();
    }

   private:
    FaultyDriver& driver_;
    bool hit_;
  };

  [[nodiscard]] std::unique_ptr<sql::Transaction> begun(std::unique_ptr<sql::Transaction> (sql::Driver::*begin)()) {
    const Turn turn{*this};
    auto inner = (inner_.get()->*begin)();
    turn.end();
    return std::make_unique<Step>(*this, std::move(inner));
  }
  [[nodiscard]] bool counts_to_this(bool is_commit) {
    if (left_ <= 0 || (fault_.commits_alone && !is_commit)) return false;
    return --left_ == 0;
  }
  [[noreturn]] void fail() {
    fired_ = true;
    throw sql::EngineError{fault_.failure, "store: played failure"};
  }

  std::unique_ptr<sql::Driver> inner_;
  Fault fault_{};
  std::atomic<std::int64_t> left_ = 0;
  std::atomic<bool> fired_ = false;
};

}  // namespace spaceca::test
