-- A database of version 1, whose program was killed in the middle of a promoting experiment: two pragmas and what
-- `sqlite3 tune.db .dump` printed. Later versions must go on with it; it is never made anew.
PRAGMA application_id = 1953853029;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE experiment(
  id           INTEGER PRIMARY KEY,
  name         TEXT NOT NULL UNIQUE,
  description  TEXT NOT NULL,
  created_at   REAL NOT NULL,
  source       TEXT NOT NULL,
  resolved     TEXT NOT NULL,
  directory    TEXT NOT NULL,
  seed         INTEGER NOT NULL,
  lockstep     INTEGER NOT NULL,
  slots        INTEGER NOT NULL,
  space_hash   TEXT NOT NULL,
  metric       TEXT NOT NULL,
  mode         TEXT NOT NULL,
  columns      TEXT NOT NULL
) STRICT;
INSERT INTO experiment VALUES(1,'old','written by the first version of the database',1795271570.0967419147,replace('version: 1\nname: old\ndescription: written by the first version of the database\ntrainable: curve\nobjective: {metric: loss, mode: min}\nsearch_space:\n  x1: {uniform: [-5, 10]}\n  x2: {uniform: [0, 15]}\n  epochs: 9\n  step_seconds: 0.06\nsearch: {algorithm: random, seed: 7}\nscheduler: {type: asha, max_t: 9, grace_period: 1, reduction_factor: 3, variant: promote}\nbudget: {trials: 6}\ncheckpoint: {every: 2}\n','\n',char(10)),'{"version":1,"name":"old","description":"written by the first version of the database","trainable":{"builtin":"curve"},"objective":[{"metric":"loss","mode":"min"}],"search_space":{"x1":{"uniform":[-5,10]},"x2":{"uniform":[0,15]},"epochs":9,"step_seconds":0.06},"search":{"algorithm":"random","seed":7,"constant_grid_search":false},"scheduler":{"type":"asha","time_attr":"training_iteration","max_t":9.0,"grace_period":1.0,"reduction_factor":3,"brackets":1,"stop_last_trials":true,"variant":"promote","drain":true},"budget":{"trials":6,"concurrency":2},"resources":{"cpu":1.0,"gpu":0.0},"retries":{"exception":0,"exit":0,"signal":0,"memory":0,"time":0,"hang":0},"checkpoint":{"every":2,"keep":1,"at_end":false}}','/tmp/old',7,1,2,'4c8cc2cb17df0d806f1dc99f2b7508162d461b71e72b4f244ffdc4759ed82a7b','loss','min','["x1","x2","epochs","step_seconds"]');
CREATE TABLE summary(
  experiment   INTEGER PRIMARY KEY,
  status       TEXT NOT NULL,
  end_reason   TEXT NOT NULL,
  elapsed      REAL,
  best_trial   INTEGER,
  best_value   REAL,
  last_event   INTEGER NOT NULL,
  last_turn    INTEGER NOT NULL,
  trials       INTEGER NOT NULL,
  completed    INTEGER NOT NULL,
  stopped      INTEGER NOT NULL,
  failed       INTEGER NOT NULL,
  running      INTEGER NOT NULL,
  paused       INTEGER NOT NULL,
  waiting      INTEGER NOT NULL,
  updated_at   REAL
) STRICT;
INSERT INTO summary VALUES(1,'running','',0.36636725300000000382,4,10.410143845962558373,13,12,5,0,0,0,2,3,0,1795271570.4777445792);
CREATE TABLE run(
  experiment   INTEGER NOT NULL,
  run          INTEGER NOT NULL,
  version      TEXT NOT NULL,
  rules        TEXT NOT NULL,
  host         TEXT NOT NULL,
  pid          INTEGER NOT NULL,
  pid_start    INTEGER NOT NULL,
  boot_id      TEXT NOT NULL,
  started_at   REAL NOT NULL,
  code_hash    TEXT NOT NULL,
  workers      TEXT NOT NULL,
  PRIMARY KEY(experiment, run)
) STRICT, WITHOUT ROWID;
INSERT INTO run VALUES(1,1,'0.1.0','controller=1 asha=1 random=1','vm',31028,1509824,'aefc53b3-96b3-4e2e-a989-11e14cfe7498',1795271570.1097114085,'c106c1a875915b576fb9c23a801aba78','[]');
CREATE TABLE event(
  experiment   INTEGER NOT NULL,
  n            INTEGER NOT NULL,
  turn         INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  trial        INTEGER,
  attempt      INTEGER NOT NULL,
  seq          INTEGER NOT NULL,
  step         INTEGER NOT NULL,
  at           REAL,
  elapsed      REAL,
  replayed     INTEGER NOT NULL,
  payload      TEXT NOT NULL,
  extra        TEXT NOT NULL,
  PRIMARY KEY(experiment, n)
) STRICT, WITHOUT ROWID;
INSERT INTO event VALUES(1,1,1,'run_started',NULL,0,0,0,0.0022725190000000001881,0.0,0,'{"run":1,"version":"0.1.0","rules":"controller=1 asha=1 random=1","slots":2,"ahead":0}','');
INSERT INTO event VALUES(1,2,2,'reported',0,1,1,1,0.071121467999999993248,0.060258645999056170694,0,'{"loss":22.417991182867922}','{"checkpoint":{"size":8,"sha256":"9094ef6a03e0a4e7f9e25fef30f09de1969b5b260724d49be6c8684eb8eaaf36","external":false}}');
INSERT INTO event VALUES(1,3,3,'reported',1,1,1,1,0.072038788000000006372,0.060272376000284566543,0,'{"loss":49.56402958016875}','{"checkpoint":{"size":8,"sha256":"9094ef6a03e0a4e7f9e25fef30f09de1969b5b260724d49be6c8684eb8eaaf36","external":false}}');
INSERT INTO event VALUES(1,4,4,'ended',0,1,2,0,0.072601893000000000677,0.060778626999308471567,0,'{"how":"paused","cause":"none","code":0,"text":""}','');
INSERT INTO event VALUES(1,5,5,'ended',1,1,2,0,0.1334036439999999879,0.065066692999607766978,0,'{"how":"paused","cause":"none","code":0,"text":""}','');
INSERT INTO event VALUES(1,6,6,'reported',2,1,1,1,0.19435796099999999575,0.060277213000517804175,0,'{"loss":22.74939060948555}','{"checkpoint":{"size":8,"sha256":"9094ef6a03e0a4e7f9e25fef30f09de1969b5b260724d49be6c8684eb8eaaf36","external":false}}');
INSERT INTO event VALUES(1,7,7,'reported',3,1,1,1,0.20280876800000000037,0.060264363999522174708,0,'{"loss":215.64308117260785}','{"checkpoint":{"size":8,"sha256":"9094ef6a03e0a4e7f9e25fef30f09de1969b5b260724d49be6c8684eb8eaaf36","external":false}}');
INSERT INTO event VALUES(1,8,8,'ended',2,1,2,0,0.20351075900000001328,0.12545429000056174118,0,'{"how":"paused","cause":"none","code":0,"text":""}','');
INSERT INTO event VALUES(1,9,9,'ended',3,1,2,0,0.26493454199999999509,0.069305425999118597246,0,'{"how":"paused","cause":"none","code":0,"text":""}','');
INSERT INTO event VALUES(1,10,10,'reported',0,2,1,2,0.34707094799999999024,0.12056954899890115484,0,'{"loss":20.95352508880066}','{"checkpoint":{"size":8,"sha256":"bb79af5979499cc5b310d76a2444d2ea4db756328c4fdb62e31e2b2992e95654","external":false}}');
INSERT INTO event VALUES(1,11,10,'reported',4,1,1,1,0.34710964599999999391,0.072315117999096401035,0,'{"loss":10.410143845962558}','{"checkpoint":{"size":8,"sha256":"9094ef6a03e0a4e7f9e25fef30f09de1969b5b260724d49be6c8684eb8eaaf36","external":false}}');
INSERT INTO event VALUES(1,12,11,'reported',0,2,2,3,0.34814515099999998604,0.18089882999993278644,0,'{"loss":20.30474252881605}','{"checkpoint":{"size":8,"sha256":"5f7edb93423c69eaaa039a39dfb8e07af94c4a126e452bb50157340543d5ac9e","external":false}}');
INSERT INTO event VALUES(1,13,12,'ended',4,1,2,0,0.36636725300000000382,0.08147696899868606124,0,'{"how":"paused","cause":"none","code":0,"text":""}','');
CREATE TABLE decision(
  experiment   INTEGER NOT NULL,
  n            INTEGER NOT NULL,
  k            INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  trial        INTEGER,
  args         TEXT NOT NULL,
  reason       TEXT NOT NULL,
  PRIMARY KEY(experiment, n, k)
) STRICT, WITHOUT ROWID;
INSERT INTO decision VALUES(1,1,0,'start',0,'{"bracket":0,"config":{"x1":1.0449391165681376,"x2":6.089866991896416,"epochs":9,"step_seconds":0.06}}','random');
INSERT INTO decision VALUES(1,1,1,'start',1,'{"bracket":0,"config":{"x1":2.0120804583909173,"x2":9.538800609641594,"epochs":9,"step_seconds":0.06}}','random');
INSERT INTO decision VALUES(1,2,0,'judged',0,'{"step":1,"verdict":"pause"}','waits in rung 1: rank 1 of 1, top 0');
INSERT INTO decision VALUES(1,3,0,'judged',1,'{"step":1,"verdict":"pause"}','waits in rung 1: rank 2 of 2, top 0');
INSERT INTO decision VALUES(1,4,0,'start',2,'{"bracket":0,"config":{"x1":-1.074583979100931,"x2":6.076776361850073,"epochs":9,"step_seconds":0.06}}','random');
INSERT INTO decision VALUES(1,5,0,'start',3,'{"bracket":0,"config":{"x1":-4.758560473468016,"x2":2.3495238262140243,"epochs":9,"step_seconds":0.06}}','random');
INSERT INTO decision VALUES(1,6,0,'judged',2,'{"step":1,"verdict":"pause"}','waits in rung 1: rank 2 of 3, top 1');
INSERT INTO decision VALUES(1,6,1,'unpark',1,'{}','rank 3 of 3 in rung 1: 6 trials promote at most 2');
INSERT INTO decision VALUES(1,7,0,'judged',3,'{"step":1,"verdict":"pause"}','waits in rung 1: rank 4 of 4, top 1');
INSERT INTO decision VALUES(1,7,1,'unpark',3,'{}','rank 4 of 4 in rung 1: 6 trials promote at most 2');
INSERT INTO decision VALUES(1,8,0,'resume',0,'{"attempt":2,"why":"promoted","checkpoint":2}','promoted from rung 1: rank 1 of 4, top 1; goes on from its checkpoint of iteration 1');
INSERT INTO decision VALUES(1,9,0,'start',4,'{"bracket":0,"config":{"x1":3.958689553671178,"x2":0.3164558993735095,"epochs":9,"step_seconds":0.06}}','random');
INSERT INTO decision VALUES(1,10,0,'release',NULL,'{"checkpoints":[2]}','trial 0: 1 checkpoint no longer needed');
INSERT INTO decision VALUES(1,11,0,'judged',4,'{"step":1,"verdict":"pause"}','waits in rung 1: rank 1 of 5, top 1');
INSERT INTO decision VALUES(1,11,1,'unpark',2,'{}','rank 3 of 5 in rung 1: 6 trials promote at most 2');
INSERT INTO decision VALUES(1,12,0,'judged',0,'{"step":3,"verdict":"pause"}','waits in rung 3: rank 1 of 1, top 0');
INSERT INTO decision VALUES(1,12,1,'release',NULL,'{"checkpoints":[10]}','trial 0: 1 checkpoint no longer needed');
INSERT INTO decision VALUES(1,13,0,'resume',4,'{"attempt":2,"why":"promoted","checkpoint":11}','promoted from rung 1: rank 1 of 5, top 1; goes on from its checkpoint of iteration 1');
CREATE TABLE turn(
  experiment   INTEGER NOT NULL,
  turn         INTEGER NOT NULL,
  first_n      INTEGER NOT NULL,
  last_n       INTEGER NOT NULL,
  hash         BLOB NOT NULL,
  committed_at REAL NOT NULL,
  PRIMARY KEY(experiment, turn)
) STRICT, WITHOUT ROWID;
INSERT INTO turn VALUES(1,1,1,1,X'8fdd2312bdc74a6707fe3bf44a388a2c',1795271570.1136484145);
INSERT INTO turn VALUES(1,2,2,2,X'5a370ce5137feb980df3cd740da5eb5a',1795271570.182501316);
INSERT INTO turn VALUES(1,3,3,3,X'3f0e8e8e4ceca9f5cd2621d0273e9cea',1795271570.1833961009);
INSERT INTO turn VALUES(1,4,4,4,X'275ca384ea9dedec9eb9eb2bdac6a925',1795271570.1839630604);
INSERT INTO turn VALUES(1,5,5,5,X'f0ae62af64f5f3c31eb92576cc4b3990',1795271570.2447726726);
INSERT INTO turn VALUES(1,6,6,6,X'15cd13cfc4c3b8e0b1bcc08a40c5bac4',1795271570.3057358265);
INSERT INTO turn VALUES(1,7,7,7,X'0a9c1386e6b93aedc78fd70fafd953c6',1795271570.3141839504);
INSERT INTO turn VALUES(1,8,8,8,X'7ad671b9b772ff73b45d80f93bcfa758',1795271570.3148696422);
INSERT INTO turn VALUES(1,9,9,9,X'ce0c895383705592b36db1ba12631d8f',1795271570.3763155937);
INSERT INTO turn VALUES(1,10,10,11,X'21d84cd9cac0aef774e1e5ec8c845134',1795271570.4584686755);
INSERT INTO turn VALUES(1,11,12,12,X'3c61f2da3317ed778c0113bd6c6ba4dd',1795271570.4595060348);
INSERT INTO turn VALUES(1,12,13,13,X'9aeb2b1d6842876fb576b3d91fe7bc1b',1795271570.4777445792);
CREATE TABLE trial(
  experiment         INTEGER NOT NULL,
  number             INTEGER NOT NULL,
  status             TEXT NOT NULL,
  state              TEXT NOT NULL,
  cause              TEXT NOT NULL,
  reason             TEXT NOT NULL,
  error              TEXT NOT NULL,
  config             TEXT NOT NULL,
  attempt            INTEGER NOT NULL,
  generation         INTEGER NOT NULL,
  parent             INTEGER,
  reports            INTEGER NOT NULL,
  replayed           INTEGER NOT NULL,
  retries            INTEGER NOT NULL,
  training_iteration INTEGER NOT NULL,
  time_total         REAL,
  metrics            TEXT,
  objective_class    INTEGER,
  objective          REAL,
  best_class         INTEGER,
  best               REAL,
  best_iteration     INTEGER NOT NULL,
  seed               INTEGER NOT NULL,
  started_at         REAL,
  finished_at        REAL,
  worker             TEXT,
  PRIMARY KEY(experiment, number)
) STRICT, WITHOUT ROWID;
INSERT INTO trial VALUES(1,0,'running','pausing','none','waits in rung 3: rank 1 of 1, top 0','','{"x1":1.0449391165681376,"x2":6.089866991896416,"epochs":9,"step_seconds":0.06}',2,0,NULL,3,0,0,3,0.18089882999993278644,'{"loss":20.30474252881605}',0,20.304742528816049685,0,20.304742528816049685,3,543578981,1795271570.1136484145,NULL,'vm');
INSERT INTO trial VALUES(1,1,'paused','paused','none','waits in rung 1: rank 2 of 2, top 0','','{"x1":2.0120804583909173,"x2":9.538800609641594,"epochs":9,"step_seconds":0.06}',1,0,NULL,1,0,0,1,0.065066692999607766978,'{"loss":49.56402958016875}',0,49.564029580168750045,0,49.564029580168750045,1,1964603273,1795271570.1136484145,NULL,'vm');
INSERT INTO trial VALUES(1,2,'paused','paused','none','waits in rung 1: rank 2 of 3, top 1','','{"x1":-1.074583979100931,"x2":6.076776361850073,"epochs":9,"step_seconds":0.06}',1,0,NULL,1,0,0,1,0.12545429000056174118,'{"loss":22.74939060948555}',0,22.749390609485548252,0,22.749390609485548252,1,1371174638,1795271570.1839630604,NULL,'vm');
INSERT INTO trial VALUES(1,3,'paused','paused','none','waits in rung 1: rank 4 of 4, top 1','','{"x1":-4.758560473468016,"x2":2.3495238262140243,"epochs":9,"step_seconds":0.06}',1,0,NULL,1,0,0,1,0.069305425999118597246,'{"loss":215.64308117260785}',0,215.64308117260785025,0,215.64308117260785025,1,411465266,1795271570.2447726726,NULL,'vm');
INSERT INTO trial VALUES(1,4,'running','running','none','promoted from rung 1: rank 1 of 5, top 1; goes on from its checkpoint of iteration 1','','{"x1":3.958689553671178,"x2":0.3164558993735095,"epochs":9,"step_seconds":0.06}',2,0,NULL,1,0,0,1,0.08147696899868606124,'{"loss":10.410143845962558}',0,10.410143845962558373,0,10.410143845962558373,1,1033847621,1795271570.3763155937,NULL,'vm');
CREATE TABLE checkpoint(
  experiment   INTEGER NOT NULL,
  id           INTEGER NOT NULL,
  trial        INTEGER NOT NULL,
  step         INTEGER NOT NULL,
  size         INTEGER NOT NULL,
  sha256       TEXT NOT NULL,
  external     INTEGER NOT NULL,
  blob_key     INTEGER,
  released     INTEGER NOT NULL,
  PRIMARY KEY(experiment, id)
) STRICT, WITHOUT ROWID;
INSERT INTO checkpoint VALUES(1,2,0,1,8,'9094ef6a03e0a4e7f9e25fef30f09de1969b5b260724d49be6c8684eb8eaaf36',0,NULL,1);
INSERT INTO checkpoint VALUES(1,3,1,1,8,'9094ef6a03e0a4e7f9e25fef30f09de1969b5b260724d49be6c8684eb8eaaf36',0,NULL,0);
INSERT INTO checkpoint VALUES(1,6,2,1,8,'9094ef6a03e0a4e7f9e25fef30f09de1969b5b260724d49be6c8684eb8eaaf36',0,NULL,0);
INSERT INTO checkpoint VALUES(1,7,3,1,8,'9094ef6a03e0a4e7f9e25fef30f09de1969b5b260724d49be6c8684eb8eaaf36',0,NULL,0);
INSERT INTO checkpoint VALUES(1,10,0,2,8,'bb79af5979499cc5b310d76a2444d2ea4db756328c4fdb62e31e2b2992e95654',0,NULL,1);
INSERT INTO checkpoint VALUES(1,11,4,1,8,'9094ef6a03e0a4e7f9e25fef30f09de1969b5b260724d49be6c8684eb8eaaf36',0,NULL,0);
INSERT INTO checkpoint VALUES(1,12,0,3,8,'5f7edb93423c69eaaa039a39dfb8e07af94c4a126e452bb50157340543d5ac9e',0,NULL,0);
CREATE TABLE checkpoint_bytes(
  id           INTEGER PRIMARY KEY,
  experiment   INTEGER NOT NULL,
  checkpoint   INTEGER NOT NULL,
  bytes        BLOB NOT NULL,
  UNIQUE(experiment, checkpoint)
) STRICT;
INSERT INTO checkpoint_bytes VALUES(2,1,3,X'637572766520310a');
INSERT INTO checkpoint_bytes VALUES(3,1,6,X'637572766520310a');
INSERT INTO checkpoint_bytes VALUES(4,1,7,X'637572766520310a');
INSERT INTO checkpoint_bytes VALUES(6,1,11,X'637572766520310a');
INSERT INTO checkpoint_bytes VALUES(7,1,12,X'637572766520330a');
CREATE TABLE output(
  experiment   INTEGER NOT NULL,
  trial        INTEGER NOT NULL,
  attempt      INTEGER NOT NULL,
  head         BLOB NOT NULL,
  tail         BLOB NOT NULL,
  bytes        INTEGER NOT NULL,
  cpu_seconds  REAL,
  max_rss      INTEGER NOT NULL,
  PRIMARY KEY(experiment, trial, attempt)
) STRICT, WITHOUT ROWID;
INSERT INTO output VALUES(1,0,1,X'',X'',0,0.00092778699999999990431,3293184);
INSERT INTO output VALUES(1,1,1,X'',X'',0,0.00063188999999999996906,3293184);
INSERT INTO output VALUES(1,2,1,X'',X'',0,0.0010078219999999997978,3293184);
INSERT INTO output VALUES(1,3,1,X'',X'',0,0.00083666799999999983024,3162112);
INSERT INTO output VALUES(1,4,1,X'',X'',0,0.00087765699999999989468,3293184);
CREATE TABLE command(
  id           INTEGER PRIMARY KEY,
  experiment   INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  trial        INTEGER,
  sent_at      REAL NOT NULL,
  done_turn    INTEGER
) STRICT;
CREATE INDEX event_of_trial ON event(experiment, trial) WHERE trial IS NOT NULL;
CREATE INDEX decision_of_trial ON decision(experiment, trial) WHERE trial IS NOT NULL;
CREATE INDEX checkpoint_of_trial ON checkpoint(experiment, trial);
CREATE INDEX checkpoint_beside ON checkpoint(experiment, blob_key) WHERE blob_key IS NOT NULL;
CREATE INDEX command_waiting ON command(experiment) WHERE done_turn IS NULL;
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
CREATE VIEW best AS SELECT
  e.name AS experiment, printf('%s-%05d', e.name, t.number) AS trial_id, t.number AS trial_number, e.metric, e.mode,
  s.best_value AS value, t.best_iteration AS training_iteration, t.status, t.time_total AS time_total_s, t.config
FROM experiment e JOIN summary s ON s.experiment = e.id
JOIN trial t ON t.experiment = e.id AND t.number = s.best_trial;
COMMIT;
