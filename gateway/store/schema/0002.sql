-- Cases by state and end: what expires, what a digest lists. Ends lie on some thousand days, so
-- the index is written in as many places, whatever the number of cases.
CREATE INDEX subject_end ON subject (state, not_after_ms);

-- Small things by kind and key (store_record.h).
CREATE TABLE record (
    kind INTEGER NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
