#include "tests/trainables/fake_host.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tune::testing {

struct FakeHostTable {
  static FakeHost& of(tune_trial* trial) { return *reinterpret_cast<FakeHost*>(trial); }

  template <class T>
  static const T* find(tune_trial* trial, const char* path) {
    const auto& config = of(trial).config;
    const auto it = config.find(path);
    return it == config.end() ? nullptr : std::get_if<T>(&it->second);
  }

  static int real(tune_trial* t, const char* path, double* out) {
    if (const auto* v = find<double>(t, path)) return *out = *v, 1;
    if (const auto* v = find<std::int64_t>(t, path)) return *out = static_cast<double>(*v), 1;
    if (const auto* v = find<bool>(t, path)) return *out = *v ? 1 : 0, 1;
    return 0;
  }
  static int integer(tune_trial* t, const char* path, std::int64_t* out) {
    if (const auto* v = find<std::int64_t>(t, path)) return *out = *v, 1;
    if (const auto* v = find<double>(t, path); v != nullptr && *v == std::floor(*v)) {
      return *out = static_cast<std::int64_t>(*v), 1;
    }
    return 0;
  }
  static int text(tune_trial* t, const char* path, const char** out) {
    const auto* v = find<std::string>(t, path);
    return v != nullptr ? (*out = v->c_str(), 1) : 0;
  }
  static int boolean(tune_trial* t, const char* path, int* out) {
    const auto* v = find<bool>(t, path);
    return v != nullptr ? (*out = *v ? 1 : 0, 1) : 0;
  }
  static int checkpoint(tune_trial* t, const void** data, size_t* size, std::int64_t* step) {
    const FakeHost& host = of(t);
    if (!host.checkpoint) return 0;
    *data = host.checkpoint->data();
    *size = host.checkpoint->size();
    *step = host.checkpoint_step;
    return 1;
  }
  static int save_due(tune_trial* t, std::int64_t step) {
    const FakeHost& host = of(t);
    if (step == 0) step = host.step_ + 1;
    return host.save_every > 0 && step % host.save_every == 0 ? 1 : 0;
  }
  static int report(tune_trial* t, std::int64_t step, const tune_metric* metrics, size_t count, const char* extra,
                    const void* data, size_t size) {
    FakeHost& host = of(t);
    host.step_ = step == 0 ? host.step_ + 1 : step;
    SeenReport seen{.step = host.step_, .metrics = {}, .extra = extra != nullptr ? extra : "", .checkpoint = {}};
    for (size_t i = 0; i < count; ++i) seen.metrics.emplace_back(metrics[i].name, metrics[i].value);
    if (data != nullptr) seen.checkpoint.emplace(static_cast<const char*>(data), size);
    const auto earlier = std::find_if(host.reports.begin(), host.reports.end(),
                                      [&](const SeenReport& other) { return other.step == seen.step; });
    if (earlier == host.reports.end()) {
      host.reports.push_back(std::move(seen));
    } else {
      EXPECT_EQ(seen.metrics, earlier->metrics) << "step " << seen.step << " counts once";
    }
    if (host.during_report) host.during_report(host.step_);
    if (host.leave_at && host.step_ >= *host.leave_at) host.leaving_ = true;
    return host.leaving_ ? TUNE_LEAVE : TUNE_CONTINUE;
  }
  static int should_stop(tune_trial* t) {
    const FakeHost& host = of(t);
    return host.leaving_ || (host.stop_after && host.step_ >= *host.stop_after) ? 1 : 0;
  }
  static int save_asked(tune_trial* t) { return should_stop(t) != 0 && of(t).save_on_leave && !of(t).saved_ ? 1 : 0; }
  static int save(tune_trial* t, std::int64_t step, const void* data, size_t size) {
    of(t).saved_ = true;
    of(t).saves.push_back({step, std::string(static_cast<const char*>(data), size)});
    return 1;
  }
  static void note(tune_trial* t, const char* text) { of(t).notes.emplace_back(text); }
  static int save_at_end(tune_trial* t) { return of(t).at_end ? 1 : 0; }
  static void fail(tune_trial* t, int kind, int code, const char* text) {
    of(t).failures.push_back({kind, code, text});
  }
};

double SeenReport::metric(const std::string& name) const {
  for (const auto& [key, value] : metrics) {
    if (key == name) return value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

const tune_host* FakeHost::table() {
  using T = FakeHostTable;
  static const tune_host kTable = {sizeof(tune_host),
                                   [](tune_trial* t) { return T::of(t).config_json.c_str(); },
                                   T::real,
                                   T::integer,
                                   T::text,
                                   T::boolean,
                                   [](tune_trial* t) { return T::of(t).name.c_str(); },
                                   [](tune_trial* t) { return T::of(t).number; },
                                   [](tune_trial* t) { return T::of(t).seed; },
                                   [](tune_trial* t) -> const char* {
                                     const FakeHost& host = T::of(t);
                                     return host.directory.empty() ? nullptr : host.directory.c_str();
                                   },
                                   T::checkpoint,
                                   T::save_due,
                                   T::report,
                                   T::should_stop,
                                   T::save_asked,
                                   T::save,
                                   T::fail,
                                   T::save_at_end,
                                   T::note};
  return &kTable;
}

void FakeHost::run(const tune_trainable* trainable) {
  void* instance = trainable->create();
  run(trainable, instance);
  trainable->destroy(instance);
}

void FakeHost::run(const tune_trainable* trainable, void* instance) {
  step_ = checkpoint ? checkpoint_step : 0;
  leaving_ = saved_ = false;
  trainable->run(instance, handle(), table());
}

void FakeHost::resume_from_last() {
  if (!saves.empty()) {
    checkpoint = saves.back().bytes;
    checkpoint_step = saves.back().step;
    return;
  }
  for (const SeenReport& report : reports) {
    if (report.checkpoint) checkpoint = report.checkpoint, checkpoint_step = report.step;
  }
}

}  // namespace tune::testing
