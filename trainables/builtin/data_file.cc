#include "trainables/builtin/data_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace tune {

Result<std::ifstream> open_data_file(const std::string& path, std::string_view what) {
  const auto refused = [&](ErrorCode code, std::string_view why) {
    return fail(code, fmt::format("cannot read the {} {}: {}", what, path, why));
  };
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    return refused(ErrorCode::kNotFound, std::strerror(error ? error.value() : ENOENT));
  if (std::filesystem::is_directory(status)) return refused(ErrorCode::kBadInput, "it is a directory");
  if (!std::filesystem::is_regular_file(status)) return refused(ErrorCode::kBadInput, "it is no regular file");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return refused(ErrorCode::kBadInput, std::strerror(errno));
  return in;
}

}  // namespace tune
