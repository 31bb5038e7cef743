// A residual network and CIFAR-100 as a task.
#pragma once

#include <filesystem>
#include <memory>

#include "optinc/collective/transport.h"
#include "optinc/workload/image_batch.h"
#include "optinc/workload/resnet.h"
#include "optinc/workload/task.h"

namespace optinc::workload {

struct ImageOptions {
  std::filesystem::path data;  ///< image_set.h
  ResnetOptions model;
  int batch = 32;  ///< images a worker and batch; what is left over of an epoch is left out
  double label_smoothing = 0;
  Augmentation augmentation;
  int validation_images = 0;  ///< the first so many of the test set; 0: all
};

/// All ranks make it together; each maps the files for itself. Throws base::InputError (the same at every rank, where
/// all see the same files) for impossible options and data that can't be used.
std::unique_ptr<Task> make_image_task(const ImageOptions& options, std::uint64_t seed,
                                      collective::Transport& transport);

}  // namespace optinc::workload
