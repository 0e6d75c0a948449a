// What a commit costs, on the disk under TMPDIR (TUNE_BENCH_DIR names another folder; /dev/shm shows the CPU alone).

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "core/metrics.h"
#include "experiments/store/store.h"

namespace tune {
namespace {

class BenchFolder {
 public:
  BenchFolder() {
    const char* where = std::getenv("TUNE_BENCH_DIR");
    path_ = (where != nullptr ? std::string(where) : std::filesystem::temp_directory_path().string()) +
            "/tune-bench-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~BenchFolder() { std::filesystem::remove_all(path_); }
  std::string db() const { return path_ + "/tune.db"; }

 private:
  std::string path_;
};

NewExperiment experiment() {
  NewExperiment made;
  made.row.name = "bench";
  made.row.resolved_json = std::string(4000, 'x');
  return made;
}

/// `events` reports of `trials` trials; every decision a verdict.
TurnRows turn(std::int64_t& n, int events, int trials) {
  TurnRows rows;
  for (int i = 0; i < events; ++i) {
    ++n;
    const TrialId trial{n % trials};
    rows.entries.push_back({{EventNumber{n}, 0.001 * static_cast<double>(n),
                             Reported{trial,
                                      Attempt{1},
                                      n,
                                      n,
                                      0.1,
                                      {{"loss", 1.0 / static_cast<double>(n)}, {"accuracy", 0.9}},
                                      "",
                                      std::nullopt}},
                            {{Judged{trial, n, Verdict::kContinue, TrialState::kStopped, Cause::kNone},
                              "rank 5 of 6 in rung 9, keeps 2"}}});
  }
  for (int i = 0; i < std::min(events, trials); ++i) {
    TrialRow& row = rows.trials.emplace_back();
    row.number = (n - i) % trials;
    row.status = row.state = "running";
    row.cause = "none";
    row.config_json = R"({"lr":0.0012345,"batch_size":16,"l1":32,"l2":64})";
    row.metrics_json = R"({"loss":0.12345678,"accuracy":0.9})";
    row.objective_class = row.best_class = 0;
  }
  rows.summary.status = "running";
  rows.summary.updated_at = 1'700'000'000;
  return rows;
}

void BM_Commit(benchmark::State& state) {
  const BenchFolder folder;
  auto store = create_experiment(folder.db(), experiment(), {}, {});
  if (!store) return state.SkipWithError(store.error().message.c_str());
  std::int64_t n = 0;
  const int events = static_cast<int>(state.range(0));
  for (auto _ : state) {
    const TurnRows rows = turn(n, events, 1000);
    const auto stored = (*store)->commit(rows);
    if (!stored) return state.SkipWithError(stored.error().message.c_str());
  }
  state.SetItemsProcessed(state.iterations() * events);
}
BENCHMARK(BM_Commit)->Arg(1)->Arg(2)->Arg(8)->Arg(64)->Arg(1000)->UseRealTime();

void BM_ReadLog(benchmark::State& state) {
  const BenchFolder folder;
  auto store = create_experiment(folder.db(), experiment(), {}, {});
  if (!store) return state.SkipWithError(store.error().message.c_str());
  std::int64_t n = 0;
  for (int i = 0; i < 100; ++i) {
    if (!(*store)->commit(turn(n, 1000, 10'000))) return state.SkipWithError("commit");
  }
  for (auto _ : state) {
    std::int64_t seen = 0;
    const auto read = (*store)->read_log([&](const LogEntry&) -> Result<void> {
      ++seen;
      return {};
    });
    if (!read || seen != n) return state.SkipWithError("read");
  }
  state.SetItemsProcessed(state.iterations() * n);
}
BENCHMARK(BM_ReadLog)->Unit(benchmark::kMillisecond);

/// 100 MB through the channel: into a growing file, then into freed pages.
void BM_LargeCheckpoint(benchmark::State& state) {
  const BenchFolder folder;
  auto store = create_experiment(folder.db(), experiment(), {}, [](const std::function<void()>& what) { what(); });
  if (!store) return state.SkipWithError(store.error().message.c_str());
  constexpr std::size_t kSize = 100'000'000, kPiece = std::size_t{1} << 20;
  std::string bytes(kSize, 0);
  std::uint64_t x = 88172645463325252u;
  for (char& c : bytes) c = static_cast<char>((x ^= x << 7, x ^= x >> 9));
  std::int64_t n = 0;
  std::uint64_t key = 0;
  CheckpointId last;
  for (auto _ : state) {
    ++key;
    std::mutex mutex;
    std::condition_variable wake;
    int waiting = 0;
    Result<CheckpointInfo> info;
    const auto done = [&](const auto& result) {
      const std::lock_guard guard(mutex);
      if constexpr (std::is_same_v<std::decay_t<decltype(result)>, Result<CheckpointInfo>>) info = result;
      --waiting;
      wake.notify_one();
    };
    const auto wait_for = [&](int most) {
      std::unique_lock lock(mutex);
      wake.wait(lock, [&] { return waiting <= most; });
    };
    for (std::size_t at = 0; at < kSize; at += kPiece) {
      wait_for(1);
      {
        const std::lock_guard guard(mutex);
        ++waiting;
      }
      (*store)->channel().write(key, bytes.substr(at, kPiece), [&](const Result<void>& result) { done(result); });
    }
    wait_for(0);
    {
      const std::lock_guard guard(mutex);
      ++waiting;
    }
    (*store)->channel().finish(key, [&](const Result<CheckpointInfo>& result) { done(result); });
    wait_for(0);
    if (!info) return state.SkipWithError(info.error().message.c_str());
    state.PauseTiming();
    if (state.range(0) == 1) {  // the one before makes room
      TurnRows rows = turn(n, 1, 1000);
      last = rows.entries.front().event.n;
      rows.checkpoints.push_back({CheckpointRow{last, 0, 1, kSize, info->sha256, true, false}, ""});
      rows.large.emplace_back(last, key);
      (void)(*store)->commit(rows);
      rows = turn(n, 1, 1000);
      rows.released = {last};
      (void)(*store)->commit(rows);
    }
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kSize));
}
BENCHMARK(BM_LargeCheckpoint)->Arg(0)->Arg(1)->Iterations(5)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace tune

BENCHMARK_MAIN();
