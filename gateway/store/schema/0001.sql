-- Everything a plain index would make random is found through the tags in ref_chunk instead:
-- event ids, certificates and holders. Times are UTC ms, states and kinds small integers.

CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- 1: seq of the last applied event; 64 + 16 * channel + state: messages in that state.
CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER NOT NULL);

-- Campaign, template and provider names.
CREATE TABLE name (id INTEGER PRIMARY KEY, name TEXT NOT NULL);

-- 4096 tags of 4 bytes (little endian) for consecutive rows; id = kind * 2^32 + chunk number.
CREATE TABLE ref_chunk (id INTEGER PRIMARY KEY, tags BLOB NOT NULL);
-- Tags that came after the row: a holder that changed.
CREATE TABLE ref_extra (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, row INTEGER NOT NULL,
                        tag INTEGER NOT NULL);

CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    received_ms INTEGER NOT NULL,
    type INTEGER NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    digest BLOB NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE subject (
    id INTEGER PRIMARY KEY,
    certificate TEXT NOT NULL,
    holder TEXT NOT NULL,
    state INTEGER NOT NULL,
    eonay INTEGER NOT NULL,
    not_after_ms INTEGER NOT NULL,
    fact_ms INTEGER NOT NULL,
    event_seq INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    facts TEXT NOT NULL
);

CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    case_id INTEGER NOT NULL,
    event_seq INTEGER NOT NULL,
    campaign INTEGER NOT NULL,
    step INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    state INTEGER NOT NULL,
    urgency INTEGER NOT NULL,
    template INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    planned_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    deadline_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    lease_ms INTEGER,                  -- null unless sending, unknown, or awaiting a report
    provider INTEGER NOT NULL,
    tail INTEGER NOT NULL,             -- newest row of its timeline
    updated_ms INTEGER NOT NULL,
    provider_ref TEXT,
    reason TEXT NOT NULL,
    facts TEXT NOT NULL
);
CREATE UNIQUE INDEX message_once ON message (case_id, campaign, step, channel) WHERE case_id > 0;
CREATE INDEX message_due ON message (channel, urgency, due_ms) WHERE state <= 1;
CREATE INDEX message_lease ON message (state, lease_ms) WHERE lease_ms IS NOT NULL;
CREATE INDEX message_ref ON message (provider_ref)
    WHERE lease_ms IS NOT NULL AND provider_ref IS NOT NULL;
-- The rarer states that people look for; the common ones are found by walking back.
CREATE INDEX message_odd ON message (state) WHERE state > 4;

-- Attempts (0), reports (1) and state changes (2) of a message, each pointing to the one before:
-- written in the order of time, read by following prev from message.tail.
CREATE TABLE line (
    id INTEGER PRIMARY KEY,
    prev INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,           -- settled, received
    number INTEGER NOT NULL,           -- attempt number, report state, state before
    outcome INTEGER NOT NULL,          -- outcome class, state after
    provider INTEGER NOT NULL,
    code TEXT NOT NULL,                -- code, reason
    detail TEXT NOT NULL,              -- detail, actor
    provider_ref TEXT NOT NULL,
    content TEXT NOT NULL
);

CREATE TABLE api_key (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    digest BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX api_key_in_force ON api_key (name) WHERE revoked_ms = 0;

CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    provider INTEGER NOT NULL,
    ref TEXT NOT NULL,
    channel INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    content TEXT NOT NULL
);
