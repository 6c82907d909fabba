/* Where rows and their fields stand: each format of an answer has its own way of writing that. */
#include "providers/recipe/parts.h"
#include "providers/recipe/xml.h"

#include <stdio.h>

struct checking {
    struct faults *faults;
    const char *pointer; /* of what holds "rows" and "row" */
    enum recipe_rows_format format;
};

/* Only a warning: sending needs none of these places. */
static void warn(const struct checking *c, const char *key, const char *tr, const char *en)
{
    char pointer[FAULT_POINTER_MAX];

    (void)snprintf(pointer, sizeof pointer, "%s/%s", c->pointer, key);
    fault_warning(c->faults,
                  faults_add(c->faults, pointer, "RCP-012", "%1$s%2$.0s", "%1$.0s%2$s", tr, en));
}

/* Elements can be rows; an attribute or the text of an element cannot. */
static bool is_element_path(const char *path)
{
    return xml_path_valid(path) && strchr(path, '@') == NULL && strcmp(path, ".") != 0 &&
           strcmp(path, "/.") != 0;
}

static void check_place(const struct checking *c, const char *key, const char *place)
{
    if (c->format == ROWS_LINES || c->format == ROWS_KV) {
        warn(c, key, "bu biçimde yer aranmaz: yanıt satır satır ya da bütün olarak okunur",
             "no place is looked for in this format: it is read line by line, or as a whole");
    } else if (c->format == ROWS_JSON && place[0] != '/') {
        warn(c, key, "burada hiçbir şey bulunmaz: JSON yolu \"/\" ile başlar",
             "nothing is found here: a JSON pointer begins with \"/\"");
    } else if (c->format == ROWS_XML && !is_element_path(place)) {
        warn(c, key, "burada hiçbir satır bulunmaz: \"/a/b\" gibi bir öğe yolu gerekir",
             "no row is found here: a path of elements is needed, like \"/a/b\"");
    }
}

static void check_places(const struct checking *c, const struct option_strings *places)
{
    for (size_t i = 0; i < places->count; i++) {
        char key[32];

        (void)snprintf(key, sizeof key, "rows/%zu", i);
        check_place(c, key, places->items[i]);
    }
}

/* A member of JSON needs no pointer, and a pushed one may stand in the address instead. */
static void check_field(const struct checking *c, const char *key, const char *field)
{
    int64_t column;

    if (field == NULL) {
        return;
    }
    if (c->format == ROWS_XML && !xml_path_valid(field)) {
        warn(c, key, "burada hiçbir şey bulunmaz: \"a\", \"a/b\", \"@a\" ya da \".\" gerekir",
             "nothing is found here: \"a\", \"a/b\", \"@a\" or \".\" is needed");
    } else if (c->format == ROWS_LINES && (str_i64(str_of(field), &column) != 0 || column < 1)) {
        warn(c, key, "burada hiçbir şey bulunmaz: sütunun numarası gerekir, ilki 1",
             "nothing is found here: the number of a column is needed, the first is 1");
    }
}

static void check_fields(const struct checking *c, const struct recipe_row *row)
{
    check_field(c, "row/ref", row->ref);
    check_field(c, "row/id", row->id);
    check_field(c, "row/to", row->to);
    check_field(c, "row/state", row->state);
    check_field(c, "row/detail", row->detail);
    check_field(c, "row/at", row->at);
    check_field(c, "row/only", row->only);
}

static void check_rows(struct faults *faults, const char *pointer, const struct recipe_rows *rows)
{
    const struct checking c = {faults, pointer, (enum recipe_rows_format)rows->format};

    check_places(&c, &rows->places);
    check_fields(&c, &rows->row);
}

/* Parameters have names, which are free; only a body of JSON has a place for rows. */
static void check_hook(struct faults *faults, const struct recipe_hook *hook)
{
    const bool json = hook->format == HOOK_JSON || hook->format == HOOK_ANY;
    const struct checking c = {faults, "/reports/hook", json ? ROWS_JSON : ROWS_KV};

    if (hook->rows != NULL) {
        check_place(&c, "rows", hook->rows);
    }
}

/* The titles of lines are the lines. */
static void check_senders(struct faults *faults, const struct recipe_senders *senders)
{
    const struct checking c = {faults, "/senders", (enum recipe_rows_format)senders->format};

    check_places(&c, &senders->places);
    if (senders->item != NULL && c.format == ROWS_XML) {
        check_field(&c, "item", senders->item);
    } else if (senders->item != NULL) {
        check_place(&c, "item", senders->item);
    }
}

void recipe_check_rows(const struct recipe *r, struct faults *faults)
{
    const struct checking poll = {faults, "/reports/poll",
                                  (enum recipe_rows_format)r->poll.rows.format};

    check_rows(faults, "/reports/poll", &r->poll.rows);
    check_field(&poll, "after", r->poll.after);
    check_hook(faults, &r->hook);
    check_rows(faults, "/recover", &r->recover.rows);
    check_senders(faults, &r->senders);
}
