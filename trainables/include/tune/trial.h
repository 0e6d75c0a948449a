#pragma once

// What a trainable holds while it trains: the Trial, which gives parameters and takes reports and checkpoints, and the
// Report of one training iteration. <tune/trainable.h> includes it and is where to begin.

#include <tune/abi.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
///   void train(tune::Trial& trial) {
///     double loss = 1;
///     if (const auto bytes = trial.checkpoint()) loss = std::stod(std::string(*bytes));
///     while (trial.step() < 20) {
///       loss *= 1 - trial.real("lr");
///       if (!trial.report({{"loss", loss}}, [&](std::ostream& out) { out << loss; })) return;
///     }
///   }
///
/// Lives until run returns. Only the thread that was given it may call it. A trial that comes to its own end without a
/// single report has failed, whether it is C++ or a program.
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

}  // namespace tune
