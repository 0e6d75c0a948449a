// What this machine has, and how many trials at a time that makes (core/workers.h).

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "core/text.h"
#include "core/workers.h"

namespace tune {
namespace {

/// 0.1 + 0.1 + 0.1 CPUs may be had of 0.3: quotients are rounded down with so much grace.
constexpr double kGrace = 1e-9;

int usable_cpus() {
  for (int size = 1024; size <= 1 << 20; size *= 4) {  // the kernel refuses a mask smaller than its own
    cpu_set_t* const mask = CPU_ALLOC(static_cast<std::size_t>(size));
    if (!mask) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(size));
    const bool found = ::sched_getaffinity(0, bytes, mask) == 0;
    const int count = found ? CPU_COUNT_S(bytes, mask) : 0;
    CPU_FREE(mask);
    if (found) return std::max(1, count);
  }
  return std::max(1, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
}

/// As CUDA reads it: a list that ends at the first entry that is no device (`-1`, an empty one).
std::vector<std::string> listed_gpus(std::string_view text) {
  std::vector<std::string> gpus;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name.empty() || name.starts_with('-') || name == "NoDevFiles") break;
    gpus.emplace_back(name);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return gpus;
}

std::vector<std::string> device_gpus() {
  constexpr std::string_view kPrefix = "nvidia";
  std::vector<std::int64_t> numbers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/dev", error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kPrefix)) continue;
    if (const auto number = parse_integer(std::string_view(name).substr(kPrefix.size())); number && *number >= 0) {
      numbers.push_back(*number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  std::vector<std::string> names;
  names.reserve(numbers.size());
  for (const std::int64_t number : numbers) names.push_back(std::to_string(number));
  return names;
}

/// How often `need` is in `have`; bounded, since a need near 0 would give any number.
std::int64_t times(double have, double need) {
  constexpr double kMostSlots = 1 << 20;
  return static_cast<std::int64_t>(std::min(kMostSlots, std::floor(have / need + kGrace)));
}

/// Slots that share one GPU. Requires: 0 < gpu < 1.
std::int64_t sharing(double gpu) { return times(1, gpu); }

Result<void> check_need(const Resources& need, const Machine& machine) {
  const auto bad = [](const char* what, double value) {
    return fail(ErrorCode::kBadInput,
                fmt::format("{} must be a number that is 0 or more, got {}", what, format_real(value)));
  };
  if (!(need.cpu >= 0) || std::isinf(need.cpu)) return bad("cpu", need.cpu);
  if (!(need.gpu >= 0) || std::isinf(need.gpu)) return bad("gpu", need.gpu);
  if (need.cpu > machine.cpus + kGrace) {
    return fail(ErrorCode::kBadInput,
                fmt::format("cpu: {} requested, {} present", format_real(need.cpu), machine.cpus));
  }
  if (need.gpu > 0 && machine.gpus.empty()) {
    return fail(ErrorCode::kBadInput, fmt::format("gpu: {} requested, no GPU found", format_real(need.gpu)));
  }
  if (need.gpu > static_cast<double>(machine.gpus.size())) {
    return fail(ErrorCode::kBadInput,
                fmt::format("gpu: {} requested, {} present", format_real(need.gpu), machine.gpus.size()));
  }
  if (need.gpu > 1 && need.gpu != std::floor(need.gpu)) {
    return fail(ErrorCode::kBadInput,
                fmt::format("gpu: {} is neither a whole number nor a part of one", format_real(need.gpu)));
  }
  return {};
}

}  // namespace

Machine this_machine() {
  Machine machine;
  machine.cpus = usable_cpus();
  const char* const listed = std::getenv("CUDA_VISIBLE_DEVICES");
  machine.gpus = listed ? listed_gpus(listed) : device_gpus();
  const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && page > 0) machine.memory = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
  return machine;
}

Result<SlotPlan> plan_slots(const Resources& need, std::optional<std::int64_t> concurrency, const Machine& machine) {
  if (Result<void> fits = check_need(need, machine); !fits) return pass_on(std::move(fits));
  if (concurrency && *concurrency < 1) {
    return fail(ErrorCode::kBadInput, fmt::format("concurrency must be 1 or more, got {}", *concurrency));
  }
  SlotPlan plan;
  plan.cpu = need.cpu;
  plan.gpu = need.gpu;
  // Nothing asked for: any number fits, and one a CPU is a sensible one.
  if (need.cpu == 0 && need.gpu == 0) {
    plan.slots = concurrency.value_or(machine.cpus);
    plan.note = counted(plan.slots, "trial") + " at a time, " +
                (concurrency ? "as budget.concurrency says" : "one a CPU, as none asks for any");
    return plan;
  }
  std::int64_t held = INT64_MAX;
  std::string holder;
  if (need.cpu > 0) {
    held = times(machine.cpus, need.cpu);
    holder = counted(machine.cpus, "CPU");
  }
  if (need.gpu > 0) {
    const auto present = static_cast<std::int64_t>(machine.gpus.size());
    const std::int64_t by_gpu =
        need.gpu < 1 ? present * sharing(need.gpu) : times(static_cast<double>(present), need.gpu);
    if (by_gpu < held) {
      held = by_gpu;
      holder = counted(present, "GPU");
    }
    plan.gpus = machine.gpus;
  }
  if (concurrency && *concurrency < held) {
    plan.slots = *concurrency;
    plan.note = fmt::format("{} at a time, as budget.concurrency says; {} would hold {}", counted(plan.slots, "trial"),
                            holder, held);
    return plan;
  }
  plan.slots = held;
  plan.note = fmt::format("{} at a time, as many as {} hold{}", counted(held, "trial"), holder,
                          holder.starts_with("1 ") ? "s" : "");
  if (concurrency && *concurrency > held) plan.note += fmt::format("; budget.concurrency is {}", *concurrency);
  return plan;
}

std::string visible_gpus(const SlotPlan& plan, std::int64_t slot) {
  if (plan.gpu <= 0 || plan.gpus.empty() || slot < 0) return {};
  const std::int64_t count = plan.gpu < 1 ? 1 : static_cast<std::int64_t>(plan.gpu);
  const std::int64_t first = plan.gpu < 1 ? slot / sharing(plan.gpu) : slot * count;
  if (first + count > static_cast<std::int64_t>(plan.gpus.size())) return {};
  return join(std::span(plan.gpus).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)), ",");
}

std::string visible_gpus(const SlotPlan& plan, const std::vector<std::int64_t>& slots) {
  std::vector<std::string> all;
  for (const std::int64_t slot : slots) {
    const std::string gpus = visible_gpus(plan, slot);
    if (!gpus.empty() && std::ranges::find(all, gpus) == all.end()) all.push_back(gpus);  // parts of one are one
  }
  return join(all, ",");
}

}  // namespace tune
