// optinc._torch: the process group, for optinc/torch.py.
#include <exception>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <torch/csrc/utils/pybind.h>

#include "optinc/backend/process_group_optinc.h"
#include "optinc/base/error.h"

namespace py = pybind11;
using namespace optinc;

namespace {

/// A process group whose end does not wait with the interpreter locked: callbacks of futures may need it.
class PythonProcessGroup : public backend::ProcessGroupOptinc {
 public:
  using ProcessGroupOptinc::ProcessGroupOptinc;
  ~PythonProcessGroup() override {
    if (Py_IsInitialized() && PyGILState_Check()) {
      const py::gil_scoped_release unlocked;
      close();
    }
  }
};

/// All groups of this process: at its end they say goodbye, whoever still holds them.
class OpenGroups {
 public:
  void add(const c10::intrusive_ptr<PythonProcessGroup>& group) {
    const std::lock_guard lock(mutex_);
    std::erase_if(groups_, [](const auto& weak) { return weak.expired(); });
    groups_.emplace_back(group);
  }
  void close() {
    std::vector<c10::weak_intrusive_ptr<PythonProcessGroup>> groups;
    {
      const std::lock_guard lock(mutex_);
      groups = std::move(groups_);
      groups_.clear();
    }
    for (const auto& weak : groups) {
      if (const auto group = weak.lock()) group->close();
    }
  }

 private:
  std::mutex mutex_;
  std::vector<c10::weak_intrusive_ptr<PythonProcessGroup>> groups_;
};

OpenGroups& open_groups() {
  static auto* const groups = new OpenGroups;  // for as long as the process lives
  return *groups;
}

backend::Settings settings_of(const py::dict& options) {
  backend::Settings settings;
  settings.design = options["design"].cast<std::string>();
  settings.level_1 = options["level_1"].cast<std::string>();
  settings.cascade_mode = options["cascade_mode"].cast<std::string>();
  settings.evaluation = options["evaluation"].cast<std::string>();
  settings.scale_format = options["scale_format"].cast<std::string>();
  settings.block = options["block"].cast<std::size_t>();
  settings.stochastic = options["stochastic"].cast<bool>();
  settings.seed = options["seed"].cast<std::uint64_t>();
  settings.error_feedback = options["error_feedback"].cast<bool>();
  settings.threads = options["threads"].cast<int>();
  settings.deadline_s = options["deadline_s"].cast<double>();
  settings.on_fault = options["on_fault"].cast<std::string>();
  settings.address = options["address"].cast<std::string>();
  settings.checksum = options["checksum"].cast<bool>();
  settings.verbose = options["verbose"].cast<bool>();
  return settings;
}

c10::intrusive_ptr<PythonProcessGroup> make_group(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                                  const py::dict& options) {
  const backend::Settings settings = settings_of(options);
  const py::gil_scoped_release unlocked;
  auto group = c10::make_intrusive<PythonProcessGroup>(store, rank, size, settings);
  open_groups().add(group);
  return group;
}

py::dict stats_of(const backend::ProcessGroupOptinc& group) {
  const backend::GroupStats stats = group.stats();
  py::dict dict;
  dict["calls"] = stats.calls;
  dict["seconds"] = stats.seconds;
  dict["payload_bytes"] = stats.payload_bytes;
  dict["wire_bytes"] = stats.wire_bytes;
  dict["non_finite_blocks"] = stats.non_finite_blocks;
  dict["fell_back"] = stats.fell_back;
  dict["faults"] = stats.faults;
  dict["last_fault"] = stats.last_fault;
  dict["members"] = stats.members;
  dict["failure"] = stats.failure;
  py::dict last;
  last["servers"] = stats.last.servers;
  last["fell_back"] = stats.last.fell_back;
  last["payload_bytes"] = stats.last.payload_bytes;
  last["wire_bytes"] = stats.last.wire_bytes;
  last["rounds"] = stats.last.rounds;
  last["non_finite_blocks"] = stats.last.non_finite_blocks;
  dict["last"] = last;
  return dict;
}

}  // namespace

PYBIND11_MODULE(_torch, module) {
  module.doc() = "PyTorch's process group with the optics between its ranks; use it by optinc.torch.";
  py::module_::import("torch.distributed");  // knows c10d's types

  py::register_local_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const base::InputError& error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    }
  });

  py::class_<PythonProcessGroup, backend::C10dGroup, c10::intrusive_ptr<PythonProcessGroup>>(
      module, "ProcessGroupOptinc", py::dynamic_attr())
      .def("set_gloo", &PythonProcessGroup::set_gloo, py::arg("gloo"))
      .def("close", &PythonProcessGroup::close, py::call_guard<py::gil_scoped_release>())
      .def("stats", [](const PythonProcessGroup& group) { return stats_of(group); })
      .def_property_readonly("description", &PythonProcessGroup::description);

  module.def("make_group", &make_group, py::arg("store"), py::arg("rank"), py::arg("size"), py::arg("options"));
  module.def(
      "close_all", [] { open_groups().close(); }, py::call_guard<py::gil_scoped_release>());
}
