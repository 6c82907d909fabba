/* Persons who stood in the former list of a source and do not stand in this one. */
#pragma once

#include "flow/roster_report.h"
#include "flow/roster_seen.h"
#include "store/store_record.h"

/*
 * Puts those whose reminders still run into the report; nothing is done to them. hash is the one
 * that seen was filled with.
 */
int roster_gone_find(struct store *s, struct hash *hash, const struct roster_seen *seen,
                     const char *source, struct roster_report *report, struct err *e);
