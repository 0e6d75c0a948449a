#include "trainables/builtin/lcbench_net.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <mutex>
#include <sstream>

#include "core/portable_math.h"
#include "core/text.h"
#include "core/utf8.h"
#include "trainables/builtin/data_file.h"
#include "trainables/builtin/dense.h"

namespace tune {
namespace {

constexpr std::size_t kInputs = 8;
constexpr std::string_view kMagic = "tune lcbench 1";
constexpr std::string_view kTaskPrefix = "task_";
constexpr std::size_t kMostFloats = 64 << 20;  // a size in a faulty file asks for no more memory than this

tl::unexpected<Error> damaged(const std::string& path, std::string_view what) {
  return fail(ErrorCode::kBadInput, path + " holds no LCBench weights: " + std::string(what),
              "scripts/lcbench_weights writes such a file from weights.npz");
}

/// A line of the head, without more of it than any may have; false at the end of the file.
bool read_line(std::istream& in, std::string& line) {
  constexpr std::size_t kMost = 200;
  line.clear();
  for (char c = 0; line.size() < kMost && in.get(c); line += c) {
    if (c == '\n') return true;
  }
  return !line.empty();
}

float little_endian(const char* bytes) {
  std::uint32_t bits = 0;
  for (int i = 3; i >= 0; --i) bits = bits << 8 | static_cast<unsigned char>(bytes[i]);
  return std::bit_cast<float>(bits);
}

}  // namespace

Result<LcbenchNet> LcbenchNet::read(const std::string& path) {
  auto opened = open_data_file(path, "LCBench weights");
  if (!opened) return pass_on(std::move(opened));
  std::istream& in = *opened;
  std::string line;
  if (!read_line(in, line) || line != kMagic)
    return damaged(path, "its first line is not '" + std::string(kMagic) + "'");

  std::vector<std::pair<std::string, Matrix>> arrays;
  std::size_t floats = 0;
  for (int number = 2;; ++number) {
    if (!read_line(in, line)) return damaged(path, fmt::format("it ends in line {}, before its arrays", number));
    if (line.empty()) break;
    std::istringstream words(line);
    std::string name, rest;
    Matrix matrix;
    if (!(words >> name >> matrix.rows >> matrix.columns) || words >> rest || matrix.rows < 1 || matrix.columns < 1 ||
        matrix.rows > kMostFloats || matrix.columns > kMostFloats / matrix.rows) {
      return damaged(path, fmt::format("line {}, '{}', is not NAME ROWS COLUMNS", number, visible(line.substr(0, 60))));
    }
    floats += matrix.rows * matrix.columns;
    if (floats > kMostFloats) return damaged(path, fmt::format("its arrays are too large from line {} on", number));
    arrays.emplace_back(std::move(name), std::move(matrix));
  }
  std::map<std::string, Matrix> by_name;
  std::int64_t at = in.tellg();
  for (auto& [name, matrix] : arrays) {
    std::string bytes(matrix.rows * matrix.columns * sizeof(float), '\0');
    if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
      return damaged(path, fmt::format("it ends at byte {}, within {}", at + in.gcount(), name));
    }
    for (std::size_t i = 0; i < bytes.size(); i += sizeof(float)) {
      matrix.values.push_back(little_endian(bytes.data() + i));
      if (std::isfinite(matrix.values.back())) continue;
      return damaged(path,
                     fmt::format("at byte {}, in {}, is no finite number", at + static_cast<std::int64_t>(i), name));
    }
    at += static_cast<std::int64_t>(bytes.size());
    if (!by_name.emplace(name, std::move(matrix)).second) return damaged(path, "two arrays are named " + name);
  }
  if (in.peek() != std::istream::traits_type::eof()) {
    return damaged(path, fmt::format("from byte {} on there is more than its arrays", at));
  }

  LcbenchNet net;
  std::string fault;
  const auto take = [&](const std::string& name, std::size_t rows, std::size_t columns) {
    Matrix matrix = std::move(by_name[name]);
    if (fault.empty() && (matrix.rows != rows || (columns != 0 && matrix.columns != columns))) {
      fault = matrix.rows == 0 ? "it has no array " + name : "array " + name + " is of another size";
    }
    return matrix;
  };
  net.w_num_ = take("w_num", kInputs, 0);
  const std::size_t width = net.w_num_.columns;
  net.sub_ = take("sub", 1, kInputs);
  net.div_ = take("div", 1, kInputs);
  for (const char* number : {"0", "1", "2"}) {
    Block block;
    block.v = take(std::string("V") + number, by_name[std::string("V") + number].rows, width);
    block.w = take(std::string("W") + number, width, 2 * block.v.rows);
    block.b = take(std::string("B") + number, 1, 2 * block.v.rows);
    block.c = take(std::string("c") + number, 1, width);
    net.blocks_.push_back(std::move(block));
  }
  net.s_last_ = take("s_last", 1, width);
  net.t_last_ = take("t_last", 1, width);
  net.w_head_ = take("w_head", 6, width);
  net.b_head_ = take("b_head", 1, 6);
  net.mul_ = take("mul", 1, 6);
  net.add_ = take("add", 1, 6);
  for (auto& [name, matrix] : by_name) {
    if (!name.starts_with(kTaskPrefix)) continue;
    net.tasks_[name.substr(kTaskPrefix.size())] = take(name, 1, width);
  }
  if (fault.empty() && net.tasks_.empty()) fault = "it has no task";
  if (!fault.empty()) return damaged(path, fault);
  return net;
}

Result<std::shared_ptr<const LcbenchNet>> LcbenchNet::shared(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const LcbenchNet>> nets;
  const std::scoped_lock lock(mutex);
  auto& net = nets[path];
  if (net == nullptr) {
    auto fresh = read(path);
    if (!fresh) return pass_on(std::move(fresh));
    net = std::make_shared<const LcbenchNet>(*std::move(fresh));
  }
  return net;
}

std::vector<std::string> LcbenchNet::tasks() const {
  std::vector<std::string> names;
  names.reserve(tasks_.size());
  for (const auto& [name, matrix] : tasks_) names.push_back(name);
  return names;
}

void LcbenchNet::evaluate(const std::string& task, const Hyperparameters& config, std::int64_t first,
                          std::span<Point> out) const {
  const auto log = [](double x) {
    return static_cast<float>(portable::log(static_cast<double>(static_cast<float>(x) + 1e-12f)));
  };
  std::array<float, kInputs> x = {0,
                                  static_cast<float>(config.batch_size),
                                  log(config.learning_rate),
                                  static_cast<float>(config.momentum),
                                  log(config.weight_decay),
                                  static_cast<float>(config.num_layers),
                                  static_cast<float>(config.max_units),
                                  static_cast<float>(config.max_dropout)};
  const std::size_t rows = out.size(), width = w_num_.columns;
  std::vector<float> inputs, h;
  for (std::size_t r = 0; r < rows; ++r) {
    x[0] = log(static_cast<double>(first) + static_cast<double>(r));
    for (std::size_t i = 0; i < kInputs; ++i) inputs.push_back((x[i] - sub_.values[i]) / div_.values[i]);
    h.insert(h.end(), tasks_.at(task).values.begin(), tasks_.at(task).values.end());
  }
  add_product(inputs.data(), rows, kInputs, w_num_.values.data(), width, h.data());

  std::vector<float> g, gated;
  for (const Block& block : blocks_) {
    const std::size_t half = block.v.rows;
    g.clear();
    for (std::size_t r = 0; r < rows; ++r) g.insert(g.end(), block.b.values.begin(), block.b.values.end());
    add_product(h.data(), rows, width, block.w.values.data(), 2 * half, g.data());
    gated.resize(rows * half);
    for (std::size_t r = 0; r < rows; ++r) {
      const float* row = g.data() + r * 2 * half;
      for (std::size_t i = 0; i < half; ++i) gated[r * half + i] = row[i] * std::max(row[half + i], 0.0f);
      for (std::size_t i = 0; i < width; ++i) h[r * width + i] += block.c.values[i];
    }
    add_product(gated.data(), rows, half, block.v.values.data(), width, h.data());
  }

  const auto head = [&](const float* row, std::size_t output) {
    float sum = b_head_.values[output];
    for (std::size_t i = 0; i < width; ++i) {
      sum += std::max(row[i] * s_last_.values[i] + t_last_.values[i], 0.0f) * w_head_.row(output)[i];
    }
    const double sigmoid = 1 / (1 + portable::exp(-static_cast<double>(sum)));
    return sigmoid * static_cast<double>(mul_.values[output]) + static_cast<double>(add_.values[output]);
  };
  for (std::size_t r = 0; r < rows; ++r) {
    const float* row = h.data() + r * width;
    out[r] = {portable::exp(head(row, 1)) - 1e-12, head(row, 0)};  // the network predicts the accuracy's logarithm
  }
}

}  // namespace tune
