// The tests' own main, and what this program registers: as a program of a user has it.

#include <gtest/gtest.h>
#include <tune/tune.h>

#include <unistd.h>

#include <istream>
#include <ostream>

namespace {

/// One step an iteration; loss falls with 1/t. Its state is what it saves.
class Slope : public tune::Trainable {
 public:
  void setup(tune::Trial& trial) override { x_ = trial.real("x"); }
  tune::Report step() override { return {{"loss", x_ + 1.0 / ++t_}}; }
  void save(std::ostream& out) override { out << t_; }
  void load(std::istream& in) override { in >> t_; }

 private:
  double x_ = 0;
  int t_ = 0;
};

void one_report(tune::Trial& trial) { trial.report({{"loss", trial.real("x")}}); }

/// Reports until it is told to leave.
void endless(tune::Trial& trial) {
  while (trial.report({{"loss", trial.real("x")}}, std::string_view("state"))) ::usleep(1000);
}

int prepared = 0;
void prepare() { prepared = ::getpid(); }
/// Where the data that it shares was loaded: in its parent.
void sees_prepared(tune::Trial& trial) { trial.report({{"loss", prepared == ::getppid() ? 1.0 : 0.0}}); }

}  // namespace

TUNE_TRAINABLE(Slope)
TUNE_FUNCTION(one_report, one_report, .has_end = true)
TUNE_FUNCTION(endless, endless, .has_end = true, .can_save = true)
TUNE_FUNCTION(sees_prepared, sees_prepared, .has_end = true, .prepare = prepare)

int main(int argc, char** argv) {
  tune::init(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
