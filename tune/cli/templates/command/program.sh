#!/bin/sh
# Stands for your program, which knows nothing of tune: it takes flags and prints what it measures.
# Usage: program.sh --width=N --depth=N --rate=X [--momentum=X]
width=1 depth=1 rate=0.1 momentum=0
for argument in "$@"; do
  case $argument in
    --width=*) width=${argument#*=} ;;
    --depth=*) depth=${argument#*=} ;;
    --rate=*) rate=${argument#*=} ;;
    --momentum=*) momentum=${argument#*=} ;;
    *) echo "unknown flag $argument" >&2; exit 2 ;;
  esac
done
echo "training with width $width, depth $depth"
awk -v w="$width" -v d="$depth" -v r="$rate" -v m="$momentum" 'BEGIN {
  floor = (log(w * d) - 4) ^ 2 / 20 + (m - 0.8) ^ 2
  speed = 1 / (1 + (log(r) + 3) ^ 2)
  for (epoch = 1; epoch <= 20; epoch++) print "epoch=" epoch, "loss=" floor + exp(-speed * epoch), "width=" w
}'
