/* The forty invented people of the demo, and what happens to them in ninety days. */
#pragma once

#include "api/auth.h"
#include "base/buf.h"
#include "domain/event.h"

#include <stdio.h>

enum { DEMO_PEOPLE = 40, DEMO_DAYS = 90, DEMO_EVENTS_MAX = DEMO_PEOPLE * 6 };

/* What a person does about the certificate. */
enum demo_fate {
    DEMO_RENEWS,    /* a renewed certificate is told */
    DEMO_REPLACES,  /* a new certificate is told that replaces the old one */
    DEMO_APPLIES,   /* application, letter, approval, card */
    DEMO_BLOCKED,   /* the portal refuses the login for a week; then applies */
    DEMO_LEAVES,    /* the duty ends */
    DEMO_ACTIVATES, /* activates e-Onay first, then renews */
    DEMO_IGNORES,   /* does nothing: the certificate expires */
    DEMO_FATES
};

const char *demo_fate_label(enum demo_fate fate, bool turkish);

struct demo_event {
    int day; /* from the beginning */
    int minute;
    enum event_type type;
    int person;
    bool closes; /* no reminder may go to the person after this */
};

/* All events of the ninety days in their order; returns how many. */
size_t demo_events(struct demo_event list[DEMO_EVENTS_MAX]);
enum demo_fate demo_fate_of(int person);
/* "p-07", also the reference of the person's first certificate. */
void demo_person_ref(int person, char out[8]);
/* Days from the beginning until the certificate ends. */
int demo_person_end(int person);
void demo_person_name(int person, struct buf *out);

/* The configuration of the demo: sinks that deliver everything, a send window, the holidays. */
void demo_config(struct buf *out, const char *database, const char *templates, const char *recipes,
                 const char *holidays, int port);
/* A CloudEvents batch of events; from_ms is the midnight at which the ninety days begin. */
void demo_body(struct buf *out, const struct demo_event *events, size_t count, int64_t from_ms);
/* A line for a shell that posts one more fact. */
void demo_curl_line(FILE *out, const char *url, const char *key, int64_t now_ms);
