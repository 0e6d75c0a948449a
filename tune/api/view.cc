#include "tune/api/view.h"

#include <exception>

namespace tune {

ProgramView::ProgramView(Callbacks callbacks, std::unique_ptr<RunView> shown,
                         std::function<std::optional<TrialResult>(std::int64_t)> read, std::function<void()> broken)
    : callbacks_(std::move(callbacks)), shown_(std::move(shown)), read_(std::move(read)), broken_(std::move(broken)) {}

/// A callback that throws is not called again, nor is any other.
template <class Call>
void ProgramView::guard(Call&& call) {
  if (!thrown_.empty()) return;
  try {
    call();
  } catch (const std::exception& e) {
    thrown_ = std::string("a callback threw: ") + e.what();
  } catch (...) {
    thrown_ = "a callback threw an exception that is no std::exception";
  }
  if (!thrown_.empty()) broken_();
}

void ProgramView::started(const RunInfo& info, const Controller& controller) {
  if (shown_) shown_->started(info, controller);
}

void ProgramView::turn(const std::vector<LogEntry>& entries, const Controller& controller) {
  if (shown_) shown_->turn(entries, controller);
  for (const LogEntry& entry : entries) {
    const auto* report = std::get_if<Reported>(&entry.event.body);
    if (report != nullptr && callbacks_.report) {
      ReportEvent event{report->trial.value, report->step, {}};
      for (const auto& [name, value] : report->metrics) event.metrics.emplace_back(name, value);
      guard([&] { callbacks_.report(event); });
    }
    for (const Decision& decision : entry.decisions) {
      const auto* end = std::get_if<FinishTrial>(&decision.body);
      if (end == nullptr) continue;
      if (callbacks_.finished) {
        guard([&] {
          if (const auto trial = read_(end->trial.value)) callbacks_.finished(*trial);
        });
      }
      const std::lock_guard lock(mutex_);
      finished_.push_back(end->trial.value);
      changed_.notify_all();
    }
  }
}

void ProgramView::refresh(const Controller& controller) {
  if (shown_) shown_->refresh(controller);
}

void ProgramView::message(Severity severity, const std::string& text) {
  if (shown_) shown_->message(severity, text);
  if (callbacks_.message) guard([&] { callbacks_.message(text); });
}

void ProgramView::finished(RunEnd end, const Controller& controller) {
  if (shown_) shown_->finished(end, controller);
}

void ProgramView::close() {
  shown_.reset();  // it gives the cursor back
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

std::optional<std::int64_t> ProgramView::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || !finished_.empty(); });
  if (finished_.empty()) return std::nullopt;
  const std::int64_t number = finished_.front();
  finished_.pop_front();
  return number;
}

}  // namespace tune
