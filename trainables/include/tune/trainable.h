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

#include <tune/abi.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <initializer_list>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Version of tune these headers belong to.
#define TUNE_HEADERS_VERSION "0.1.0"

namespace tune {

/// A parameter that the experiment does not give, or gives as another kind. Left uncaught, it ends the trial with its
/// text.
class BadParameter : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// The metrics of one training iteration.
class Report {
 public:
  using Values = std::vector<std::pair<std::string, double>>;

  Report(std::initializer_list<std::pair<std::string, double>> metrics) : metrics_(metrics) {}
  explicit Report(Values metrics) : metrics_(std::move(metrics)) {}

  /// One more metric.
  Report& add(std::string name, double value) {
    metrics_.emplace_back(std::move(name), value);
    return *this;
  }
  /// What is worth keeping and no number: the text of one JSON object, such as {"note": "restarted"}.
  Report& extra(std::string json_object) {
    extra_ = std::move(json_object);
    return *this;
  }
  /// Training ends with this report: `return Report{{"loss", x}}.last();`
  Report& last() {
    last_ = true;
    return *this;
  }
  /// The step was broken off, because should_stop() said so: nothing is reported, and nothing is saved.
  static Report broken_off() {
    Report report{Values{}};
    report.broken_off_ = true;
    return report;
  }

  const Values& metrics() const { return metrics_; }
  const std::string& extra() const { return extra_; }
  bool is_last() const { return last_; }
  bool is_broken_off() const { return broken_off_; }

 private:
  Values metrics_;
  std::string extra_;
  bool last_ = false;
  bool broken_off_ = false;
};

/// The running trial, as its trainable sees it: parameters in, reports out.
///
/// Lives until run returns. Only the thread that was given it may call it.
class Trial {
 public:
  /// Writes the state to continue from.
  using Saver = std::function<void(std::ostream&)>;

  Trial(tune_trial* trial, const tune_host* host) : trial_(trial), host_(host) {
    const void* data = nullptr;
    std::size_t size = 0;
    std::int64_t step = 0;
    if (host_->checkpoint(trial_, &data, &size, &step) != 0) {
      checkpoint_ = std::string_view(static_cast<const char*>(data), size);
      step_ = step;
    }
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  // --- Parameters, by path ("lr", "optimizer.lr"). Without a fallback, throw BadParameter if the parameter is absent
  // or of another kind; with one, throw only if it is of another kind. Integers count as reals, 3.0 counts as an
  // integer.

  double real(const std::string& path) const { return required(path, "a number", read_real(path)); }
  std::int64_t integer(const std::string& path) const { return required(path, "a whole number", read_integer(path)); }
  std::string text(const std::string& path) const { return required(path, "text", read_text(path)); }
  bool flag(const std::string& path) const { return required(path, "true or false", read_flag(path)); }

  double real_or(const std::string& path, double fallback) const {
    return optional(path, "a number", read_real(path), fallback);
  }
  std::int64_t integer_or(const std::string& path, std::int64_t fallback) const {
    return optional(path, "a whole number", read_integer(path), fallback);
  }
  std::string text_or(const std::string& path, std::string fallback) const {
    return optional(path, "text", read_text(path), std::move(fallback));
  }
  bool flag_or(const std::string& path, bool fallback) const {
    return optional(path, "true or false", read_flag(path), fallback);
  }
  /// A number, a text or a flag of this path is there. Lists and maps are in config_json() alone.
  bool has(const std::string& path) const { return read_real(path) || read_text(path) || read_flag(path); }
  /// All parameters as one nested JSON object.
  std::string config_json() const { return host_->config_json(trial_); }

  // --- Reports

  /// Reports one training iteration. May block where a scheduler has to decide. False: return soon, tune wants the
  /// trial to leave (call save() first if save_asked()).
  bool report(const Report& report) { return send(report, std::string_view(), false); }
  /// The same, with the state to continue from: bytes of your own format. Empty: none.
  bool report(const Report& report, std::string_view checkpoint) {
    return send(report, checkpoint, !checkpoint.empty());
  }
  /// The same; `saver` is called when a checkpoint is due, so that no other is ever made.
  bool report(const Report& report, const Saver& saver) {
    const bool saves = save_due();
    const bool stay = saves ? send(report, written_by(saver), true) : send(report, std::string_view(), false);
    if (save_asked()) save(saver);
    return stay;
  }

  /// True: return soon. Cheap enough to be asked for every batch.
  bool should_stop() const { return host_->should_stop(trial_) != 0; }
  /// True: the next report should bring a checkpoint.
  bool save_due() const { return host_->save_due(trial_, 0) != 0; }
  /// True: a checkpoint is wanted now, outside a report.
  bool save_asked() const { return host_->save_asked(trial_) != 0; }
  /// True: the experiment keeps a checkpoint of every end; save() before returning of your own accord.
  bool save_at_end() const { return host_->save_at_end(trial_) != 0; }
  /// Hands over a checkpoint of the step last reported. False if it could not be taken.
  bool save(std::string_view checkpoint) {
    return host_->save(trial_, step_, checkpoint.data(), checkpoint.size()) != 0;
  }
  bool save(const Saver& saver) { return save(written_by(saver)); }

  // --- Where it stands

  /// Bytes to continue from; nothing on a fresh start.
  std::optional<std::string_view> checkpoint() const { return checkpoint_; }
  /// The training iteration last reported; at first that of checkpoint(), or 0.
  std::int64_t step() const { return step_; }

  /// Equal in every attempt of this trial, and in every run of the experiment's seed.
  std::uint64_t seed() const { return host_->seed(trial_); }
  /// A seed for one training iteration. Draw each epoch from its own, and a trial that was interrupted and resumed
  /// equals one that never was.
  std::uint64_t seed_for(std::int64_t step) const {
    // splitmix64, Steele, Lea, Flood 2014
    std::uint64_t z = seed() + 0x9e3779b97f4a7c15u * (static_cast<std::uint64_t>(step) + 1);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// Number of the trial in its experiment, from 0.
  std::int64_t number() const { return host_->trial_number(trial_); }
  /// `iris-asha-00017`
  std::string name() const { return host_->trial_name(trial_); }
  /// A directory of this attempt's own for whatever it likes to write. Throws std::runtime_error if it cannot be made.
  std::string directory() const {
    const char* path = host_->directory(trial_);
    if (path == nullptr) throw std::runtime_error("the directory of the trial cannot be made");
    return path;
  }

  /// The trial fails: what an uncaught exception does, for callers that have none. Return afterwards.
  void fail(const std::string& text) { host_->fail(trial_, 0, 0, text.c_str()); }

  /// For whoever needs the C table itself.
  tune_trial* handle() const { return trial_; }
  const tune_host& host() const { return *host_; }

 private:
  struct StringSink : std::streambuf {
    std::string bytes;
    std::streamsize xsputn(const char* data, std::streamsize size) override {
      bytes.append(data, static_cast<std::size_t>(size));
      return size;
    }
    int overflow(int c) override {
      if (c != traits_type::eof()) bytes.push_back(static_cast<char>(c));
      return traits_type::not_eof(c);
    }
    pos_type seekoff(off_type off, std::ios_base::seekdir dir, std::ios_base::openmode) override {
      // Writers ask where they are (tellp); none may go back.
      return off == 0 && dir != std::ios_base::beg ? pos_type(static_cast<off_type>(bytes.size())) : pos_type(-1);
    }
  };

  static std::string written_by(const Saver& saver) {
    StringSink sink;
    std::ostream out(&sink);
    saver(out);
    if (!out) throw std::runtime_error("the checkpoint could not be written");
    return std::move(sink.bytes);
  }

  bool send(const Report& report, std::string_view checkpoint, bool with_checkpoint) {
    std::vector<tune_metric> metrics;
    metrics.reserve(report.metrics().size());
    for (const auto& [name, value] : report.metrics()) metrics.push_back({name.c_str(), value});
    const int answer = host_->report(trial_, step_ + 1, metrics.data(), metrics.size(),
                                     report.extra().empty() ? nullptr : report.extra().c_str(),
                                     with_checkpoint ? checkpoint.data() : nullptr, checkpoint.size());
    ++step_;
    return answer != TUNE_LEAVE;
  }

  std::optional<double> read_real(const std::string& path) const {
    double value = 0;
    return host_->real(trial_, path.c_str(), &value) != 0 ? std::optional<double>(value) : std::nullopt;
  }
  std::optional<std::int64_t> read_integer(const std::string& path) const {
    std::int64_t value = 0;
    return host_->integer(trial_, path.c_str(), &value) != 0 ? std::optional<std::int64_t>(value) : std::nullopt;
  }
  std::optional<std::string> read_text(const std::string& path) const {
    const char* value = nullptr;
    return host_->text(trial_, path.c_str(), &value) != 0 ? std::optional<std::string>(value) : std::nullopt;
  }
  std::optional<bool> read_flag(const std::string& path) const {
    int value = 0;
    return host_->boolean(trial_, path.c_str(), &value) != 0 ? std::optional<bool>(value != 0) : std::nullopt;
  }

  /// What a parameter of another kind is, or empty if there is none.
  std::string found(const std::string& path) const {
    if (const auto value = read_text(path)) return "the text '" + *value + "'";
    if (const auto value = read_flag(path)) return *value ? "true" : "false";
    if (const auto value = read_real(path)) {
      char digits[32];
      std::snprintf(digits, sizeof digits, "%g", *value);
      return std::string("the number ") + digits;
    }
    return {};
  }
  template <class T>
  T required(const std::string& path, const char* kind, std::optional<T> value) const {
    if (value) return *std::move(value);
    const std::string other = found(path);
    if (other.empty()) throw BadParameter("parameter '" + path + "' (" + kind + ") is missing from search_space");
    throw BadParameter("parameter '" + path + "' must be " + kind + ", got " + other);
  }
  template <class T>
  T optional(const std::string& path, const char* kind, std::optional<T> value, T fallback) const {
    if (value) return *std::move(value);
    const std::string other = found(path);
    if (other.empty()) return fallback;
    throw BadParameter("parameter '" + path + "' must be " + kind + ", got " + other);
  }

  tune_trial* trial_;
  const tune_host* host_;
  std::optional<std::string_view> checkpoint_;
  std::int64_t step_ = 0;
};

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

/// The class form's loop, and the one place where its exceptions end.
struct TrainableDriver {
  /// Trains one trial with `object`, which `make` replaces where it is new or cannot be reset.
  static void run(std::unique_ptr<Trainable>& object, const std::function<std::unique_ptr<Trainable>()>& make,
                  bool can_save, tune_trial* handle, const tune_host* host) {
    guard(handle, host, [&] {
      try {
        Trial trial(handle, host);
        prepare(object, make, trial);
        loop(*object, can_save, trial);
        object->trial_ = nullptr;
      } catch (...) {
        object = nullptr;  // half-trained or half-reset: never the start of another trial
        throw;
      }
    });
  }

  /// Runs `body`; an exception becomes the trial's failure.
  template <class Body>
  static void guard(tune_trial* handle, const tune_host* host, Body&& body) {
    try {
      body();
    } catch (const std::exception& e) {
      host->fail(handle, 0, 0, e.what());
    } catch (...) {
      host->fail(handle, 0, 0, "an exception that is no std::exception");
    }
  }

 private:
  struct BytesSource : std::streambuf {
    explicit BytesSource(std::string_view bytes) {
      char* begin = const_cast<char*>(bytes.data());  // never written: there is no put area
      setg(begin, begin, begin + bytes.size());
    }
    pos_type seekoff(off_type off, std::ios_base::seekdir dir, std::ios_base::openmode) override {
      const off_type base = dir == std::ios_base::beg   ? 0
                            : dir == std::ios_base::cur ? gptr() - eback()
                                                        : egptr() - eback();
      const off_type to = base + off;
      if (to < 0 || to > egptr() - eback()) return pos_type(off_type(-1));
      setg(eback(), eback() + to, egptr());
      return pos_type(to);
    }
    pos_type seekpos(pos_type to, std::ios_base::openmode mode) override {
      return seekoff(off_type(to), std::ios_base::beg, mode);
    }
  };

  static void prepare(std::unique_ptr<Trainable>& object, const std::function<std::unique_ptr<Trainable>()>& make,
                      Trial& trial) {
    if (object != nullptr) object->trial_ = &trial;
    if (object == nullptr || !object->reset(trial)) {
      object = nullptr;  // its memory first
      object = make();
      object->trial_ = &trial;
      object->setup(trial);
    }
    if (const auto bytes = trial.checkpoint()) {
      BytesSource source(*bytes);
      std::istream in(&source);
      object->load(in);
      if (in.bad() || (in.fail() && !in.eof())) throw std::runtime_error("the checkpoint could not be read");
    }
  }

  static void loop(Trainable& object, bool can_save, Trial& trial) {
    const Trial::Saver saver = [&object](std::ostream& out) { object.save(out); };
    bool over = false;
    while (!over && !trial.should_stop() && !object.finished()) {
      const Report report = object.step();
      if (report.is_broken_off()) return;
      over = can_save ? !trial.report(report, saver) : !trial.report(report);
      over = over || report.is_last();
    }
    if (!can_save || trial.step() == 0) return;
    if (trial.should_stop() ? trial.save_asked() : trial.save_at_end()) trial.save(saver);
  }
};

/// Keeps what the C table of one trainable points to. Lives as long as the table is used: as a static.
class TrainableTable {
 public:
  TrainableTable(std::string name, TrainableOptions options, int flags, void* (*create)(),
                 void (*run)(void*, tune_trial*, const tune_host*), void (*destroy)(void*))
      : options_(std::move(options)) {
    if (options_.name.empty()) options_.name = std::move(name);
    for (const ParameterSpec& p : options_.parameters) {
      parameters_.push_back({p.name().c_str(), p.kind(), p.required() ? 1 : 0});
    }
    for (const std::string& metric : options_.metrics) metrics_.push_back(metric.c_str());
    const bool any = options_.more_parameters || (options_.parameters.empty() && !options_.numbered_parameters);
    if (options_.has_end) flags |= TUNE_HAS_END;
    if (any) flags |= TUNE_ANY_PARAMETERS;
    if (options_.numbered_parameters) flags |= TUNE_NUMBERED;
    table_ = {{options_.name.c_str(),
               static_cast<std::uint32_t>(flags | TUNE_EXTENDED),
               options_.isolation,
               parameters_.data(),
               parameters_.size(),
               metrics_.data(),
               metrics_.size(),
               create,
               run,
               destroy},
              this,
              nullptr,
              options_.prepare != nullptr ? prepare : nullptr};
  }
  /// A callable with whatever it holds; trials in threads call it at the same time.
  TrainableTable(std::string name, const TrainableOptions& options, std::function<void(Trial&)> callable)
      : TrainableTable(std::move(name), options, TUNE_CAN_RESET | (options.can_save ? int{TUNE_CAN_SAVE} : 0), nullptr,
                       call, [](void*) {}) {
    callable_ = std::move(callable);
    table_.create_in = [](void* self) -> void* { return &static_cast<TrainableTable*>(self)->callable_; };
  }
  TrainableTable(const TrainableTable&) = delete;
  TrainableTable& operator=(const TrainableTable&) = delete;

  /// The table of a class derived from Trainable; what it can do is seen from what it overrides.
  template <class T>
  static TrainableTable of_class(std::string name, TrainableOptions options = {}) {
    static_assert(std::is_base_of_v<Trainable, T>, "derive the class publicly from tune::Trainable");
    constexpr bool saves = !std::is_same_v<decltype(&T::save), decltype(&Trainable::save)>;
    constexpr bool loads = !std::is_same_v<decltype(&T::load), decltype(&Trainable::load)>;
    constexpr bool resets = !std::is_same_v<decltype(&T::reset), decltype(&Trainable::reset)>;
    static_assert(saves == loads, "override both save and load, or none");
    using Object = std::unique_ptr<Trainable>;
    return TrainableTable(
        std::move(name), std::move(options), (saves ? int{TUNE_CAN_SAVE} : 0) | (resets ? int{TUNE_CAN_RESET} : 0),
        []() -> void* { return new Object(); },
        [](void* object, tune_trial* trial, const tune_host* host) {
          TrainableDriver::run(
              *static_cast<Object*>(object), [] { return std::make_unique<T>(); }, saves, trial, host);
        },
        [](void* object) { delete static_cast<Object*>(object); });
  }

  /// The table of a function `void train(tune::Trial&)`. A function holds no state: it can be called again and again.
  template <void (*kFunction)(Trial&)>
  static TrainableTable of_function(std::string name, TrainableOptions options = {}) {
    const int flags = TUNE_CAN_RESET | (options.can_save ? int{TUNE_CAN_SAVE} : 0);
    return TrainableTable(
        std::move(name), std::move(options), flags, []() -> void* { return nullptr; },
        [](void*, tune_trial* handle, const tune_host* host) {
          TrainableDriver::guard(handle, host, [&] {
            Trial trial(handle, host);
            kFunction(trial);
          });
        },
        [](void*) {});
  }

  const tune_trainable* get() const { return &table_.trainable; }

 private:
  static void call(void* callable, tune_trial* handle, const tune_host* host) {
    TrainableDriver::guard(handle, host, [&] {
      Trial trial(handle, host);
      (*static_cast<std::function<void(Trial&)>*>(callable))(trial);
    });
  }

  static int prepare(void* self, char* why, std::size_t size) {
    const char* what = "an exception that is no std::exception";
    std::string kept;
    try {
      static_cast<TrainableTable*>(self)->options_.prepare();
      return 0;
    } catch (const std::exception& e) {
      kept = e.what();
      what = kept.c_str();
    } catch (...) {
    }
    std::snprintf(why, size, "%s", what);
    return 1;
  }

  std::function<void(Trial&)> callable_;
  TrainableOptions options_;
  std::vector<tune_parameter> parameters_;
  std::vector<const char*> metrics_;
  tune_trainable_extended table_{};
};

}  // namespace tune

/// The one symbol of a library, made by the first macro below that is used in it.
extern "C" __attribute__((visibility("default"))) inline const tune_library* tune_library_v1();

namespace tune::registration {

// Hidden, so that two libraries in one process keep their own lists: an inline variable of default visibility would be
// one and the same in both.
__attribute__((visibility("hidden"))) inline std::vector<const tune_trainable*>* registered = nullptr;
__attribute__((visibility("hidden"))) inline tune_library library = {};

/// Puts one table into the library's list, when the library is loaded.
struct Entry {
  template <class Make>
  explicit Entry(Make&& make) : table(make()) {
    if (registered == nullptr) registered = new std::vector<const tune_trainable*>();
    registered->push_back(table.get());
    exported = &::tune_library_v1;
  }
  TrainableTable table;
  tune_library_fn exported = nullptr;  // names the function, so that the compiler keeps it
};

}  // namespace tune::registration

extern "C" inline const tune_library* tune_library_v1() {
  namespace r = tune::registration;
  if (r::registered == nullptr) return nullptr;
  r::library = {TUNE_ABI, TUNE_HEADERS_VERSION, r::registered->size(), r::registered->data()};
  return &r::library;
}

#define TUNE_JOIN2(a, b) a##b
#define TUNE_JOIN(a, b) TUNE_JOIN2(a, b)

// The semicolon after a use is optional.

/// Registers a class: TUNE_TRAINABLE(Net), TUNE_TRAINABLE(Net, .has_end = true, .metrics = {"loss"}).
#define TUNE_TRAINABLE(Class, ...)                                              \
  static const ::tune::registration::Entry TUNE_JOIN(tune_entry_, __COUNTER__)( \
      [] { return ::tune::TrainableTable::of_class<Class>(#Class, ::tune::TrainableOptions{__VA_ARGS__}); });

/// Registers a function under a name: TUNE_FUNCTION(mine, train), TUNE_FUNCTION(mine, train, .can_save = true).
#define TUNE_FUNCTION(registered_name, function, ...)                                                               \
  static const ::tune::registration::Entry TUNE_JOIN(tune_entry_, __COUNTER__)([] {                                 \
    return ::tune::TrainableTable::of_function<&function>(#registered_name, ::tune::TrainableOptions{__VA_ARGS__}); \
  });
