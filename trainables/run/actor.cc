#include "trainables/run/actor.h"

#include <exception>

#include "trainables/run/loader.h"

namespace tune {
namespace {

/// What `body` throws, as a sentence; empty: nothing.
template <class Body>
std::string caught(const char* name, const char* what, Body&& body) {
  try {
    body();
    return {};
  } catch (const std::exception& e) {
    return std::string(name) + " " + what + ": " + e.what();
  } catch (...) {
    return std::string(name) + " " + what;
  }
}

}  // namespace

std::string Actor::make() {
  if (made_) return {};
  std::string fault = caught(table_.name, "cannot be created", [&] {
    const tune_trainable_extended* extended = extended_table(table_);
    if (extended != nullptr && extended->create_in != nullptr) {
      instance_ = extended->create_in(extended->context);
    } else {
      instance_ = table_.create != nullptr ? table_.create() : nullptr;
    }
  });
  made_ = fault.empty();
  return fault;
}

std::string Actor::discard() {
  if (!made_) return {};
  made_ = false;
  return caught(table_.name, "fails in its destructor", [&] {
    if (table_.destroy != nullptr) table_.destroy(instance_);
  });
}

Ended Actor::run(TrialRun& trial, bool last) {
  if (std::string fault = make(); !fault.empty()) return trial.refuse(Cause::kException, std::move(fault));
  Ended end = trial.run(table_, instance_);
  if (!last && !trial.failed() && (table_.flags & TUNE_CAN_RESET) != 0) return end;
  std::string fault = discard();
  if (!fault.empty() && end.how != EndKind::kFailed) {
    end.how = EndKind::kFailed;
    end.cause = Cause::kException;
    end.text = std::move(fault);
  }
  return end;
}

}  // namespace tune
