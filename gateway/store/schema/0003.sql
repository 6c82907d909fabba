-- Who had an SMS on a day was a row for each recipient, kind 12, key day "/" hash, body message;
-- now many recipients share one, kind 13, and keys are in the order of time (flow/sms_days.h).
INSERT INTO record (kind, key, body)
    SELECT 13,
           substr(key, 1, instr(key, '/')) ||
               printf('%016d', row_number() OVER (PARTITION BY substr(key, 1, instr(key, '/'))
                                                   ORDER BY key)),
           substr(key, instr(key, '/') + 1) || ':' || body || ' '
    FROM record WHERE kind = 12;
DELETE FROM record WHERE kind = 12;
