// The language model and its text as a task.
#pragma once

#include <memory>

#include "optinc/collective/transport.h"
#include "optinc/workload/corpus.h"
#include "optinc/workload/llama.h"
#include "optinc/workload/task.h"

namespace optinc::workload {

struct LanguageOptions {
  CorpusOptions corpus;          ///< its `vocab` is the model's too
  LlamaOptions model;            ///< `vocab` is taken from `corpus`
  int batch = 8;                 ///< sequences of model.context tokens a worker and batch
  int validation_windows = 256;  ///< at most so many sequences, evenly spaced in the validation text; 0: all of it
};

/// All ranks make it together: rank 0 reads and tokenises, the others get the tokens. Throws base::InputError (the same
/// at every rank) for impossible options and texts that can't be used.
std::unique_ptr<Task> make_language_task(const LanguageOptions& options, std::uint64_t seed,
                                         collective::Transport& transport);

}  // namespace optinc::workload
