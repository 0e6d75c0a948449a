#include "trainables/builtin/lcbench.h"

#include <algorithm>
#include <stdexcept>

#include "core/text.h"

namespace tune {
namespace {

/// `3945` in the experiment file is a number, '3945' a text; both name the task.
std::string name_of_task(const Trial& trial) {
  try {
    return trial.text("task");
  } catch (const BadParameter&) {
    return std::to_string(trial.integer("task"));
  }
}

}  // namespace

TrainableOptions Lcbench::options() {
  using P = ParameterSpec;
  return stepped_options(
      {P::real("batch_size"), P::real("learning_rate"), P::real("momentum"), P::real("weight_decay"),
       P::real("num_layers"), P::real("max_units"), P::real("max_dropout"), P::any("task"), P::text("weights")},
      {"val_accuracy", "seconds", "total_seconds"});
}

std::vector<double> Lcbench::begin(Trial& trial) {
  auto net = LcbenchNet::shared(trial.text("weights"));
  if (!net) throw std::runtime_error(net.error().message + (net.error().hint.empty() ? "" : "; " + net.error().hint));
  net_ = *std::move(net);
  task_ = name_of_task(trial);
  if (!net_->has_task(task_)) throw BadParameter("there is no task '" + task_ + "'; there are " + join(net_->tasks()));
  config_ = {trial.real("batch_size"),   trial.real("learning_rate"), trial.real("momentum"),
             trial.real("weight_decay"), trial.real("num_layers"),    trial.real("max_units"),
             trial.real("max_dropout")};
  // Beyond what it was trained on the surrogate extrapolates; what no network can have it would answer as well.
  if (!(config_.learning_rate >= 0 && config_.weight_decay >= 0)) {
    throw BadParameter("parameters 'learning_rate' and 'weight_decay' must be 0 or more");
  }
  if (!(config_.batch_size >= 1 && config_.num_layers >= 1 && config_.max_units >= 1)) {
    throw BadParameter("parameters 'batch_size', 'num_layers' and 'max_units' must be 1 or more");
  }
  const auto is_share = [](double x) { return x >= 0 && x <= 1; };
  if (!is_share(config_.momentum) || !is_share(config_.max_dropout)) {
    throw BadParameter("parameters 'momentum' and 'max_dropout' must be from 0 to 1");
  }
  ahead_from_ = 0;
  return {0};  // total_seconds
}

Report Lcbench::step_at(std::int64_t t, std::vector<double>& state) {
  const auto room = static_cast<std::int64_t>(ahead_.size());
  if (ahead_from_ == 0 || t < ahead_from_ || t >= ahead_from_ + room) {
    ahead_from_ = t;
    net_->evaluate(task_, config_, t, ahead_);
  }
  const LcbenchNet::Point& point = ahead_[static_cast<std::size_t>(t - ahead_from_)];
  const double total = std::max(state[0], point.seconds);
  Report report{{"val_accuracy", point.accuracy}, {"seconds", total - state[0]}, {"total_seconds", total}};
  state[0] = total;
  return report;
}

}  // namespace tune
