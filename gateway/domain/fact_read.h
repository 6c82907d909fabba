/* Reading one fact: what the parts of the reader share. Inner header of fact_read*.c. */
#pragma once

#include "domain/fact_table.h"

struct reading {
    struct fact *fact;
    const struct fact_origin *origin;
    struct faults *faults;
    bool attributes; /* the data stands below "/data" */
    bool has_data;
    bool has_type; /* the type is known */
    bool has_end;  /* an end was given, be it wrong */
    size_t errors; /* before this event */
    char holder_name[FACT_NAME_SIZE];
    const char *place[3];            /* the keys down to what is being read, null for none */
    char pointer[FAULT_POINTER_MAX]; /* scratch of reading_here */
};

/*
 * The place being read: group/key in the document, either may be null; the second form lies below
 * "/data" when the event has attributes of its own. Only noted, because most places are faultless.
 */
void reading_go(struct reading *r, const char *group, const char *key);
void reading_go_data(struct reading *r, const char *group, const char *key);
/* The JSON pointer of that place. Valid until the next call. */
const char *reading_here(struct reading *r);
/* reading_go and reading_here in one. */
const char *reading_at(struct reading *r, const char *group, const char *key);
const char *reading_data_at(struct reading *r, const char *group, const char *key);

/* Where a text of the fact goes and how it is judged. */
struct reading_target {
    enum fact_kind kind;
    char *text;
    size_t size;
};

/* Checks, normalises and keeps one text; faults are placed here. s may be empty. */
void reading_text(struct reading *r, const struct reading_target *target, struct str s);
/* The data object: certificate, holder, institution, e-Onay. */
void reading_data(struct reading *r, const struct json *object);
/* One member of it; false when the key is not one of the data's. */
bool reading_data_member(struct reading *r, const struct json *member);
/* Takes the holder's full name apart and checks what the fact's type requires. */
void reading_complete(struct reading *r);
/* A fault about a member that has no business here, with the nearest known name. */
void reading_unknown(struct reading *r, struct str key, const char *const *names, size_t count);
/* The text of a JSON string without blanks around it; false for null; a fault for other types. */
bool reading_string(struct reading *r, const struct json *v, struct str *ret);
