#pragma once

// Write a trainable in C++: this header, the standard library, and nothing else (C++17 or newer). It is a face over the
// C table of <tune/abi.h>, so that a library built by one compiler runs under a tune built by another.
//
// Two forms. A class, whose loop tune drives:
//
//   class Net : public tune::Trainable {
//    public:
//     void setup(tune::Trial& trial) override { lr_ = trial.real("lr"); }
//     tune::Report step() override { return {{"loss", loss_ *= 1 - lr_}}; }
//     void save(std::ostream& out) override { out << loss_; }  // with load optional: pause, retries, promotion, PBT
//     void load(std::istream& in) override { in >> loss_; }
//
//    private:
//     double lr_ = 0, loss_ = 1;
//   };
//   TUNE_TRAINABLE(Net)
//
// or a function, which has its own loop:
//
//   void train(tune::Trial& trial) {
//     for (int epoch = 1; epoch <= 50; ++epoch) {
//       if (!trial.report({{"loss", trial.real("lr") / epoch}})) return;
//     }
//   }
//   TUNE_FUNCTION(train, train, .has_end = true)
//
// Both may be given several times in one library. docs/trainables.md is the guide; experiments name a trainable as
// `./libmine.so:Net`.
//
// In this order: <tune/trial.h>, what a trial is given and may do; the class form and what a trainable says of itself,
// here; <tune/registration.h>, the two macros.

#include <tune/trial.h>

#include <istream>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tune {

/// The class form. One object trains one trial; with reset() one after another.
///
/// tune calls: setup (or reset); load, if there is a checkpoint; then step until finished(), a last report, or tune
/// wants the trial to leave; save where a checkpoint is due. All in one thread. An exception anywhere fails the trial
/// with its text, and the object is not used again.
class Trainable {
 public:
  virtual ~Trainable() = default;

  /// Reads parameters, builds the model. Throws to refuse.
  virtual void setup(Trial& trial) = 0;
  /// One training iteration: an epoch, a few hundred batches, whatever should be reported once.
  virtual Report step() = 0;
  /// Training has come to its end, perhaps in the checkpoint that was just loaded. Asked before each step.
  virtual bool finished() { return false; }
  /// Everything that step() depends on, and the way back. Override both or none, publicly; `out` cannot seek.
  virtual void save(std::ostream&) { throw std::logic_error("this trainable has no save()"); }
  virtual void load(std::istream&) { throw std::logic_error("this trainable has no load()"); }
  /// Makes this object as good as new for another trial and its parameters: true. False: tune makes a new one.
  virtual bool reset(Trial&) { return false; }

  /// The trial this object is training, from before setup() on.
  Trial& trial() const { return *trial_; }

 private:
  friend struct TrainableDriver;
  Trial* trial_ = nullptr;
};

/// One parameter that a trainable takes: `ParameterSpec::real("lr")`, `ParameterSpec::integer("epochs").optional()`.
class ParameterSpec {
 public:
  static ParameterSpec any(std::string name) { return {std::move(name), TUNE_ANY}; }
  static ParameterSpec real(std::string name) { return {std::move(name), TUNE_REAL}; }
  static ParameterSpec integer(std::string name) { return {std::move(name), TUNE_INTEGER}; }
  static ParameterSpec text(std::string name) { return {std::move(name), TUNE_TEXT}; }
  static ParameterSpec flag(std::string name) { return {std::move(name), TUNE_BOOL}; }
  ParameterSpec optional() const {
    ParameterSpec copy = *this;
    copy.required_ = false;
    return copy;
  }

  const std::string& name() const { return name_; }
  int kind() const { return kind_; }
  bool required() const { return required_; }

 private:
  ParameterSpec(std::string name, int kind) : name_(std::move(name)), kind_(kind) {}
  std::string name_;
  int kind_;
  bool required_ = true;
};

/// What a trainable says of itself, so that tune can refuse a bad experiment before anything starts. All may be left
/// out.
struct TrainableOptions {
  std::string name = {};  ///< registered under this name instead of that of the class or function
  /// What it is made for: TUNE_PROCESS, a process a trial (a crash hurts nobody else); TUNE_REUSE, processes that take
  /// one trial after another (needs reset); TUNE_THREAD, threads of tune (for trials of microseconds that never crash).
  int isolation = TUNE_PROCESS;
  std::vector<ParameterSpec> parameters = {};  ///< empty: any are taken
  bool more_parameters = false;                ///< takes others beside those listed
  bool numbered_parameters = false;            ///< takes x1, x2, ... xd
  std::vector<std::string> metrics = {};       ///< the names it reports
  bool has_end = false;                        ///< ends by itself; else the experiment must say when
  bool can_save = false;                       ///< function form only: brings checkpoints and continues from them
  /// Called once in the process that trials are forked from, before the first: what it loads into static objects is
  /// seen by all of them and exists once. It may throw, and must leave no thread behind.
  void (*prepare)() = nullptr;
};

}  // namespace tune

#include <tune/registration.h>
