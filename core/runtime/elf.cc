#include "core/runtime/elf.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

#include "core/channel.h"

namespace tune {
namespace {

/// A file's bytes, mapped.
class Mapping {
 public:
  explicit Mapping(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || status.st_size <= 0) return;
    size_ = static_cast<std::size_t>(status.st_size);
    void* data = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (data != MAP_FAILED) data_ = static_cast<const char*>(data);
  }
  ~Mapping() {
    if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::string_view bytes() const { return data_ != nullptr ? std::string_view(data_, size_) : std::string_view(); }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The structure at an offset, or nothing where the file ends before it.
template <class T>
std::optional<T> at(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::string text_at(std::string_view bytes, std::uint64_t offset) {
  if (offset >= bytes.size()) return {};
  const std::string_view rest = bytes.substr(offset);
  return std::string(rest.substr(0, rest.find('\0')));
}

/// Where the byte of a virtual address stands in the file.
std::uint64_t offset_of(const std::vector<Elf64_Phdr>& segments, std::uint64_t address) {
  for (const Elf64_Phdr& s : segments) {
    if (s.p_type == PT_LOAD && address >= s.p_vaddr && address - s.p_vaddr < s.p_filesz) {
      return s.p_offset + (address - s.p_vaddr);
    }
  }
  return UINT64_MAX;
}

}  // namespace

std::optional<ElfFacts> read_elf(const std::string& path) {
  const Mapping file(path);
  const std::string_view bytes = file.bytes();
  const auto header = at<Elf64_Ehdr>(bytes, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_phentsize != sizeof(Elf64_Phdr)) return std::nullopt;

  ElfFacts facts;
  std::vector<Elf64_Phdr> segments;
  for (unsigned i = 0; i < header->e_phnum; ++i) {
    const auto segment = at<Elf64_Phdr>(bytes, header->e_phoff + i * sizeof(Elf64_Phdr));
    if (!segment) return std::nullopt;
    segments.push_back(*segment);
    facts.is_program = facts.is_program || segment->p_type == PT_INTERP;
  }
  facts.is_program = facts.is_program || header->e_type == ET_EXEC;
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_DYNAMIC) continue;
    std::vector<std::uint64_t> names;
    std::uint64_t strings = UINT64_MAX;
    for (std::uint64_t offset = segment.p_offset; offset - segment.p_offset < segment.p_filesz;
         offset += sizeof(Elf64_Dyn)) {
      const auto entry = at<Elf64_Dyn>(bytes, offset);
      if (!entry || entry->d_tag == DT_NULL) break;
      if (entry->d_tag == DT_NEEDED) names.push_back(entry->d_un.d_val);
      if (entry->d_tag == DT_STRTAB) strings = offset_of(segments, entry->d_un.d_ptr);
    }
    if (strings == UINT64_MAX) continue;
    for (const std::uint64_t name : names) facts.needed.push_back(text_at(bytes, strings + name));
  }
  return facts;
}

std::optional<std::string> text_after(const std::string& path, const std::string& mark) {
  const Mapping file(path);
  const std::string_view bytes = file.bytes();
  const std::boyer_moore_horspool_searcher searcher(mark.begin(), mark.end());
  for (auto from = bytes.begin();;) {
    const auto found = std::search(from, bytes.end(), searcher);
    if (found == bytes.end()) return std::nullopt;
    const auto begin = found + static_cast<std::ptrdiff_t>(mark.size());
    const auto end = std::find_if(begin, bytes.end(), [](char c) { return c < 0x20 || c > 0x7E; });
    if (end != begin) return std::string(begin, end);  // else it is the mark of whoever looks for it
    from = begin;
  }
}

}  // namespace tune
