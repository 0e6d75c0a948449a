#!/bin/sh
# Runs a program in an empty folder in memory: run.sh PROGRAM
set -e
folder=$(mktemp -d /dev/shm/tune-example-XXXXXX)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$1"
