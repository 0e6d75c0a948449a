// Multiplies two matrices tile by tile and prints the CPU time of the fastest repetition so far: matmul [REPETITIONS].
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifndef TILE
#define TILE 32
#endif
enum { kSize = 384 };

static float a[kSize][kSize], b[kSize][kSize], c[kSize][kSize];

static void multiply(void) {
  for (int i0 = 0; i0 < kSize; i0 += TILE)
    for (int k0 = 0; k0 < kSize; k0 += TILE)
      for (int j0 = 0; j0 < kSize; j0 += TILE)
        for (int i = i0; i < i0 + TILE; ++i)
          for (int k = k0; k < k0 + TILE; ++k)
            for (int j = j0; j < j0 + TILE; ++j) c[i][j] += a[i][k] * b[k][j];
}

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? atoi(argv[1]) : 9;
  for (int i = 0; i < kSize; ++i)
    for (int j = 0; j < kSize; ++j) a[i][j] = (float)(i % 7), b[i][j] = (float)(j % 5);
  double best = 1e9;
  for (int r = 0; r < repetitions; ++r) {
    const clock_t begin = clock();
    multiply();
    const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    if (seconds < best) best = seconds;
    printf("seconds=%.9f gflops=%.3f checksum=%g\n", best, 2.0 * kSize * kSize * kSize / best * 1e-9, c[17][19] / (r + 1));
    fflush(stdout);
  }
  return 0;
}
