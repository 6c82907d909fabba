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

-- Attempts whose words are still kept, and messages without a case: both rare after a while, both
-- in the order of their rows.
CREATE INDEX line_content ON line (id) WHERE content <> '';
CREATE INDEX message_own ON message (id) WHERE case_id = 0;
