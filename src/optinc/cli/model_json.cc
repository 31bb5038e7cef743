#include "optinc/cli/model_json.h"

namespace optinc::cli {
namespace {

using base::Json;

Json seconds_json(const cost::Seconds& seconds) {
  return {{"software", seconds.software},       {"flight", seconds.flight}, {"conversion", seconds.conversion},
          {"transit", seconds.transit},         {"scales", seconds.scales}, {"wire", seconds.wire},
          {"accelerator", seconds.accelerator}, {"all", seconds.sum()}};
}

Json outcome_json(const cost::Outcome& outcome) {
  const cost::Cost& cost = outcome.all_reduce;
  const cost::StepCost& step = outcome.step;
  return {{"algorithm", cost.algorithm},
          {"rounds", cost.rounds},
          {"port_bytes", cost.port_bytes},
          {"scale_bytes", cost.scale_bytes},
          {"seconds", seconds_json(cost.seconds)},
          {"joules", cost.joules},
          {"device_joules", cost.device_joules},
          {"step",
           {{"compute_s", step.compute_s},
            {"communication_s", step.communication_s},
            {"exposed_s", step.exposed_s},
            {"update_s", step.update_s},
            {"buckets", step.buckets},
            {"seconds", step.seconds()}}}};
}

Json outcomes_json(const std::vector<cost::Outcome>& outcomes) {
  Json json = Json::array();
  for (const cost::Outcome& each : outcomes) json.push_back(outcome_json(each));
  return json;
}

Json losses_json(const cost::Scenario& scenario, bool coded) {
  Json json = Json::array();
  for (const cost::Loss& loss : cost::losses(scenario, coded)) {
    json.push_back({{"servers", loss.servers},
                    {"elements", loss.elements},
                    {"worst_elements", loss.worst_elements},
                    {"winner", loss.winner},
                    {"factor", loss.factor},
                    {"largest_part", loss.largest},
                    {"largest_part_s", loss.largest_s}});
  }
  return json;
}

}  // namespace

Json to_json(const ModelledCase& one) {
  const cost::Scenario& scenario = one.scenario;
  const cost::Server& server = scenario.system.server;
  const cost::Device& device = scenario.system.device;
  const cost::Answer& answer = one.answer;
  return {{"model", scenario.model.name},
          {"parameters", scenario.model.parameters()},
          {"sample", scenario.model.sample},
          {"training_flop_per_sample", scenario.model.training_flop()},
          {"servers", scenario.servers},
          {"samples", scenario.step.samples},
          {"element_bits", scenario.element_bits},
          {"bits", scenario.quantiser.bits},
          {"overlapped", scenario.step.overlapped},
          {"direct", scenario.direct},
          {"fused", scenario.fused},
          {"flop_per_s", server.flop_per_s()},
          {"port_bytes_per_s", server.port_bytes_per_s()},
          {"device",
           {{"design", device.design},
            {"ports", device.ports},
            {"levels", cost::cascade_levels(scenario.servers, device.ports)},
            {"mzis", device.mzis},
            {"copies", scenario.system.parts.copies(device, server.port_bytes_per_s())},
            {"transit_s", scenario.system.parts.transit_s(device)},
            {"heater_w", device.heater_w > 0 ? Json(device.heater_w) : Json()},
            {"laser_w", device.laser_w > 0 ? Json(device.laser_w) : Json()}}},
          {"others", outcomes_json(answer.others)},
          {"equal_bits", outcomes_json(answer.equal_bits)},
          {"optinc", outcome_json(answer.optinc)},
          {"saved_of_ring", answer.saved(answer.ring())},
          {"saved_of_best_other", answer.saved(answer.best_other())},
          {"saved_of_ring_at_equal_bits", answer.saved(answer.equal_bits.front())},
          {"saved_of_best_at_equal_bits", answer.saved(answer.best_at_equal_bits())}};
}

Json with_reasons(Json json, const ModelledCase& one) {
  Json moves = Json::array();
  const double as_is = one.answer.saved(one.answer.ring());
  for (const cost::Sensitivity& each : cost::sensitivities(one.scenario, as_is)) {
    moves.push_back({{"number", each.number}, {"halved", each.halved}, {"doubled", each.doubled}});
  }
  json["sensitivity_of_saved_of_ring"] = moves;
  json["loses"] = losses_json(one.scenario, false);
  json["loses_at_equal_bits"] = losses_json(one.scenario, true);
  return json;
}

}  // namespace optinc::cli
