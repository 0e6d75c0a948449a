#pragma once

// How a trainable gets into a library or program: TUNE_TRAINABLE and TUNE_FUNCTION, at the end, and below them what
// they are made of, which authors need not read: the loop of the class form (TrainableDriver), the C table of
// <tune/abi.h> (TrainableTable), and the list of a library's tables. <tune/trainable.h> includes it.

#include <tune/abi.h>
#include <tune/trainable.h>
#include <tune/trial.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <istream>
#include <memory>
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
    table_ = {{options_.name.c_str(), static_cast<std::uint32_t>(flags | TUNE_EXTENDED), options_.isolation,
               parameters_.data(), parameters_.size(), metrics_.data(), metrics_.size(), create, run, destroy},
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
