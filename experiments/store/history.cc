#include "experiments/store/history.h"

#include "core/json.h"
#include "experiments/store/database.h"
#include "experiments/store/rows.h"

namespace tune {

Result<std::vector<EditRow>> read_edits(const std::string& db, ExperimentId experiment) {
  auto connection = open_database_to_read(absolute_path(db));
  if (!connection) return pass_on(std::move(connection));
  auto query = connection->prepare(
      "SELECT v.payload, u.committed_at FROM event v JOIN turn u ON u.experiment = v.experiment AND u.turn = v.turn "
      "WHERE v.experiment = ? AND v.kind = 'edited' ORDER BY v.n");
  if (!query) return pass_on(std::move(query));
  query->bind(experiment.value);
  std::vector<EditRow> edits;
  auto read = for_each_row(*query, [&](const sql::Statement& row) {
    const auto payload = parse_json(std::string(row.text(0)));
    if (!payload) return;
    const auto text = [&](const char* name) {
      const Value* value = payload->find(name);
      return value == nullptr || value->is_null() ? std::string("not set")
             : value->is_text()                   ? value->text()
                                                  : to_json(*value);
    };
    edits.push_back({text("key"), text("before"), text("now"), row.real(1)});
  });
  if (!read) return pass_on(std::move(read));
  return edits;
}

}  // namespace tune
