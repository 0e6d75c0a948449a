// A trainable that writes down each step it really trains, so that a test can tell whether one was trained twice: a
// line `TRIAL STEP` at the end of the file that its parameter `steps_file` names.

#include <fcntl.h>
#include <tune/trainable.h>
#include <unistd.h>

#include <istream>
#include <ostream>
#include <stdexcept>
#include <string>

namespace {

class Counting final : public tune::Trainable {
 public:
  void setup(tune::Trial& trial) override {
    number_ = trial.number();
    x_ = trial.real("x");
    epochs_ = trial.integer("epochs");
    padding_ = static_cast<std::size_t>(trial.integer_or("state_bytes", 0));
    pause_ = static_cast<useconds_t>(trial.real("step_seconds") * 1e6);
    file_ = open(trial.text("steps_file").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file_ < 0) throw std::runtime_error("steps_file cannot be opened");
  }
  ~Counting() override { close(file_); }

  tune::Report step() override {
    usleep(pause_);
    ++step_;
    state_ = 0.75 * state_ + x_ / static_cast<double>(step_);
    const std::string line = std::to_string(number_) + " " + std::to_string(step_) + "\n";
    if (write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      throw std::runtime_error("no room");
    return {{"loss", state_}};
  }
  bool finished() override { return step_ >= epochs_; }
  void save(std::ostream& out) override {
    out.write(reinterpret_cast<const char*>(&state_), sizeof state_) << step_ << ' ' << std::string(padding_, 'x');
  }
  void load(std::istream& in) override { in.read(reinterpret_cast<char*>(&state_), sizeof state_) >> step_; }

 private:
  std::int64_t number_ = 0, epochs_ = 0, step_ = 0;
  double x_ = 0, state_ = 10;
  useconds_t pause_ = 0;
  std::size_t padding_ = 0;
  int file_ = -1;
};

}  // namespace

TUNE_TRAINABLE(Counting, .has_end = true)
