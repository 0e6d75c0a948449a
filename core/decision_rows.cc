// Decisions to rows and back (core/log_rows.h).

#include <fmt/format.h>

#include "core/log_names.h"
#include "core/log_rows.h"
#include "core/row_json.h"
#include "core/utf8.h"

namespace tune {
namespace {

void write(DecisionRow& row, const StartTrial& d) {
  row.kind = "start";
  row.trial = d.trial.value;
  RowWriter out;
  out.integer("bracket", d.placement.bracket).raw("config", to_flat_json(d.config));
  if (d.queued) out.boolean("queued", true);
  if (d.slots != 1) out.integer("slots", d.slots);
  row.args = out.take();
}

void write(DecisionRow& row, const ResumeTrial& d) {
  row.kind = "resume";
  row.trial = d.trial.value;
  RowWriter out;
  out.integer("attempt", d.attempt.value).text("why", kResumeWhyNames.name(d.why));
  if (d.checkpoint) out.integer("checkpoint", d.checkpoint->value);
  if (d.slots != 1) out.integer("slots", d.slots);
  row.args = out.take();
}

/// State and cause belong to a stop; elsewhere they are left out unless they differ from their defaults.
void write(DecisionRow& row, const Judged& d) {
  row.kind = "judged";
  row.trial = d.trial.value;
  RowWriter out;
  out.integer("step", d.step).text("verdict", kVerdictNames.name(d.verdict));
  if (d.verdict == Verdict::kStop || d.final_state != Judged().final_state)
    out.text("state", state_name(d.final_state));
  if (d.verdict == Verdict::kStop || d.cause != Judged().cause) out.text("cause", cause_name(d.cause));
  row.args = out.take();
}

void write(DecisionRow& row, const FinishTrial& d) {
  row.kind = "finish";
  row.trial = d.trial.value;
  row.args = RowWriter().text("state", state_name(d.state)).text("cause", cause_name(d.cause)).take();
}

void write(DecisionRow& row, const ExploitTrial& d) {
  row.kind = "exploit";
  row.trial = d.trial.value;
  row.args = RowWriter()
                 .integer("donor", d.donor.value)
                 .integer("checkpoint", d.checkpoint.value)
                 .raw("config", to_flat_json(d.config))
                 .take();
}

void write(DecisionRow& row, const ResizeTrial& d) {
  row.kind = "resize";
  row.trial = d.trial.value;
  row.args = RowWriter().integer("slots", d.slots).take();
}

void write(DecisionRow& row, const Unpark& d) {
  row.kind = "unpark";
  row.trial = d.trial.value;
  row.args = "{}";
}

void write(DecisionRow& row, const HoldTrial& d) {
  row.kind = "hold";
  row.trial = d.trial.value;
  row.args = "{}";
}

void write(DecisionRow& row, const ReleaseCheckpoints& d) {
  row.kind = "release";
  row.args = RowWriter()
                 .raw("checkpoints",
                      [&] {
                        std::string list = "[";
                        for (CheckpointId id : d.checkpoints) {
                          if (list.size() > 1) list += ',';
                          list += std::to_string(id.value);
                        }
                        return list + "]";
                      }())
                 .take();
}

void write(DecisionRow& row, const WithdrawTrial& d) {
  row.kind = "withdraw";
  row.trial = d.trial.value;
  row.args = "{}";
}

void write(DecisionRow& row, const EndExperiment& d) {
  row.kind = "end";
  row.args = RowWriter().text("why", kEndWhyNames.name(d.why)).take();
}

// ---

void read_state(RowReader& in, TrialState& out) {
  if (!state_from_name(in.text("state"), out)) in.wrong("state", "is no known word");
}

void read_cause(RowReader& in, Cause& out) {
  if (!cause_from_name(in.text("cause"), out)) in.wrong("cause", "is no known word");
}

/// Left out where it is 1.
std::int64_t read_slots(RowReader& in) {
  const std::int64_t slots = in.has("slots") ? in.integer("slots") : 1;
  if (slots < 1) in.wrong("slots", "is below 1");
  return slots;
}

ResumeTrial read_resume(TrialId trial, RowReader& in) {
  ResumeTrial d{trial, Attempt{static_cast<std::int32_t>(in.integer("attempt"))}, in.name("why", kResumeWhyNames), {}};
  if (in.has("checkpoint")) d.checkpoint = CheckpointId{in.integer("checkpoint")};
  d.slots = read_slots(in);
  return d;
}

Judged read_judged(TrialId trial, RowReader& in) {
  Judged d;
  d.trial = trial;
  d.step = in.integer("step");
  d.verdict = in.name("verdict", kVerdictNames);
  if (in.has("state")) read_state(in, d.final_state);
  if (in.has("cause")) read_cause(in, d.cause);
  return d;
}

FinishTrial read_finish(TrialId trial, RowReader& in) {
  FinishTrial d;
  d.trial = trial;
  read_state(in, d.state);
  read_cause(in, d.cause);
  return d;
}

ReleaseCheckpoints read_release(RowReader& in) {
  ReleaseCheckpoints d;
  for (const Value& id : in.list("checkpoints")) {
    if (!id.is_integer()) {
      in.wrong("checkpoints", "holds more than integers");
      break;
    }
    d.checkpoints.push_back(CheckpointId{id.integer()});
  }
  return d;
}

Result<DecisionBody> read_body(const DecisionRow& row) {
  const Result<Value> json = parse_json(row.args);
  if (!json) return fail(ErrorCode::kDamaged, json.error().message);
  RowReader in(*json);
  const TrialId trial{row.trial};
  DecisionBody body;
  if (row.kind == "start") {
    body = StartTrial{trial, in.config("config"), Placement{in.integer("bracket")},
                      in.has("queued") && in.boolean("queued"), read_slots(in)};
  } else if (row.kind == "resume") {
    body = read_resume(trial, in);
  } else if (row.kind == "judged") {
    body = read_judged(trial, in);
  } else if (row.kind == "finish") {
    body = read_finish(trial, in);
  } else if (row.kind == "exploit") {
    body =
        ExploitTrial{trial, TrialId{in.integer("donor")}, CheckpointId{in.integer("checkpoint")}, in.config("config")};
  } else if (row.kind == "resize") {
    body = ResizeTrial{trial, read_slots(in)};
  } else if (row.kind == "unpark") {
    body = Unpark{trial};
  } else if (row.kind == "hold") {
    body = HoldTrial{trial};
  } else if (row.kind == "release") {
    body = read_release(in);
  } else if (row.kind == "withdraw") {
    body = WithdrawTrial{trial};
  } else if (row.kind == "end") {
    body = EndExperiment{in.name("why", kEndWhyNames)};
  } else {
    return fail(ErrorCode::kDamaged, fmt::format("kind '{}' is not known", row.kind));
  }
  if (!in.fault().empty()) return fail(ErrorCode::kDamaged, in.fault());
  return body;
}

}  // namespace

DecisionRow encode(const Decision& decision) {
  DecisionRow row;
  row.reason = decision.reason;
  std::visit([&](const auto& body) { write(row, body); }, decision.body);
  return row;
}

Result<Decision> decode(const DecisionRow& row) {
  Result<DecisionBody> body = read_body(row);
  if (!body) return fail(ErrorCode::kDamaged, fmt::format("decision ({}): {}", row.kind, body.error().message));
  return Decision{std::move(*body), mended(row.reason)};  // it was stored as a program had said it, once
}

}  // namespace tune
