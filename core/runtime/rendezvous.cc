#include "core/runtime/rendezvous.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace tune {
namespace {

std::string call_path(const std::string& attempts_dir, const std::string& launch) {
  return fmt::format("{}/{}.call", attempts_dir, launch);
}

}  // namespace

Result<void> call_worker(const std::string& attempts_dir, const std::string& launch, const std::string& socket) {
  const std::string path = call_path(attempts_dir, launch), fresh = path + ".new";
  std::error_code error;
  std::filesystem::create_directories(attempts_dir, error);
  ::unlink(fresh.c_str());
  if (!error) std::filesystem::create_symlink(socket, fresh, error);
  if (!error) std::filesystem::rename(fresh, path, error);
  if (error) return fail(ErrorCode::kIo, fmt::format("cannot write {}: {}", path, error.message()));
  return {};
}

std::optional<std::string> called_to(const std::string& attempts_dir, const std::string& launch) {
  std::error_code error;
  const std::filesystem::path socket = std::filesystem::read_symlink(call_path(attempts_dir, launch), error);
  if (error) return std::nullopt;
  return socket.string();
}

void forget_call(const std::string& attempts_dir, const std::string& launch) {
  const std::string path = call_path(attempts_dir, launch);
  const bool is_half = ::unlink((path + ".new").c_str()) == 0;
  if (::unlink(path.c_str()) == 0 || is_half) ::rmdir(attempts_dir.c_str());
}

}  // namespace tune
