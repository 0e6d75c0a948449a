#pragma once

// The C++ API of tune: all that a program includes. Write a trainable: <tune/trainable.h>. Say what is searched, how
// and for how long: <tune/experiment.h>, <tune/setting.h>. Run it: <tune/tuner.h>. Look at what it found:
// <tune/results.h>. Checkpoints that are files or directories: <tune/files.h>; of LibTorch modules: <tune/torch.h>,
// which is not included here. None of these includes anything but the standard library.

#include <tune/expected.h>
#include <tune/experiment.h>
#include <tune/init.h>
#include <tune/results.h>
#include <tune/setting.h>
#include <tune/trainable.h>
#include <tune/tuner.h>
