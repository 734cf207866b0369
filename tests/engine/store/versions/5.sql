BEGIN TRANSACTION;
CREATE TABLE metrics (
            id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL REFERENCES runs (id),
            series INTEGER NOT NULL REFERENCES series (id), step INTEGER, seconds REAL, value REAL
        );
INSERT INTO "metrics" VALUES(1,1,1,0,0.0,1.5);
INSERT INTO "metrics" VALUES(2,1,2,0,0.0,0.0);
INSERT INTO "metrics" VALUES(3,1,1,1,0.5,1.25);
INSERT INTO "metrics" VALUES(4,1,2,1,0.5,1.0);
INSERT INTO "metrics" VALUES(5,1,1,2,1.0,1.0);
INSERT INTO "metrics" VALUES(6,1,2,2,1.0,2.0);
INSERT INTO "metrics" VALUES(7,1,1,3,1.5,0.75);
INSERT INTO "metrics" VALUES(8,1,2,3,1.5,3.0);
INSERT INTO "metrics" VALUES(9,1,3,3,2.0,NULL);
CREATE TABLE purged (run INTEGER PRIMARY KEY, revision INTEGER, purged_at REAL);
INSERT INTO "purged" VALUES(6,11,1.75);
CREATE TABLE requests (
            id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL REFERENCES runs (id), kind TEXT, asked_at REAL
        );
INSERT INTO "requests" VALUES(1,3,'stop',1.79535642526518869404e+09);
CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT, revision INTEGER, name TEXT, state TEXT, phase TEXT,
            phase_done INTEGER, phase_total INTEGER, reason TEXT, created_at REAL, started_at REAL, ended_at REAL,
            config TEXT, toml TEXT, task TEXT, loss TEXT, architecture TEXT, seed INTEGER, teacher TEXT,
            step INTEGER, total_steps INTEGER, steps_per_epoch INTEGER, batch_size INTEGER, key_metric TEXT,
            best_score REAL, best_step INTEGER, teacher_score REAL, parameters INTEGER, teacher_parameters INTEGER,
            device TEXT, device_reason TEXT, pid INTEGER, pid_started REAL, colour INTEGER, note TEXT
        , trashed_at REAL, rewinds INTEGER DEFAULT 0, train_rows INTEGER, evaluation_rows INTEGER, machine TEXT, attempt INTEGER DEFAULT 0, resumed_rows INTEGER);
INSERT INTO "runs" VALUES(1,7,'run 0 λ','finished','',0,0,'',1.79535642525759863851e+09,NULL,1.7953564252637429238e+09,'{"name": "run 0 \u03bb", "task": {"name": "mrpc", "max_length": 128}, "student": {"architecture": "2x128", "init": "random", "tokenizer": "owner/words"}, "loss": {"kind": "none"}, "training": {"epochs": 3, "batch_size": 32, "learning_rate": 5e-05, "seed": 0, "warmup_share": 0.1, "weight_decay": 0.01, "clip_norm": 1.0, "evaluations_per_epoch": 1, "keep": "best", "device": "auto", "precision": "auto", "threads": 0}}','name = "run 0 λ"

[task]
name = "mrpc"
max_length = 128

[student]
architecture = "2x128"
init = "random"
tokenizer = "owner/words"

[loss]
kind = "none"

[training]
epochs = 3
batch_size = 32
learning_rate = 5e-05
seed = 0
warmup_share = 0.1
weight_decay = 0.01
clip_norm = 1.0
evaluations_per_epoch = 1
keep = "best"
device = "auto"
precision = "auto"
threads = 0
','mrpc','none','2x128',0,'',4,4,0,32,'accuracy',0.75,3,NULL,NULL,NULL,'','',NULL,NULL,0,'',NULL,0,40,20,'a machine',1,NULL);
INSERT INTO "runs" VALUES(2,8,'run 1 λ','failed','',0,0,'It broke.',1.7953564252588920593e+09,NULL,1.79535642526429200169e+09,'{"name": "run 1 \u03bb", "task": {"name": "mrpc", "max_length": 128}, "student": {"architecture": "2x128", "init": "random", "tokenizer": "owner/words"}, "loss": {"kind": "none"}, "training": {"epochs": 3, "batch_size": 32, "learning_rate": 5e-05, "seed": 1, "warmup_share": 0.1, "weight_decay": 0.01, "clip_norm": 1.0, "evaluations_per_epoch": 1, "keep": "best", "device": "auto", "precision": "auto", "threads": 0}}','name = "run 1 λ"

[task]
name = "mrpc"
max_length = 128

[student]
architecture = "2x128"
init = "random"
tokenizer = "owner/words"

[loss]
kind = "none"

[training]
epochs = 3
batch_size = 32
learning_rate = 5e-05
seed = 1
warmup_share = 0.1
weight_decay = 0.01
clip_norm = 1.0
evaluations_per_epoch = 1
keep = "best"
device = "auto"
precision = "auto"
threads = 0
','mrpc','none','2x128',1,'',0,0,0,32,'',NULL,NULL,NULL,NULL,NULL,'','',NULL,NULL,1,'',NULL,0,NULL,NULL,NULL,0,NULL);
INSERT INTO "runs" VALUES(3,9,'run 2 λ','running','starting',0,0,'',1.79535642525968790056e+09,1.79535642526463389391e+09,NULL,'{"name": "run 2 \u03bb", "task": {"name": "mrpc", "max_length": 128}, "student": {"architecture": "2x128", "init": "random", "tokenizer": "owner/words"}, "loss": {"kind": "none"}, "training": {"epochs": 3, "batch_size": 32, "learning_rate": 5e-05, "seed": 2, "warmup_share": 0.1, "weight_decay": 0.01, "clip_norm": 1.0, "evaluations_per_epoch": 1, "keep": "best", "device": "auto", "precision": "auto", "threads": 0}}','name = "run 2 λ"

[task]
name = "mrpc"
max_length = 128

[student]
architecture = "2x128"
init = "random"
tokenizer = "owner/words"

[loss]
kind = "none"

[training]
epochs = 3
batch_size = 32
learning_rate = 5e-05
seed = 2
warmup_share = 0.1
weight_decay = 0.01
clip_norm = 1.0
evaluations_per_epoch = 1
keep = "best"
device = "auto"
precision = "auto"
threads = 0
','mrpc','none','2x128',2,'',0,0,0,32,'',NULL,NULL,NULL,NULL,NULL,'','',4194305,1.0,2,'',NULL,0,NULL,NULL,'a machine',1,NULL);
INSERT INTO "runs" VALUES(4,10,'run 3 λ','interrupted','',0,0,'gone',1.79535642526050949092e+09,NULL,1.79535642526532983774e+09,'{"name": "run 3 \u03bb", "task": {"name": "mrpc", "max_length": 128}, "student": {"architecture": "2x128", "init": "random", "tokenizer": "owner/words"}, "loss": {"kind": "none"}, "training": {"epochs": 3, "batch_size": 32, "learning_rate": 5e-05, "seed": 3, "warmup_share": 0.1, "weight_decay": 0.01, "clip_norm": 1.0, "evaluations_per_epoch": 1, "keep": "best", "device": "auto", "precision": "auto", "threads": 0}}','name = "run 3 λ"

[task]
name = "mrpc"
max_length = 128

[student]
architecture = "2x128"
init = "random"
tokenizer = "owner/words"

[loss]
kind = "none"

[training]
epochs = 3
batch_size = 32
learning_rate = 5e-05
seed = 3
warmup_share = 0.1
weight_decay = 0.01
clip_norm = 1.0
evaluations_per_epoch = 1
keep = "best"
device = "auto"
precision = "auto"
threads = 0
','mrpc','none','2x128',3,'',0,0,0,32,'',NULL,NULL,NULL,NULL,NULL,'','',NULL,NULL,3,'',NULL,0,NULL,NULL,NULL,0,NULL);
INSERT INTO "runs" VALUES(5,5,'run 4 λ','queued','',0,0,'',1.79535642526125311857e+09,NULL,NULL,'{"name": "run 4 \u03bb", "task": {"name": "mrpc", "max_length": 128}, "student": {"architecture": "2x128", "init": "random", "tokenizer": "owner/words"}, "loss": {"kind": "none"}, "training": {"epochs": 3, "batch_size": 32, "learning_rate": 5e-05, "seed": 4, "warmup_share": 0.1, "weight_decay": 0.01, "clip_norm": 1.0, "evaluations_per_epoch": 1, "keep": "best", "device": "auto", "precision": "auto", "threads": 0}}','name = "run 4 λ"

[task]
name = "mrpc"
max_length = 128

[student]
architecture = "2x128"
init = "random"
tokenizer = "owner/words"

[loss]
kind = "none"

[training]
epochs = 3
batch_size = 32
learning_rate = 5e-05
seed = 4
warmup_share = 0.1
weight_decay = 0.01
clip_norm = 1.0
evaluations_per_epoch = 1
keep = "best"
device = "auto"
precision = "auto"
threads = 0
','mrpc','none','2x128',4,'',0,0,0,32,'',NULL,NULL,NULL,NULL,NULL,'','',NULL,NULL,4,'',NULL,0,NULL,NULL,NULL,0,NULL);
CREATE TABLE scores (
            run INTEGER NOT NULL REFERENCES runs (id), model TEXT, split TEXT, metric TEXT, value REAL,
            PRIMARY KEY (run, model, split, metric)
        );
INSERT INTO "scores" VALUES(1,'student','validation','accuracy',0.75);
INSERT INTO "scores" VALUES(1,'teacher','validation','accuracy',0.875);
CREATE TABLE series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO "series" VALUES(1,'train/loss');
INSERT INTO "series" VALUES(2,'train/learning_rate');
INSERT INTO "series" VALUES(3,'validation/loss');
CREATE TABLE taken_in (file TEXT NOT NULL UNIQUE);
INSERT INTO "taken_in" VALUES('1-1-1.jsonl');
CREATE INDEX runs_by_revision ON runs (revision);
CREATE INDEX runs_by_state ON runs (state);
CREATE INDEX metrics_by_curve ON metrics (run, series);
CREATE INDEX requests_by_run ON requests (run, kind);
CREATE INDEX runs_in_trash ON runs (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX purged_by_revision ON purged (revision);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('runs',6);
INSERT INTO "sqlite_sequence" VALUES('metrics',9);
INSERT INTO "sqlite_sequence" VALUES('requests',1);
COMMIT;
PRAGMA user_version = 5;
