#include "tests/experiments/store/fault_vfs.h"

#include <fstream>
#include <new>
#include <random>
#include <sstream>

namespace tune::test {

/// Laid out by SQLite's rules: our part first, the real file's bytes behind it.
struct FaultFile {
  sqlite3_file base;
  FaultVfs* vfs;
  std::string* path;

  static FaultFile& of(sqlite3_file* file) { return *reinterpret_cast<FaultFile*>(file); }
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }

  static int close(sqlite3_file* file) {
    FaultFile& f = of(file);
    delete f.path;
    return f.real()->pMethods->xClose(f.real());
  }
  static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    FaultFile& f = of(file);
    return f.real()->pMethods->xRead(f.real(), to, size, offset);
  }
  static int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    FaultFile& f = of(file);
    const int fault = f.vfs->step(FaultVfs::kWrite);
    if (fault == FaultVfs::kShortWrite) size /= 2;
    if (fault != SQLITE_OK && fault != FaultVfs::kShortWrite) return fault;
    const int code = f.real()->pMethods->xWrite(f.real(), from, size, offset);
    if (code == SQLITE_OK) {
      f.note({false, static_cast<std::size_t>(offset),
              std::string(static_cast<const char*>(from), static_cast<std::size_t>(size))});
    }
    return fault != SQLITE_OK ? fault : code;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    FaultFile& f = of(file);
    if (const int code = f.vfs->step(FaultVfs::kTruncate); code != SQLITE_OK) return code;
    const int code = f.real()->pMethods->xTruncate(f.real(), size);
    if (code == SQLITE_OK) f.note({true, static_cast<std::size_t>(size), {}});
    return code;
  }
  static int sync(sqlite3_file* file, int flags) {
    FaultFile& f = of(file);
    if (int code = f.vfs->step(FaultVfs::kSync); code != SQLITE_OK) {
      return code == SQLITE_IOERR ? SQLITE_IOERR_FSYNC : code;
    }
    const int code = f.real()->pMethods->xSync(f.real(), flags);
    const std::lock_guard guard(f.vfs->mutex_);
    FaultVfs::Image& image = f.vfs->images_[*f.path];
    for (const auto& change : image.pending) FaultVfs::apply(image.durable, change);
    image.pending.clear();
    return code;
  }
  void note(FaultVfs::Change change) {
    const std::lock_guard guard(vfs->mutex_);
    vfs->images_[*path].pending.push_back(std::move(change));
  }

  static int size(sqlite3_file* file, sqlite3_int64* out) {
    return of(file).real()->pMethods->xFileSize(of(file).real(), out);
  }
  static int lock(sqlite3_file* file, int level) { return of(file).real()->pMethods->xLock(of(file).real(), level); }
  static int unlock(sqlite3_file* file, int level) {
    return of(file).real()->pMethods->xUnlock(of(file).real(), level);
  }
  static int check_lock(sqlite3_file* file, int* out) {
    return of(file).real()->pMethods->xCheckReservedLock(of(file).real(), out);
  }
  static int control(sqlite3_file* file, int what, void* with) {
    return of(file).real()->pMethods->xFileControl(of(file).real(), what, with);
  }
  static int sector(sqlite3_file* file) { return of(file).real()->pMethods->xSectorSize(of(file).real()); }
  static int traits(sqlite3_file* file) { return of(file).real()->pMethods->xDeviceCharacteristics(of(file).real()); }
  static int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    return of(file).real()->pMethods->xShmMap(of(file).real(), page, size, extend, out);
  }
  static int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
    return of(file).real()->pMethods->xShmLock(of(file).real(), offset, n, flags);
  }
  static void shm_barrier(sqlite3_file* file) { of(file).real()->pMethods->xShmBarrier(of(file).real()); }
  static int shm_unmap(sqlite3_file* file, int remove) {
    return of(file).real()->pMethods->xShmUnmap(of(file).real(), remove);
  }
};

namespace {

const sqlite3_io_methods kMethods = {2,
                                     FaultFile::close,
                                     FaultFile::read,
                                     FaultFile::write,
                                     FaultFile::truncate,
                                     FaultFile::sync,
                                     FaultFile::size,
                                     FaultFile::lock,
                                     FaultFile::unlock,
                                     FaultFile::check_lock,
                                     FaultFile::control,
                                     FaultFile::sector,
                                     FaultFile::traits,
                                     FaultFile::shm_map,
                                     FaultFile::shm_lock,
                                     FaultFile::shm_barrier,
                                     FaultFile::shm_unmap,
                                     nullptr,
                                     nullptr};

FaultVfs& self(sqlite3_vfs* vfs) { return *static_cast<FaultVfs*>(vfs->pAppData); }

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

FaultVfs::FaultVfs(std::string name) : name_(std::move(name)), real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
  vfs_.szOsFile = static_cast<int>(sizeof(FaultFile)) + real_->szOsFile;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.pNext = nullptr;
  vfs_.xOpen = open;
  vfs_.xDelete = remove;
  vfs_.xAccess = access;
  vfs_.xFullPathname = full_path;
  sqlite3_vfs_register(&vfs_, 0);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&vfs_); }

int FaultVfs::open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  FaultVfs& me = self(vfs);
  file->pMethods = nullptr;
  if (me.step(kOpen) != SQLITE_OK) return SQLITE_CANTOPEN;
  const std::string path = name != nullptr ? name : "";
  {
    const std::lock_guard guard(me.mutex_);
    if (!me.images_.contains(path)) me.images_[path].durable = contents(path);
  }
  FaultFile& f = *new (file) FaultFile{{&kMethods}, &me, new std::string(path)};
  const int code = me.real_->xOpen(me.real_, name, f.real(), flags, out_flags);
  if (code != SQLITE_OK) {
    delete f.path;
    file->pMethods = nullptr;
  }
  return code;
}

int FaultVfs::remove(sqlite3_vfs* vfs, const char* path, int sync) {
  FaultVfs& me = self(vfs);
  {
    const std::lock_guard guard(me.mutex_);
    me.images_.erase(path);
  }
  return me.real_->xDelete(me.real_, path, sync);
}
int FaultVfs::access(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
  return self(vfs).real_->xAccess(self(vfs).real_, path, flags, out);
}
int FaultVfs::full_path(sqlite3_vfs* vfs, const char* path, int size, char* out) {
  return self(vfs).real_->xFullPathname(self(vfs).real_, path, size, out);
}

int FaultVfs::step(Operation operation) {
  const std::lock_guard guard(mutex_);
  ++counts_[operation];
  ++operations_;
  if ((which_ & operation) == 0 || left_ == 0) return SQLITE_OK;
  if (left_ > 1) {
    --left_;
    return SQLITE_OK;
  }
  failed_ = true;
  if (!lasting_) left_ = 0;
  return code_;
}

void FaultVfs::fail(std::int64_t n, unsigned operations, int code, bool lasting) {
  const std::lock_guard guard(mutex_);
  left_ = n;
  which_ = operations;
  code_ = code;
  lasting_ = lasting;
  failed_ = false;
}

void FaultVfs::heal() {
  const std::lock_guard guard(mutex_);
  left_ = 0;
}

bool FaultVfs::has_failed() const {
  const std::lock_guard guard(mutex_);
  return failed_;
}

std::int64_t FaultVfs::count(Operation operation) const {
  const std::lock_guard guard(mutex_);
  const auto found = counts_.find(operation);
  return found == counts_.end() ? 0 : found->second;
}

std::int64_t FaultVfs::operations() const {
  const std::lock_guard guard(mutex_);
  return operations_;
}

void FaultVfs::apply(std::string& image, const Change& change) {
  if (change.truncates) {
    image.resize(change.offset);
    return;
  }
  if (image.size() < change.offset + change.bytes.size()) image.resize(change.offset + change.bytes.size());
  image.replace(change.offset, change.bytes.size(), change.bytes);
}

std::string FaultVfs::after_power_loss(const std::string& path, std::uint64_t seed) const {
  const std::lock_guard guard(mutex_);
  const auto found = images_.find(path);
  if (found == images_.end()) return {};
  std::string image = found->second.durable;
  std::mt19937_64 chance(seed);
  for (const Change& change : found->second.pending) {
    if (seed != 0 && chance() % 2 == 0) apply(image, change);
  }
  return image;
}

}  // namespace tune::test
