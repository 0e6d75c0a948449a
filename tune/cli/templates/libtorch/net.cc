// A small network on LibTorch as a class, whose loop tune drives. Replace network and data, keep the frame.

#include <torch/nn/functional.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/sgd.h>
#include <torch/serialize.h>
#include <tune/trainable.h>

#include <memory>

namespace {

// CHANGE: your network.
struct Network : torch::nn::Module {
  explicit Network(int64_t hidden)
      : first(register_module("first", torch::nn::Linear(2, hidden))),
        last(register_module("last", torch::nn::Linear(hidden, 2))) {}
  torch::Tensor forward(const torch::Tensor& x) { return last(torch::relu(first(x))); }
  torch::nn::Linear first, last;
};

// CHANGE: your data; here points inside and outside of a ring. Loaded once, shared by all trials without a copy.
struct Data {
  Data() {
    auto random = at::detail::createCPUGenerator(1);
    x = torch::rand({1000, 2}, random) * 2 - 1;
    const auto radius = x.pow(2).sum(1).sqrt();
    y = (radius > 0.4).logical_and(radius < 0.8).to(torch::kInt64);
  }
  torch::Tensor x, y;
};

const Data& data() {
  static const Data kData;
  return kData;
}

class Net : public tune::Trainable {
 public:
  void setup(tune::Trial& trial) override {
    torch::manual_seed(static_cast<int64_t>(trial.seed() >> 1));
    // CHANGE: the parameters of search_space.
    network_ = std::make_shared<Network>(trial.integer("hidden"));
    batch_size_ = trial.integer("batch_size");
    optimizer_ = std::make_unique<torch::optim::SGD>(
        network_->parameters(), torch::optim::SGDOptions(trial.real("lr")).momentum(trial.real_or("momentum", 0.0)));
  }

  // One epoch.
  tune::Report step() override {
    ++epoch_;
    torch::manual_seed(
        static_cast<int64_t>(trial().seed_for(epoch_) >> 1));  // an interrupted trial goes on as unbroken
    const auto order = torch::randperm(800, torch::kInt64);
    for (const auto& batch : order.split(batch_size_)) {
      optimizer_->zero_grad();
      torch::nn::functional::cross_entropy(network_->forward(data().x.index_select(0, batch)),
                                           data().y.index_select(0, batch))
          .backward();
      optimizer_->step();
      if (trial().should_stop()) return tune::Report::broken_off();
    }
    const torch::NoGradGuard no_grad;
    const auto guess = network_->forward(data().x.narrow(0, 800, 200));
    const auto truth = data().y.narrow(0, 800, 200);
    // CHANGE: the metrics; the objective of experiment.yaml must be among them.
    return {{"loss", torch::nn::functional::cross_entropy(guess, truth).item<double>()},
            {"accuracy", guess.argmax(1).eq(truth).to(torch::kFloat64).mean().item<double>()}};
  }

  // Everything that step() depends on. CHANGE: if there is more than network, optimizer and epoch.
  void save(std::ostream& out) override {
    torch::serialize::OutputArchive archive, network, optimizer;
    network_->save(network);
    optimizer_->save(optimizer);
    archive.write("network", network);
    archive.write("optimizer", optimizer);
    archive.write("epoch", torch::tensor(epoch_));
    archive.save_to(out);
  }
  void load(std::istream& in) override {
    torch::serialize::InputArchive archive, network, optimizer;
    archive.load_from(in);
    archive.read("network", network);
    archive.read("optimizer", optimizer);
    network_->load(network);
    optimizer_->load(optimizer);
    torch::Tensor epoch;
    archive.read("epoch", epoch);
    epoch_ = epoch.item<int64_t>();
  }

 private:
  std::shared_ptr<Network> network_;
  std::unique_ptr<torch::optim::SGD> optimizer_;
  int64_t batch_size_ = 0, epoch_ = 0;
};

}  // namespace

// CHANGE: the parameters, so that a faulty experiment is refused before anything starts.
TUNE_TRAINABLE(Net, .name = "net",
               .parameters = {tune::ParameterSpec::integer("hidden"), tune::ParameterSpec::real("lr"),
                              tune::ParameterSpec::integer("batch_size"),
                              tune::ParameterSpec::real("momentum").optional()},
               .metrics = {"loss", "accuracy"})
