#include "store/store_sqlite.h"

#define CASE_COLUMNS                                                                               \
    "c.id, c.certificate, c.holder, c.state, c.eonay, c.not_after_ms, c.fact_ms, c.event_seq, "    \
    "c.updated_ms, c.facts"

/* The timeline of message ?1, from its newest line back. */
#define LINES_OF_MESSAGE                                                                           \
    "(WITH RECURSIVE chain (id) AS (SELECT tail FROM message WHERE id = ?1 UNION "                 \
    "SELECT l.prev FROM line l JOIN chain c ON l.id = c.id) SELECT id FROM chain)"

/* In the order that sq_message_decode reads. */
#define MESSAGE_COLUMNS                                                                            \
    "m.id, m.case_id, m.event_seq, m.campaign, m.step, m.channel, m.state, m.urgency, "            \
    "m.template, m.created_ms, m.planned_ms, m.due_ms, m.deadline_ms, m.attempts, m.flags, "       \
    "m.lease_ms, m.provider, m.updated_ms, m.provider_ref, m.reason, m.facts"

const char *const sq_text[SQ_COUNT] = {
    [SQ_BEGIN] = "BEGIN IMMEDIATE",
    [SQ_COMMIT] = "COMMIT",
    [SQ_ROLLBACK] = "ROLLBACK",
    [SQ_SAVEPOINT] = "SAVEPOINT part",
    [SQ_RELEASE] = "RELEASE part",
    [SQ_UNDO] = "ROLLBACK TO part",

    [SQ_COUNTER_ALL] = "SELECT id, value FROM counter",
    [SQ_COUNTER_PUT] = "INSERT INTO counter (id, value) VALUES (?1, ?2) "
                       "ON CONFLICT (id) DO UPDATE SET value = excluded.value",
    [SQ_LAST_ROWS] = "SELECT ifnull((SELECT max(seq) FROM event), 0), "
                     "ifnull((SELECT max(id) FROM subject), 0), "
                     "ifnull((SELECT max(id) FROM message), 0), "
                     "ifnull((SELECT max(id) FROM line), 0)",

    [SQ_NAME_LOAD] = "SELECT id, name FROM name WHERE id > ?1 ORDER BY id",
    [SQ_NAME_ADD] = "INSERT INTO name (id, name) VALUES (?1, ?2)",

    [SQ_CHUNK_LOAD] = "SELECT id, tags FROM ref_chunk WHERE id >= ?1 AND id < ?2 ORDER BY id",
    [SQ_CHUNK_PUT] = "INSERT INTO ref_chunk (id, tags) VALUES (?1, ?2)",
    [SQ_EXTRA_LOAD] = "SELECT id, kind, row, tag FROM ref_extra WHERE id > ?1 ORDER BY id",
    [SQ_EXTRA_PUT] = "INSERT INTO ref_extra (kind, row, tag) VALUES (?1, ?2, ?3)",
    [SQ_EVENT_REFS] = "SELECT seq, source, id FROM event WHERE seq > ?1 AND seq <= ?2 ORDER BY seq",
    [SQ_SUBJECT_REFS] =
        "SELECT id, certificate, holder FROM subject WHERE id > ?1 AND id <= ?2 ORDER BY id",

    [SQ_EVENT_ADD] = "INSERT INTO event (seq, received_ms, type, source, id, digest, body) "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQ_EVENT_FIND] = "SELECT digest FROM event WHERE seq = ?1 AND id = ?2 AND source = ?3",
    [SQ_EVENT_SCAN] = "SELECT seq, received_ms, type, source, id, digest, body FROM event "
                      "WHERE seq > ?1 ORDER BY seq LIMIT ?2",

    [SQ_EVENT_BLANK] = "UPDATE event SET body = '' WHERE seq = ?1",

    [SQ_CASE_ADD] = "INSERT INTO subject (id, certificate, holder, state, eonay, not_after_ms, "
                    "fact_ms, event_seq, updated_ms, facts) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [SQ_CASE_REPLACE] = "UPDATE subject SET certificate = ?2, holder = ?3, state = ?4, eonay = ?5, "
                        "not_after_ms = ?6, fact_ms = ?7, event_seq = ?8, updated_ms = ?9, "
                        "facts = ?10 WHERE id = ?1",
    [SQ_CASE_GET] = "SELECT " CASE_COLUMNS " FROM subject c WHERE c.id = ?1",
    /* A removed case: no certificate, and a state that nobody has. */
    [SQ_CASE_BLANK] = "UPDATE subject SET certificate = '', holder = '', state = -1, eonay = 0, "
                      "not_after_ms = 0, fact_ms = 0, event_seq = 0, updated_ms = 0, facts = '' "
                      "WHERE id = ?1 AND certificate <> ''",
    [SQ_CASE_BY_END] = "SELECT id FROM subject INDEXED BY subject_end WHERE state = ?1 AND "
                       "not_after_ms >= ?2 AND not_after_ms <= ?3 AND "
                       "(not_after_ms, id) > (?4, ?5) ORDER BY not_after_ms, id LIMIT ?6",
    [SQ_CASE_SCAN] =
        "SELECT id FROM subject WHERE id > ?1 AND certificate <> '' ORDER BY id LIMIT ?2",

    [SQ_MESSAGE_ADD] =
        "INSERT INTO message (id, case_id, event_seq, campaign, step, channel, state, urgency, "
        "template, created_ms, planned_ms, due_ms, deadline_ms, attempts, flags, lease_ms, "
        "provider, tail, updated_ms, provider_ref, reason, facts) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, 0, "
        "?18, ?19, ?20, ?21) ON CONFLICT DO NOTHING",
    [SQ_MESSAGE_GET] = "SELECT " MESSAGE_COLUMNS " FROM message m WHERE m.id = ?1",
    [SQ_MESSAGE_FULL] = "SELECT " MESSAGE_COLUMNS ", " CASE_COLUMNS
                        " FROM message m LEFT JOIN subject c ON c.id = m.case_id WHERE m.id = ?1",
    [SQ_MESSAGE_OF_CASE] =
        "SELECT id FROM message INDEXED BY message_once WHERE case_id = ?1 AND case_id > 0",
    [SQ_MESSAGE_STATE] = "SELECT state, channel, lease_ms, tail, due_ms FROM message WHERE id = ?1",
    [SQ_MESSAGE_MOVE] =
        "UPDATE message SET state = ?2, lease_ms = ?3, tail = ?4, updated_ms = ?5, "
        "flags = flags | ?6, due_ms = ifnull(?7, due_ms), deadline_ms = ifnull(?8, deadline_ms), "
        "attempts = ifnull(?9, attempts), provider = ifnull(?10, provider), "
        "provider_ref = nullif(ifnull(?11, provider_ref), ''), reason = ifnull(?12, reason), "
        "planned_ms = ifnull(?13, planned_ms) WHERE id = ?1",
    [SQ_MESSAGE_TAIL] = "SELECT tail FROM message WHERE id = ?1",
    [SQ_MESSAGE_SET_TAIL] = "UPDATE message SET tail = ?2 WHERE id = ?1",
    [SQ_MESSAGE_DUE] =
        "SELECT id FROM message INDEXED BY message_due WHERE state <= 1 AND "
        "channel = ?1 AND urgency = ?2 AND due_ms <= ?3 ORDER BY due_ms, id LIMIT ?4",
    [SQ_MESSAGE_BETWEEN] =
        "SELECT id FROM message INDEXED BY message_due WHERE state <= 1 AND channel = ?1 AND "
        "urgency = ?2 AND due_ms >= ?3 AND due_ms <= ?4 AND (due_ms, id) > (?5, ?6) "
        "ORDER BY due_ms, id LIMIT ?7",
    [SQ_MESSAGE_NEXT] = "SELECT due_ms FROM message INDEXED BY message_due WHERE state <= 1 AND "
                        "channel = ?1 AND urgency = ?2 ORDER BY due_ms LIMIT 1",
    [SQ_MESSAGE_LEASED] = "SELECT id FROM message INDEXED BY message_lease WHERE state = ?1 AND "
                          "lease_ms <= ?2 ORDER BY lease_ms, id LIMIT ?3",
    [SQ_MESSAGE_BY_REF] = "SELECT id FROM message INDEXED BY message_ref WHERE provider_ref = ?1 "
                          "AND lease_ms IS NOT NULL AND provider = ?2 ORDER BY id LIMIT ?3",
    [SQ_MESSAGE_LIST] =
        "SELECT id FROM message WHERE id < ?1 AND id >= ?2 AND (?3 < 0 OR state = ?3) AND "
        "(?4 < 0 OR channel = ?4) AND (?5 < 0 OR campaign = ?5) AND created_ms >= ?6 "
        "ORDER BY id DESC LIMIT ?7",
    [SQ_MESSAGE_ODD] =
        "SELECT id FROM message INDEXED BY message_odd WHERE id < ?1 AND id >= ?2 AND "
        "state = ?3 AND state > 4 AND (?4 < 0 OR channel = ?4) AND (?5 < 0 OR campaign = ?5) AND "
        "created_ms >= ?6 ORDER BY id DESC LIMIT ?7",
    [SQ_MESSAGE_WAITING] = "SELECT id FROM message WHERE id > ?1 AND id <= ?2 AND "
                           "(state <= 1 OR state = 6) AND (?4 OR campaign = ?3) ORDER BY id",
    [SQ_COUNT_ALL] = "SELECT campaign, channel, state FROM message",
    [SQ_COUNT_HELD] = "SELECT campaign, channel, state, reason, count(*) FROM message "
                      "INDEXED BY message_odd WHERE state = 6 AND state > 4 GROUP BY 1, 2, 3, 4",

    [SQ_MESSAGE_SCAN] = "SELECT id FROM message WHERE id > ?1 ORDER BY id LIMIT ?2",
    [SQ_MESSAGE_OWN] = "SELECT id FROM message INDEXED BY message_own WHERE case_id = 0 AND "
                       "id > ?1 ORDER BY id LIMIT ?2",
    [SQ_MESSAGE_FACTS] = "UPDATE message SET facts = ?2 WHERE id = ?1 AND case_id = 0",
    [SQ_MESSAGE_REMOVE] = "DELETE FROM message WHERE id = ?1",

    [SQ_LINE_ADD] = "INSERT INTO line (id, prev, message_id, kind, at_ms, end_ms, number, outcome, "
                    "provider, code, detail, provider_ref, content) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [SQ_LINE_GET] = "SELECT prev, message_id, kind, at_ms, end_ms, number, outcome, provider, "
                    "code, detail, provider_ref, content FROM line WHERE id = ?1",
    [SQ_LINE_CLOSE] = "UPDATE line SET end_ms = ?2, outcome = ?3, code = ?4, detail = ?5, "
                      "provider_ref = ?6 WHERE id = ?1 AND message_id = ?7 AND kind = ?8 AND "
                      "number = ?9",

    [SQ_LINE_CONTENT] = "SELECT id, message_id FROM line INDEXED BY line_content WHERE "
                        "content <> '' AND id > ?1 AND at_ms < ?2 ORDER BY id LIMIT ?3",
    [SQ_LINE_BLANK] =
        "UPDATE line SET content = '' WHERE content <> '' AND id IN " LINES_OF_MESSAGE,
    [SQ_LINE_REMOVE] = "DELETE FROM line WHERE id IN " LINES_OF_MESSAGE,

    [SQ_KEY_ADD] = "INSERT INTO api_key (name, scopes, digest, created_ms, revoked_ms) "
                   "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    [SQ_KEY_REVOKE] = "UPDATE api_key SET revoked_ms = ?2 WHERE name = ?1 AND revoked_ms = 0",
    [SQ_KEY_LIST] = "SELECT id, name, scopes, digest, created_ms, revoked_ms FROM api_key "
                    "ORDER BY id",
    [SQ_INBOX_ADD] = "INSERT INTO inbox (at_ms, provider, ref, channel, recipient, content) "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQ_INBOX_LIST] = "SELECT id, at_ms, provider, ref, channel, recipient, content FROM inbox "
                      "WHERE id > ?1 ORDER BY id LIMIT ?2",
    [SQ_INBOX_REMOVE] = "DELETE FROM inbox WHERE id = ?1",
    [SQ_META_GET] = "SELECT value FROM meta WHERE name = ?1",
    [SQ_META_PUT] = "INSERT INTO meta (name, value) VALUES (?1, ?2) "
                    "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    [SQ_RECORD_PUT] = "INSERT INTO record (kind, key, body) VALUES (?1, ?2, ?3) "
                      "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
    [SQ_RECORD_GET] = "SELECT body FROM record WHERE kind = ?1 AND key = ?2",
    [SQ_RECORD_REMOVE] = "DELETE FROM record WHERE kind = ?1 AND key = ?2",
    /* Bounded below by the greater of both, and ended by the first key of another prefix. */
    [SQ_RECORD_LIST] = "SELECT key FROM record WHERE kind = ?1 AND key > ?2 AND key >= ?3 AND "
                       "(?4 = 0 OR key < ?3 || char(1114111)) ORDER BY key LIMIT ?5",
    [SQ_RECORD_BACK] = "SELECT key FROM record WHERE kind = ?1 AND (?2 = '' OR key < ?2) AND "
                       "key >= ?3 AND (?4 = 0 OR key < ?3 || char(1114111)) "
                       "ORDER BY key DESC LIMIT ?5",
};
