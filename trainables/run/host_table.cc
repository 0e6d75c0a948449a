// The C table over TrialRun: turns pointers into values and lets no exception cross the border.

#include <exception>
#include <string>

#include "trainables/run/trial_run.h"

namespace tune {
namespace {

TrialRun& self(tune_trial* trial) { return *reinterpret_cast<TrialRun*>(trial); }

/// A request that throws (memory is gone) fails the trial, and answers as if it had been refused.
template <class Answer, class Body>
Answer guarded(tune_trial* trial, Answer refused, Body&& body) {
  try {
    return body(self(trial));
  } catch (const std::exception& e) {
    self(trial).fail(Cause::kException, e.what());
    return refused;
  }
}

const char* config_json(tune_trial* t) { return self(t).assign().config_json.c_str(); }
const char* trial_name(tune_trial* t) { return self(t).assign().trial_name.c_str(); }
std::int64_t trial_number(tune_trial* t) { return self(t).assign().trial.value; }
std::uint64_t seed(tune_trial* t) { return self(t).assign().seed; }

/// Writes *out if `value` is there.
template <class T, class Out>
int answer(const std::optional<T>& value, Out* out) {
  if (!value) return 0;
  *out = static_cast<Out>(*value);
  return 1;
}

int real(tune_trial* t, const char* path, double* out) {
  return guarded(t, 0, [&](TrialRun& run) {
    const Parameters* all = run.parameters();
    return all != nullptr ? answer(all->real(path), out) : 0;
  });
}

int integer(tune_trial* t, const char* path, std::int64_t* out) {
  return guarded(t, 0, [&](TrialRun& run) {
    const Parameters* all = run.parameters();
    return all != nullptr ? answer(all->integer(path), out) : 0;
  });
}

int text(tune_trial* t, const char* path, const char** out) {
  return guarded(t, 0, [&](TrialRun& run) {
    const Parameters* all = run.parameters();
    const std::string* found = all != nullptr ? all->text(path) : nullptr;
    if (found == nullptr) return 0;
    *out = found->c_str();
    return 1;
  });
}

int boolean(tune_trial* t, const char* path, int* out) {
  return guarded(t, 0, [&](TrialRun& run) {
    const Parameters* all = run.parameters();
    return all != nullptr ? answer(all->boolean(path), out) : 0;
  });
}

const char* directory(tune_trial* t) {
  return guarded(t, static_cast<const char*>(nullptr), [](TrialRun& run) { return run.directory(); });
}

int checkpoint(tune_trial* t, const void** data, std::size_t* size, std::int64_t* step) {
  return self(t).checkpoint(data, size, step) ? 1 : 0;
}

int save_due(tune_trial* t, std::int64_t step) { return self(t).save_due(step) ? 1 : 0; }

/// A name given twice keeps its last value, so that a metric has one value a report.
void add(Metrics& metrics, const tune_metric& metric) {
  for (auto& [name, value] : metrics) {
    if (name == metric.name) {
      value = metric.value;
      return;
    }
  }
  metrics.emplace_back(metric.name, metric.value);
}

int report(tune_trial* t, std::int64_t step, const tune_metric* metrics, std::size_t count, const char* extra_json,
           const void* data, std::size_t size) {
  return guarded(t, static_cast<int>(TUNE_LEAVE), [&](TrialRun& run) -> int {
    Metrics values;
    values.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (metrics[i].name == nullptr) {
        run.fail(Cause::kBadReport, "it reported a metric without a name");
        return TUNE_LEAVE;
      }
      add(values, metrics[i]);
    }
    std::optional<std::string_view> state;
    if (data != nullptr) state.emplace(static_cast<const char*>(data), size);
    return run.report(step, std::move(values), extra_json != nullptr ? extra_json : "", state);
  });
}

int should_stop(tune_trial* t) {
  return guarded(t, 1, [](TrialRun& run) { return run.should_stop() ? 1 : 0; });
}

int save_asked(tune_trial* t) {
  return guarded(t, 0, [](TrialRun& run) { return run.save_asked() ? 1 : 0; });
}

int save(tune_trial* t, std::int64_t step, const void* data, std::size_t size) {
  return guarded(t, 0, [&](TrialRun& run) {
    const std::string_view bytes = data != nullptr ? std::string_view(static_cast<const char*>(data), size) : "";
    return run.save(step, bytes) ? 1 : 0;
  });
}

void fail(tune_trial* t, int kind, int code, const char* text) {
  guarded(t, 0, [&](TrialRun& run) {
    constexpr Cause kCauses[] = {Cause::kException, Cause::kExit, Cause::kSignal, Cause::kLoad};
    run.fail(kind >= 0 && kind < 4 ? kCauses[kind] : Cause::kException, text != nullptr ? text : "", code);
    return 0;
  });
}

int save_at_end(tune_trial* t) { return self(t).save_at_end() ? 1 : 0; }

void note(tune_trial* t, const char* text) {
  guarded(t, 0, [&](TrialRun& run) {
    run.note(text != nullptr ? text : "");
    return 0;
  });
}

}  // namespace

const tune_host& host_table() {
  static constexpr tune_host kTable = {
      sizeof(tune_host), config_json, real,      integer,     text,     boolean, trial_name,
      trial_number,      seed,        directory, checkpoint,  save_due, report,  should_stop,
      save_asked,        save,        fail,      save_at_end, note};
  return kTable;
}

}  // namespace tune
