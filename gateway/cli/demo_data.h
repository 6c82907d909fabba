/* The invented people of the demo, as requests. */
#pragma once

#include "api/auth.h"
#include "base/buf.h"

#include <stdio.h>

/* The configuration of the demo: sinks that deliver everything. */
void demo_config(struct buf *out, const char *database, const char *templates, const char *recipes,
                 int port);
enum { DEMO_PEOPLE_MAX = 16 };

size_t demo_person_count(void);
/* Of the person and of their certificate alike. */
const char *demo_person_ref(size_t person);
const char *demo_person_name(size_t person);
size_t demo_post_count(void);
/* A complete header line. */
const char *demo_content_type(size_t post);
/* The body of one request; ends are counted from now. */
void demo_body(struct buf *out, size_t post, int64_t now_ms);
/* A line for a shell that posts one more fact. */
void demo_curl_line(FILE *out, const char *url, const char *key, int64_t now_ms);
