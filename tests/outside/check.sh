#!/usr/bin/env bash
# Builds and runs the project of this folder against a package of tune.
#   check.sh PACKAGE_FOLDER TUNE_PROGRAM WORK_FOLDER [EXTRA_CXX_FLAGS]
set -euo pipefail
source_dir=$(cd "$(dirname "$0")" && pwd)
package=$1 tune=$2 work=$3 flags=${4:-}

rm -rf "$work"
mkdir -p "$work/examples"

# example FILE N: the N-th block of C++ in it.
example() { awk -v n="$2" '/^```cpp/ { in_it = ++count == n; next } /^```/ { in_it = 0 } in_it' "$source_dir/../../$1"; }
example README.md 1 >"$work/examples/readme_class.cc"
{
  echo '#include <tune/tune.h>'
  echo 'int main() { const double data = 1; const auto f = [](double d, double lr) { return d * lr; };'
  example README.md 2
  echo 'return grid.size() == 40 && grid.errors() == 0 ? 0 : 1; }'
} >"$work/examples/readme_tuner.cc"
example docs/cpp-api.md 1 >"$work/examples/guide.cc"

cmake -S "$source_dir" -B "$work/build" -G Ninja -Dtune_DIR="$package" -DEXAMPLES="$work/examples" -DCMAKE_CXX_FLAGS="$flags" >"$work/cmake.log"
cmake --build "$work/build" >"$work/build.log" || { cat "$work/build.log"; exit 1; }

database=$(mktemp -d /dev/shm/tune-outside-XXXXXX)
trap 'rm -rf "$database"' EXIT
iris=
if [ -e "$(dirname "$tune")/../lib/tune/libtune_iris.so" ]; then iris=iris; fi
"$work/build/outside" "$database/tune.db" "$work/build/libmine.so" $iris
(cd "$database" && "$work/build/readme_tuner" && "$work/build/guide")

# What the program began, the command line lists and runs as well; what has no name it refuses in words.
cd "$work/build"
for trainable in ./libmine.so:Mine ./outside:halves; do
  cat >experiment.yaml <<YAML
version: 1
name: by-command-line-${trainable##*:}
trainable: $trainable
objective: {metric: loss, mode: min}
search_space: {lr: {loguniform: [1e-3, 1]}}
stop: {training_iteration: 3}
budget: {trials: 3}
YAML
  "$tune" run experiment.yaml --db "$database/tune.db" -q
done
"$tune" ls --db "$database/tune.db"
"$tune" export lambda --db "$database/tune.db" --columns status >export.csv
test "$(grep -c completed export.csv)" = 3
echo "outside: all good"
