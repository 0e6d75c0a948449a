/* The C table between tune and a trainable library. C++ authors use <tune/trainable.h>, a header over this table; the
 * table is what stays the same across compilers. A library exports one function, tune_library_v1. Only plain C crosses
 * the border: no exception, no C++ type.
 *
 * Rules: strings are UTF-8 and end with 0; what the host hands out lives until run() returns; what a library hands out
 * lives until destroy(). New members are added at the end and announced by `size`; anything else raises TUNE_ABI. */
#ifndef TUNE_ABI_H
#define TUNE_ABI_H

#include <stddef.h>
#include <stdint.h>

#define TUNE_ABI 1

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tune_trial tune_trial; /* opaque: one running trial */

typedef struct tune_metric {
  const char* name;
  double value;
} tune_metric;

enum { TUNE_CONTINUE = 0, TUNE_LEAVE = 1 };

/* What a running trial may ask of its host. Only the thread that called run() may call these. */
typedef struct tune_host {
  uint32_t size;                           /* of this struct, in bytes */
  const char* (*config_json)(tune_trial*); /* nested JSON object */
  /* One parameter by path ("lr", "optimizer.lr"): 1 and the value, or 0 if it is absent (inactive) or of another kind.
   * real() takes integers and bools too, integer() takes integral reals. */
  int (*real)(tune_trial*, const char* path, double* out);
  int (*integer)(tune_trial*, const char* path, int64_t* out);
  int (*text)(tune_trial*, const char* path, const char** out);
  int (*boolean)(tune_trial*, const char* path, int* out);
  const char* (*trial_name)(tune_trial*); /* "iris-asha-00017" */
  int64_t (*trial_number)(tune_trial*);
  uint64_t (*seed)(tune_trial*);         /* of this trial: equal in every attempt and run of one experiment seed */
  const char* (*directory)(tune_trial*); /* an own directory of this attempt, made on first call; NULL on failure */
  /* The state to continue from: 1 and the bytes, or 0 on a fresh start. *step = its training_iteration. */
  int (*checkpoint)(tune_trial*, const void** data, size_t* size, int64_t* step);
  /* 1 if the next report, of `step` (0: the one after the last), should bring a checkpoint. */
  int (*save_due)(tune_trial*, int64_t step);
  /* Reports. step 0: one more than the last. data NULL: no checkpoint. extra_json NULL or an object with values that
   * are no numbers. Blocks at decision points. TUNE_LEAVE: return soon; call save() first if save_asked(). */
  int (*report)(tune_trial*, int64_t step, const tune_metric* metrics, size_t count, const char* extra_json,
                const void* data, size_t size);
  int (*should_stop)(tune_trial*); /* 1: return soon; cheap enough for every batch */
  int (*save_asked)(tune_trial*);  /* 1: a checkpoint is wanted now, outside a report */
  int (*save)(tune_trial*, int64_t step, const void* data, size_t size); /* 1: taken. step 0: the last reported */
  /* The trial fails with this text; `kind`: 0 exception, 1 exit code `code`, 2 signal `code`, 3 cannot load. */
  void (*fail)(tune_trial*, int kind, int code, const char* text);
  /* 1: call save() before run() returns by itself, for the experiment keeps a checkpoint of every end. */
  int (*save_at_end)(tune_trial*);
  /* What a person should know of the trial though it ends well; the first one counts. */
  void (*note)(tune_trial*, const char* text);
} tune_host;

enum { TUNE_ANY = 0, TUNE_REAL = 1, TUNE_INTEGER = 2, TUNE_TEXT = 3, TUNE_BOOL = 4 };

typedef struct tune_parameter {
  const char* name;
  int kind; /* TUNE_ANY.. */
  int required;
} tune_parameter;

enum {
  TUNE_CAN_SAVE = 1,       /* brings checkpoints when save_due, and continues from them */
  TUNE_CAN_RESET = 2,      /* one instance may run one trial after another */
  TUNE_HAS_END = 4,        /* ends by itself */
  TUNE_ANY_PARAMETERS = 8, /* takes parameters beyond its list */
  TUNE_NUMBERED = 16,      /* takes x1 .. xd for any d >= 1 */
  TUNE_EXTENDED = 32,      /* the table is a tune_trainable_extended */
  TUNE_RUNS_AHEAD = 64     /* does not wait in report(): when it is to leave, it may have trained on since */
};

enum { TUNE_PROCESS = 1, TUNE_REUSE = 2, TUNE_THREAD = 3 };

typedef struct tune_trainable {
  const char* name;
  uint32_t flags;
  int isolation; /* what it is made for: TUNE_PROCESS, TUNE_REUSE, TUNE_THREAD */
  const tune_parameter* parameters;
  size_t parameter_count;
  const char* const* metrics; /* reported ones if known, for messages before the start */
  size_t metric_count;
  void* (*create)(void);
  void (*run)(void* instance, tune_trial* trial, const tune_host* host); /* one trial; catches everything */
  void (*destroy)(void* instance);
} tune_trainable;

/* What a trainable with TUNE_EXTENDED is the beginning of. Each of the functions may be NULL. */
typedef struct tune_trainable_extended {
  tune_trainable trainable;
  void* context;                     /* for the two below */
  void* (*create_in)(void* context); /* called instead of create() */
  /* Called once in each process that trials are forked from, or run in as threads, before the first. Data that it loads
   * is shared by all of them. 0: done; else it writes why not, and no trial starts. */
  int (*prepare)(void* context, char* why, size_t size);
} tune_trainable_extended;

typedef struct tune_library {
  uint32_t abi;        /* TUNE_ABI of its headers */
  const char* version; /* of tune, whose headers it was built with */
  size_t count;
  const tune_trainable* const* trainables;
} tune_library;

/* How a program that runs trials itself (tune::init of <tune/tune.h>) is asked to be a fork server: the text that such
 * a program holds, and its first argument. */
#define TUNE_PROGRAM_MARK "tune-program-interface:"
#define TUNE_HOST_ARGUMENT "__tune_host"
#define TUNE_WORKER_ARGUMENT "__tune_worker"

/* The one symbol a library exports. */
#define TUNE_LIBRARY_SYMBOL "tune_library_v1"
typedef const tune_library* (*tune_library_fn)(void);

#ifdef __cplusplus
}
#endif
#endif
