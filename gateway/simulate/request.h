/*
 * A vendor's request, whatever its format, as one JSON value that descriptions point into:
 *   /method, /path/NAME, /query/NAME, /auth/user, /auth/password (HTTP Basic), /type and
 *   /body: the JSON itself; a form's fields; XML as simulate/xml.h writes it.
 */
#pragma once

#include "base/err.h"
#include "base/json.h"

enum sim_body { SIM_BODY_NONE, SIM_BODY_JSON, SIM_BODY_FORM, SIM_BODY_XML };
enum sim_charset { SIM_UTF8, SIM_LATIN5 };

enum { SIM_FIELDS_MAX = 64 };

struct sim_raw_request {
    const char *method;
    struct str path;
    const char *pattern; /* "/a/{name}/b" that path fits, or null */
    struct str query;    /* without "?" */
    struct str content_type;
    struct str authorization;
    struct str body;
    enum sim_body form; /* how to read the body */
    enum sim_charset charset;
};

/* Whether path fits the pattern, in which {name} stands for anything but "/". */
bool sim_path_fits(const char *pattern, struct str path);
/*
 * ERR_INVALID with a sentence when the body is not what it should be, ERR_LIMIT, ERR_NOMEM. Free
 * with json_free(). Any thread.
 */
int sim_request_read(const struct sim_raw_request *raw, struct json_doc **ret, struct err *e);
