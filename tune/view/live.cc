#include "tune/view/live.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/text.h"
#include "core/utf8.h"
#include "tune/view/tell.h"
#include "tune/view/words.h"

namespace tune {
namespace {

constexpr std::size_t kMostRows = 8;

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == 0) continue;
    const std::string_view locale(value);
    return locale.find("UTF-8") != std::string_view::npos || locale.find("utf8") != std::string_view::npos;
  }
  return false;
}

struct ScreenSize {
  std::size_t columns = 80, rows = 24;
};

ScreenSize screen_size() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
  return {size.ws_col, size.ws_row == 0 ? ScreenSize().rows : size.ws_row};
}

/// Cuts to `width` characters, counting UTF-8 characters and skipping colour codes.
std::string cut(const std::string& line, std::size_t width) {
  std::string out;
  std::size_t used = 0;
  bool colored = false;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == '\x1b') {
      const std::size_t end = line.find('m', i);
      if (end == std::string::npos) break;
      out.append(line, i, end - i + 1);
      colored = true;
      i = end + 1;
      continue;
    }
    std::size_t next = i + 1;
    while (next < line.size() && (line[next] & 0xC0) == 0x80) ++next;
    if (used == width) break;
    out.append(line, i, next - i);
    ++used;
    i = next;
  }
  return colored ? out + "\x1b[0m" : out;
}

}  // namespace

LiveView::LiveView(const ViewOptions& options)
    : options_(options),
      plain_(options, [this](const std::string& lines) { print_above(lines); }),
      utf8_(locale_is_utf8()) {
  plain_.show_finished(false);
  plain_.show_heartbeat(false);
}

LiveView::~LiveView() { std::fflush(stderr); }

std::string LiveView::paint(std::string_view code, const std::string& text) const {
  return options_.color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

void LiveView::print_above(const std::string& lines) {
  erase();
  tell(stderr, "{}", lines);
}

void LiveView::erase() {
  if (drawn_.empty()) return;
  tell(stderr, "\x1b[{}A\r\x1b[J", drawn_.size());
  drawn_.clear();
}

void LiveView::draw(std::vector<std::string> lines) {
  // Hidden for one write and no longer: whatever ends or stops this process in between leaves the terminal as it was.
  std::string out = "\x1b[?25l";
  if (drawn_.size() != lines.size()) {
    erase();
    for (const std::string& line : lines) out += line + "\x1b[K\n";
  } else {
    out += fmt::format("\x1b[{}A\r", lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) out += (lines[i] == drawn_[i] ? "" : lines[i] + "\x1b[K") + "\n";
  }
  tell(stderr, "{}\x1b[?25h", out);
  std::fflush(stderr);
  drawn_ = std::move(lines);
}

void LiveView::started(const RunInfo& info, const Controller& controller) {
  info_ = info;
  finished_at_start_ = finished_before_ = controller.counts().finished();
  plain_.started(info, controller);
}

void LiveView::turn(const std::vector<LogEntry>& entries, const Controller& controller) {
  for (const LogEntry& entry : entries) {
    for (const Decision& decision : entry.decisions) {
      const auto* finish = std::get_if<FinishTrial>(&decision.body);
      if (finish == nullptr || finish->state != TrialState::kFailed) continue;
      last_error_ = fmt::format("#{}: \"{}\"  (tune logs {}/{})", finish->trial.value,
                                visible(decision.reason.substr(0, decision.reason.find('\n'))), info_.experiment,
                                finish->trial.value);
    }
  }
  const bool was_drawn = !drawn_.empty();
  plain_.turn(entries, controller);
  if (was_drawn && drawn_.empty()) refresh(controller);
}

std::string LiveView::progress_line(const Controller& controller, std::size_t width) const {
  const Counts& counts = controller.counts();
  const auto allowed = controller.trials_allowed();
  const auto& time = controller.options().budget.time;
  std::string text = fmt::format("  {} elapsed", format_duration(controller.elapsed()));
  if (!allowed) return fmt::format("  {} finished{}", counts.finished(), text);
  std::optional<double> left;
  if (rate_ > 0 && counts.finished() - finished_at_start_ >= 3) {
    left = static_cast<double>(*allowed - counts.finished()) / rate_;
  }
  if (left && time) left = std::min(*left, std::max(0.0, *time - controller.elapsed()));
  if (left) text += fmt::format("   {} {} left", utf8_ ? "≈" : "~", format_duration(*left));
  const std::size_t bar = width > 80 ? 30 : 20;
  const double share =
      static_cast<double>(counts.finished()) / static_cast<double>(std::max<std::int64_t>(1, *allowed));
  const auto full = static_cast<std::size_t>(share * static_cast<double>(bar));
  std::string drawn;
  for (std::size_t i = 0; i < bar; ++i) drawn += i < full ? (utf8_ ? "█" : "#") : " ";
  return fmt::format("  [{}] {}/{} {}", drawn, counts.finished(), *allowed, text);
}

void LiveView::trial_table(const Controller& controller, std::size_t width, std::vector<std::string>& lines) const {
  std::vector<TrialId> live = controller.live();
  const std::int64_t slots = controller.slots();
  if (static_cast<std::int64_t>(live.size()) > slots) live.resize(static_cast<std::size_t>(slots));
  if (live.empty()) return;
  const std::string metric = info_.objectives.front().metric;
  std::vector<std::vector<std::string>> rows{{"trial", "status", "iter", metric, "time"}};
  for (const std::string& path : info_.parameters) rows[0].push_back(path);
  for (std::size_t i = 0; i < live.size() && i < kMostRows; ++i) {
    const TrialRecord& trial = controller.trial(live[i]);
    std::vector<std::string> row{fmt::format("#{}", trial.id.value), std::string(status_name(trial.state)),
                                 info_.time_attr_max > 0 ? fmt::format("{}/{:g}", trial.last_step, info_.time_attr_max)
                                                         : std::to_string(trial.last_step),
                                 trial.last.is_number() ? short_real(trial.last_value) : "",
                                 format_duration(trial.elapsed)};
    for (const std::string& path : info_.parameters) {
      const Value* value = trial.config.find(path);
      row.push_back(value == nullptr ? "" : short_value(*value));
    }
    rows.push_back(std::move(row));
  }
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::size_t shown = 0, used = 2;
  const std::size_t room = width > 12 ? width - 12 : width;  // for "+3 columns"
  while (shown < widths.size() && (used + widths[shown] + 2 <= room || shown < 3)) used += widths[shown++] + 2;
  const std::string more = shown < widths.size() ? fmt::format("+{} columns", widths.size() - shown) : "";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line = " ";
    for (std::size_t i = 0; i < shown; ++i) line += fmt::format(" {:>{}} ", rows[r][i], widths[i]);
    if (r == 0) line += " " + more;
    lines.push_back(r == 0 ? paint("2", line) : line);
  }
  if (live.size() > kMostRows)
    lines.push_back(fmt::format("  {}{} more running", utf8_ ? "…" : "...", live.size() - kMostRows));
}

std::vector<std::string> LiveView::region(const Controller& controller, std::size_t width) const {
  const Counts& counts = controller.counts();
  const InHandCounts now = in_hand(controller);
  std::vector<std::string> lines;
  lines.push_back(paint("1", info_.experiment) +
                  fmt::format("  {} + {}   db {}", info_.algorithm, info_.scheduler, info_.database));
  std::string state =
      fmt::format("  {} {} done  {} {} stopped early  {} {} running", paint("32", utf8_ ? "✓" : "+"), counts.completed,
                  utf8_ ? "■" : "-", counts.stopped, paint("34", utf8_ ? "▶" : ">"), now.running);
  if (counts.failed > 0) state += "  " + paint("31", fmt::format("{} {} failed", utf8_ ? "✗" : "x", counts.failed));
  if (counts.paused > 0) state += fmt::format("  {} paused", counts.paused);
  const auto allowed = controller.trials_allowed();
  const std::int64_t undrawn = allowed ? std::max<std::int64_t>(*allowed - counts.created, 0) : 0;
  const std::int64_t waiting = now.waiting + undrawn;
  if (waiting > 0) state += fmt::format("  {} {} waiting", utf8_ ? "·" : ".", waiting);
  if (controller.stands_still()) state += fmt::format("  paused: tune resume {}", info_.experiment);
  lines.push_back(std::move(state));
  lines.push_back(progress_line(controller, width));
  if (const TrialRecord* best = controller.best()) {
    lines.push_back(fmt::format("  best  #{}  {} {} (iter {})   {}", best->id.value, info_.objectives.front().metric,
                                short_real(best->best_value), best->best_step, config_words(config_of_best(*best))));
  }
  trial_table(controller, width, lines);
  if (!last_error_.empty()) lines.push_back("  last error " + last_error_);
  for (std::string& line : lines) line = cut(line, width > 1 ? width - 1 : 1);
  return lines;
}

void LiveView::refresh(const Controller& controller) {
  const double now = controller.elapsed();
  const std::int64_t finished = controller.counts().finished();
  if (now > rate_at_ + 0.5) {
    const double fresh = static_cast<double>(finished - finished_before_) / (now - rate_at_);
    rate_ = rate_ == 0 ? fresh : 0.9 * rate_ + 0.1 * fresh;
    finished_before_ = finished;
    rate_at_ = now;
  }
  const ScreenSize size = screen_size();
  std::vector<std::string> lines = region(controller, size.columns);
  // What scrolls out at the top could not be redrawn; the first lines say most.
  if (lines.size() >= size.rows) lines.resize(std::max<std::size_t>(size.rows - 1, 1));
  draw(std::move(lines));
}

void LiveView::message(Severity severity, const std::string& text) { plain_.message(severity, text); }

void LiveView::finished(RunEnd end, const Controller& controller) {
  erase();
  plain_.finished(end, controller);
}

}  // namespace tune
