// Events to rows and back (core/log_rows.h). Numbers that tables filter by are columns; the rest is JSON.

#include <fmt/format.h>

#include "core/log_names.h"
#include "core/log_rows.h"
#include "core/row_json.h"

namespace tune {
namespace {

/// Whether the text is one JSON object, also where it stands inside another.
bool is_object(const std::string& json) {
  const Result<Value> wrapped = parse_json("{\"values\":" + json + "}");
  return wrapped && wrapped->map().size() == 1 && wrapped->map().front().second.is_map();
}

std::string checkpoint_json(const CheckpointInfo& info) {
  return RowWriter()
      .integer("size", static_cast<std::int64_t>(info.size))
      .text("sha256", info.sha256)
      .boolean("external", info.external)
      .take();
}

CheckpointInfo read_checkpoint(RowReader& in) {
  CheckpointInfo info;
  info.size = in.count("size");
  info.sha256 = in.text("sha256");
  info.external = in.boolean("external");
  return info;
}

/// {"checkpoint":{...},"values":<extra as it was given>}: `extra` comes back letter for letter, because all before it
/// follows from the checkpoint.
std::string extra_prefix(const std::optional<CheckpointInfo>& checkpoint, bool values) {
  std::string out = "{";
  if (checkpoint) out += "\"checkpoint\":" + checkpoint_json(*checkpoint);
  if (values) out += checkpoint ? ",\"values\":" : "\"values\":";
  return out;
}

/// A trainable that calls something else JSON must not make the log unreadable: that is kept as a text.
std::string encode_extra(const Reported& event) {
  if (!event.checkpoint && event.extra.empty()) return {};
  std::string out = extra_prefix(event.checkpoint, !event.extra.empty());
  if (event.extra.empty() || is_object(event.extra)) {
    out += event.extra;
  } else {
    append_json_text(out, event.extra);
  }
  return out + "}";
}

Result<void> decode_extra(const std::string& text, Reported& event) {
  if (text.empty()) return {};
  const Result<Value> json = parse_json(text);
  if (!json) return fail(ErrorCode::kDamaged, "extra: " + json.error().message);
  RowReader in(*json);
  if (in.has("checkpoint")) {
    RowReader nested(in.object("checkpoint"));
    event.checkpoint = read_checkpoint(nested);
    in.absorb(nested);
  }
  if (const Value* values = json->find("values"); values && values->is_text()) {
    event.extra = values->text();
  } else if (values) {
    const std::string prefix = extra_prefix(event.checkpoint, true);
    if (!text.starts_with(prefix)) return fail(ErrorCode::kDamaged, "extra: not as it was written");
    event.extra = text.substr(prefix.size(), text.size() - prefix.size() - 1);
  }
  if (!in.fault().empty()) return fail(ErrorCode::kDamaged, "extra: " + in.fault());
  return {};
}

// --- one pair of functions a kind

void write(EventRow& row, const RunStarted& event) {
  row.kind = "run_started";
  RowWriter out;
  out.integer("run", event.run).text("version", event.version).text("rules", event.rules);
  out.integer("slots", event.slots).integer("ahead", event.ahead);
  if (event.capacity > 0) out.integer("capacity", event.capacity);
  row.payload = out.take();
}

RunStarted read_run_started(RowReader& in) {
  RunStarted event;
  event.run = in.integer("run");
  event.version = in.text("version");
  event.rules = in.text("rules");
  event.slots = in.integer("slots");
  event.ahead = in.integer("ahead");
  if (in.has("capacity")) event.capacity = in.integer("capacity");
  return event;
}

template <class Event>
void write_attempt(EventRow& row, const Event& event) {
  row.trial = event.trial.value;
  row.attempt = event.attempt.value;
}

void write(EventRow& row, const Reported& event) {
  row.kind = "reported";
  write_attempt(row, event);
  row.seq = event.seq;
  row.step = event.step;
  row.elapsed = event.elapsed;
  row.payload = metrics_to_json(event.metrics);
  row.extra = encode_extra(event);
}

void write(EventRow& row, const Saved& event) {
  row.kind = "saved";
  write_attempt(row, event);
  row.seq = event.seq;
  row.step = event.step;
  row.elapsed = event.elapsed;
  row.payload = checkpoint_json(event.checkpoint);
}

Saved read_saved(const EventRow& row, RowReader& in) {
  return {TrialId{row.trial}, Attempt{row.attempt}, row.seq, row.step, row.elapsed, read_checkpoint(in)};
}

void write(EventRow& row, const Ended& event) {
  row.kind = "ended";
  write_attempt(row, event);
  row.seq = event.seq;
  row.elapsed = event.elapsed;
  row.payload = RowWriter()
                    .text("how", kEndKindNames.name(event.how))
                    .text("cause", cause_name(event.cause))
                    .integer("code", event.code)
                    .text("text", event.text)
                    .take();
}

Ended read_ended(const EventRow& row, RowReader& in) {
  Ended event;
  event.trial = TrialId{row.trial};
  event.attempt = Attempt{row.attempt};
  event.seq = row.seq;
  event.elapsed = row.elapsed;
  event.how = in.name("how", kEndKindNames);
  if (!cause_from_name(in.text("cause"), event.cause)) in.wrong("cause", "is no known word");
  event.code = static_cast<int>(in.integer("code"));
  event.text = in.text("text");
  return event;
}

void write(EventRow& row, const Lost& event) {
  row.kind = "lost";
  write_attempt(row, event);
  row.payload = RowWriter().text("why", event.why).take();
}

void write(EventRow& row, const Commanded& event) {
  row.kind = "commanded";
  if (event.trial) row.trial = event.trial->value;
  RowWriter out;
  out.text("command", kCommandNames.name(event.kind)).integer("row", event.command);
  if (!event.config.entries.empty()) out.raw("config", to_flat_json(event.config));
  if (!event.refusal.empty()) out.text("refused", event.refusal);
  row.payload = out.take();
}

Commanded read_commanded(const EventRow& row, RowReader& in) {
  Commanded event;
  event.kind = in.name("command", kCommandNames);
  event.command = in.integer("row");
  if (row.trial >= 0) event.trial = TrialId{row.trial};
  if (in.has("config")) event.config = in.config("config");
  if (in.has("refused")) event.refusal = in.text("refused");
  return event;
}

void write(EventRow& row, const Edited& event) {
  row.kind = "edited";
  row.payload = RowWriter()
                    .text("key", event.key)
                    .raw("before", to_json(event.before))
                    .raw("now", to_json(event.now))
                    .integer("slots", event.slots)
                    .integer("row", event.command)
                    .take();
}

Edited read_edited(RowReader& in) {
  Edited event;
  event.key = in.text("key");
  event.before = in.any("before");
  event.now = in.any("now");
  event.slots = in.integer("slots");
  event.command = in.integer("row");
  return event;
}

void write(EventRow& row, const Ticked&) { row.kind = "ticked"; }

// ---

Result<EventBody> read_reported(const EventRow& row) {
  Reported event;
  event.trial = TrialId{row.trial};
  event.attempt = Attempt{row.attempt};
  event.seq = row.seq;
  event.step = row.step;
  event.elapsed = row.elapsed;
  Result<Metrics> metrics = metrics_from_json(row.payload);
  if (!metrics) return pass_on(std::move(metrics));
  event.metrics = std::move(*metrics);
  Result<void> extra = decode_extra(row.extra, event);
  if (!extra) return pass_on(std::move(extra));
  return event;
}

Result<EventBody> read_body(const EventRow& row) {
  if (row.kind == "reported") return read_reported(row);
  if (row.kind == "ticked") return Ticked{};
  const Result<Value> json = parse_json(row.payload);
  if (!json) return fail(ErrorCode::kDamaged, json.error().message);
  RowReader in(*json);
  EventBody body;
  if (row.kind == "run_started") {
    body = read_run_started(in);
  } else if (row.kind == "saved") {
    body = read_saved(row, in);
  } else if (row.kind == "ended") {
    body = read_ended(row, in);
  } else if (row.kind == "lost") {
    body = Lost{TrialId{row.trial}, Attempt{row.attempt}, in.text("why")};
  } else if (row.kind == "commanded") {
    body = read_commanded(row, in);
  } else if (row.kind == "edited") {
    body = read_edited(in);
  } else {
    return fail(ErrorCode::kDamaged, fmt::format("kind '{}' is not known", row.kind));
  }
  if (!in.fault().empty()) return fail(ErrorCode::kDamaged, in.fault());
  return body;
}

}  // namespace

EventRow encode(const Event& event) {
  EventRow row;
  row.n = event.n.value;
  row.at = event.at;
  std::visit([&](const auto& body) { write(row, body); }, event.body);
  return row;
}

Result<Event> decode(const EventRow& row) {
  Result<EventBody> body = read_body(row);
  if (!body) {
    return fail(ErrorCode::kDamaged, fmt::format("event {} ({}): {}", row.n, row.kind, body.error().message));
  }
  return Event{EventNumber{row.n}, row.at, std::move(*body)};
}

}  // namespace tune
