#!/usr/bin/env bash
# Newton's iteration by the hands of awk. Replace the program in the middle, keep the frame.
set -eu

# CHANGE: the parameters, as experiment.yaml passes them.
for argument in "$@"; do
  case $argument in
    --lr=*) lr=${argument#*=} ;;
    --start=*) start=${argument#*=} ;;
    --epochs=*) epochs=${argument#*=} ;;
  esac
done

# The state to continue from, if there is one: empty at a fresh start. CHANGE: what your program needs.
state=$TUNE_CHECKPOINT_DIR/state
epoch=0 x=$start
if [ -f "$state" ]; then read -r epoch x <"$state"; fi

while [ "$epoch" -lt "$epochs" ]; do
  epoch=$((epoch + 1))
  # CHANGE: one step of your program, and what is measured.
  x=$(awk -v x="$x" -v lr="$lr" 'BEGIN { printf "%.17g", x - lr * (2 * (x - 3) + cos(5 * x)) }')
  loss=$(awk -v x="$x" 'BEGIN { printf "%.17g", (x - 3) ^ 2 + sin(5 * x) / 5 }')

  echo "$epoch $x" >"$state"
  # Waits until the report is judged and the state stored. It fails with code 143 when the trial should leave, which
  # ends this script (set -e); the trial goes on from the last state that was stored.
  tune report loss="$loss" step="$epoch" --checkpoint
done
