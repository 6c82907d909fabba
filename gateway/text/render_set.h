/* The inside of struct message_set; shared by the loader, the renderer and the checker only. */
#pragma once

#include "text/render.h"

enum set_kind { SET_SMS, SET_MAIL, SET_TEXT_LAYOUT, SET_HTML_LAYOUT };

/* One file. */
struct set_entry {
    enum lang lang;
    enum set_kind kind;
    bool partial; /* its file name began with "_" */
    char name[RENDER_TEMPLATE_NAME_MAX];
    char *path;
    char *source; /* the whole file */
    bool has_subject;
    struct template *subject; /* MAIL that is no partial */
    struct template *body;
    bool box;
    int segments; /* SMS: how many it says it needs, 1 when it says nothing */
};

struct message_set {
    struct set_entry *list; /* sorted by language, kind, partial, name */
    size_t count;
};

/* What a search for partials of one language and kind needs to know. */
struct set_view {
    const struct message_set *set;
    enum lang lang;
    enum set_kind kind;
};

const struct set_entry *set_find(const struct message_set *set, enum lang lang, enum set_kind kind,
                                 bool partial, struct str name);
/* view must outlive the result. */
struct template_partials set_partials(struct set_view *view);
