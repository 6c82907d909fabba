/* What a row would do to a case and its messages, without doing it. */
#pragma once

#include "flow/apply.h"
#include "flow/roster_entry.h"

enum { ROSTER_CASES_MAX = 64 };

/* A case as it is stored. */
struct roster_case {
    bool known; /* false: there is none, or an empty one that an undone import left */
    int64_t id; /* 0 when there is none */
    int64_t event_seq;
    int64_t fact_ms;
    char certificate[FACT_REF_SIZE];
    struct case_file file;
};

/* The holder's cases that a row touches: its own first. */
struct roster_cases {
    struct roster_case *list; /* ROSTER_CASES_MAX of room */
    size_t count;
};

int roster_case_load(struct store *s, struct str certificate, struct roster_case *ret,
                     struct err *e);
/*
 * The case that a list means which names the person alone: that of the holder's latest certificate.
 * ERR_NOT_FOUND when none of theirs is known.
 */
int roster_case_of_person(struct store *s, struct str holder, struct roster_case *ret,
                          struct err *e);
/* The certificate's case and the other ones of the holder. */
int roster_cases_load(struct store *s, const struct fact *fact, struct roster_cases *ret,
                      struct err *e);

/* Whether the row tells something that the case does not know. */
bool roster_differs(const struct roster_case *known, const struct fact *fact);
/* Whether the further fact of a row is news to the case. */
bool roster_also_is_news(const struct roster_case *known, enum event_type type, int64_t now_ms);

struct roster_effect {
    int64_t gained; /* messages planned */
    int64_t lost;   /* waiting messages stopped */
    int64_t moved;  /* … that get another time */
};

/* Adds up what applying the facts (one or two, in order) would plan and stop. */
int roster_effect(struct store *s, const struct apply_env *env, const struct roster_cases *cases,
                  const struct fact *const *facts, size_t count, struct roster_effect *inout,
                  struct err *e);
