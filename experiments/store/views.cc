// The views that people query. Names of columns are those of exports; times are ISO 8601 in UTC. Once released a column
// keeps its name and meaning: others build on it.

#include "experiments/store/schema.h"

namespace tune {

const char* views_sql() {
  return R"sql(
DROP VIEW IF EXISTS experiments;
DROP VIEW IF EXISTS trials;
DROP VIEW IF EXISTS reports;
DROP VIEW IF EXISTS decisions;
DROP VIEW IF EXISTS checkpoints;
DROP VIEW IF EXISTS best;
DROP VIEW IF EXISTS commands;

CREATE VIEW experiments AS SELECT
  e.name AS experiment, s.status, s.end_reason, s.trials, s.running, s.paused, s.waiting, s.completed, s.stopped, s.failed,
  e.metric, e.mode, s.best_value,
  CASE WHEN s.best_trial IS NOT NULL THEN printf('%s-%05d', e.name, s.best_trial) END AS best_trial_id,
  s.elapsed AS time_total_s, e.description, printf('%u', e.seed) AS seed, e.lockstep, e.slots, e.directory,
  strftime('%Y-%m-%dT%H:%M:%fZ', e.created_at, 'unixepoch') AS created_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', s.updated_at, 'unixepoch') AS updated_at,
  e.resolved AS document, e.source AS file, e.id AS experiment_id
FROM experiment e JOIN summary s ON s.experiment = e.id;

CREATE VIEW trials AS SELECT
  e.name AS experiment, printf('%s-%05d', e.name, t.number) AS trial_id, t.number AS trial_number, t.status,
  t.reason AS stop_reason, t.cause, t.metrics,
  CASE t.objective_class WHEN 0 THEN t.objective END AS objective,
  CASE t.best_class WHEN 0 THEN t.best END AS best_objective,
  t.best_iteration AS best_training_iteration, t.training_iteration, t.time_total AS time_total_s,
  strftime('%Y-%m-%dT%H:%M:%fZ', t.started_at, 'unixepoch') AS started_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', t.finished_at, 'unixepoch') AS finished_at,
  t.worker, t.retries, t.attempt, t.reports, printf('%u', t.seed) AS seed, t.error, t.config,
  CASE WHEN t.parent IS NOT NULL THEN printf('%s-%05d', e.name, t.parent) END AS parent_trial_id, t.generation
FROM trial t JOIN experiment e ON e.id = t.experiment
WHERE t.state <> 'withdrawn';

CREATE VIEW reports AS SELECT
  e.name AS experiment, printf('%s-%05d', e.name, v.trial) AS trial_id, v.trial AS trial_number,
  v.step AS training_iteration, v.elapsed AS time_total_s,
  strftime('%Y-%m-%dT%H:%M:%fZ', u.committed_at, 'unixepoch') AS timestamp,
  v.payload AS metrics, v.attempt, v.n AS event
FROM event v JOIN experiment e ON e.id = v.experiment
JOIN turn u ON u.experiment = v.experiment AND u.turn = v.turn
WHERE v.kind = 'reported' AND v.replayed = 0;

CREATE VIEW decisions AS SELECT
  e.name AS experiment, d.n AS event, d.k AS position, d.kind AS decision,
  CASE WHEN d.trial IS NOT NULL THEN printf('%s-%05d', e.name, d.trial) END AS trial_id, d.trial AS trial_number,
  d.reason, d.args AS arguments, v.kind AS upon,
  CASE WHEN v.trial IS NOT NULL THEN printf('%s-%05d', e.name, v.trial) END AS upon_trial_id,
  strftime('%Y-%m-%dT%H:%M:%fZ', u.committed_at, 'unixepoch') AS timestamp
FROM decision d JOIN experiment e ON e.id = d.experiment
JOIN event v ON v.experiment = d.experiment AND v.n = d.n
JOIN turn u ON u.experiment = v.experiment AND u.turn = v.turn;

CREATE VIEW checkpoints AS SELECT
  e.name AS experiment, c.id AS checkpoint, printf('%s-%05d', e.name, c.trial) AS trial_id, c.trial AS trial_number,
  c.step AS training_iteration, c.size AS bytes, c.sha256,
  CASE c.external WHEN 1 THEN 'tune.db.checkpoints' ELSE 'tune.db' END AS stored_in, c.blob_key,
  c.released
FROM checkpoint c JOIN experiment e ON e.id = c.experiment;

CREATE VIEW commands AS SELECT
  e.name AS experiment, v.n AS event, coalesce(json_extract(v.payload, '$.command'), 'set') AS command,
  CASE WHEN v.trial IS NOT NULL THEN printf('%s-%05d', e.name, v.trial) END AS trial_id, v.trial AS trial_number,
  json_extract(v.payload, '$.config') AS config,
  json_extract(v.payload, '$.key') AS key, json_extract(v.payload, '$.before') AS before,
  json_extract(v.payload, '$.now') AS now, json_extract(v.payload, '$.refused') AS refused,
  strftime('%Y-%m-%dT%H:%M:%fZ', c.sent_at, 'unixepoch') AS sent_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', u.committed_at, 'unixepoch') AS timestamp
FROM event v JOIN experiment e ON e.id = v.experiment
JOIN turn u ON u.experiment = v.experiment AND u.turn = v.turn
LEFT JOIN command c ON c.id = json_extract(v.payload, '$.row')
WHERE v.kind IN ('commanded', 'edited');

CREATE VIEW best AS SELECT
  e.name AS experiment, printf('%s-%05d', e.name, t.number) AS trial_id, t.number AS trial_number, e.metric, e.mode,
  s.best_value AS value, t.best_iteration AS training_iteration, t.status, t.time_total AS time_total_s, t.config
FROM experiment e JOIN summary s ON s.experiment = e.id
JOIN trial t ON t.experiment = e.id AND t.number = s.best_trial;
)sql";
}

}  // namespace tune
