#include "base/err.h"
#include "text/outline.h"
#include "text/render_set.h"
#include "text/render_values.h"

enum { ROOT_COUNT = TEXT_NAME_COUNT - NAME_DAYS_LEFT + VALUES_MAPS };

/* The members of the root: the names outside of maps, and the maps after them. */
static struct template_value root_of(const struct render_values *v)
{
    return (struct template_value){
        .kind = TEMPLATE_MAP, .items = &v->leaf[NAME_DAYS_LEFT], .count = ROOT_COUNT};
}

static enum set_kind kind_of(enum channel channel)
{
    return channel == CHANNEL_SMS ? SET_SMS : SET_MAIL;
}

bool message_set_has(const struct message_set *set, enum lang lang, enum channel channel,
                     struct str name)
{
    return set_find(set, lang, kind_of(channel), false, name) != NULL;
}

int message_set_lang(const struct message_set *set, enum lang lang, enum channel channel,
                     struct str name, enum lang *ret)
{
    *ret = message_set_has(set, lang, channel, name) ? lang : LANG_TR;
    return message_set_has(set, *ret, channel, name) ? 0 : ERR_NOT_FOUND;
}

void message_set_each(const struct message_set *set,
                      void (*fn)(void *ctx, enum lang lang, enum channel channel, const char *name),
                      void *ctx)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct set_entry *e = &set->list[i];
        if (!e->partial && (e->kind == SET_SMS || e->kind == SET_MAIL))
            fn(ctx, e->lang, e->kind == SET_SMS ? CHANNEL_SMS : CHANNEL_EMAIL, e->name);
    }
}

static int missing(struct err *e, struct str name, enum lang lang, const char *kind)
{
    return err_set(e, ERR_NOT_FOUND, "there is no %s template \"%.*s\" in language %s", kind,
                   (int)(name.len < 60 ? name.len : 60), name.ptr, lang_name(lang));
}

static int render(const struct message_set *set, const struct set_entry *entry,
                  const struct template *t, const struct template_value *root, struct buf *out,
                  struct err *e)
{
    struct set_view view = {set, entry->lang, entry->kind};
    struct template_partials partials = set_partials(&view);
    int rc = template_render(t, root, &partials, out);
    return rc == 0 ? 0 : err_set(e, rc, "template %s: the result is too long", entry->path);
}

int render_sms(const struct message_set *set, struct str name, const struct render_values *values,
               struct buf *out, struct err *e)
{
    const struct set_entry *entry = set_find(set, values->lang, SET_SMS, false, name);
    if (entry == NULL)
        return missing(e, name, values->lang, "SMS");
    struct template_value root = root_of(values);
    return render(set, entry, entry->body, &root, out, e);
}

void render_mail_init(struct render_mail *m)
{
    buf_init(&m->subject, RENDER_MAIL_MAX);
    buf_init(&m->text, RENDER_MAIL_MAX);
    buf_init(&m->html, RENDER_MAIL_MAX);
    buf_init(&m->body, RENDER_MAIL_MAX);
    buf_init(&m->outline, RENDER_MAIL_MAX);
}

void render_mail_finish(struct render_mail *m)
{
    buf_finish(&m->subject);
    buf_finish(&m->text);
    buf_finish(&m->html);
    buf_finish(&m->body);
    buf_finish(&m->outline);
}

static void reset(struct render_mail *m)
{
    buf_reset(&m->subject);
    buf_reset(&m->text);
    buf_reset(&m->html);
    buf_reset(&m->body);
    buf_reset(&m->outline);
}

static struct str content(const struct buf *b)
{
    return (struct str){buf_cstr(b), b->len};
}

/* The values of a mail with what only its layout sees. */
struct layout_values {
    struct template_value items[ROOT_COUNT];
    struct template_value members[TEXT_NAME_COUNT - MESSAGE_NAME_COUNT];
    struct template_value root;
};

static void fill_layout(struct layout_values *l, const struct render_values *v,
                        const struct set_entry *entry)
{
    memcpy(l->items, &v->leaf[NAME_DAYS_LEFT], sizeof(l->items));
    memcpy(l->members, &v->leaf[MESSAGE_NAME_COUNT], sizeof(l->members));
    l->members[NAME_LAYOUT_BOX - MESSAGE_NAME_COUNT].flag = entry->box;
    l->items[ROOT_COUNT - 1].items = l->members;
    l->root = (struct template_value){.kind = TEMPLATE_MAP, .items = l->items, .count = ROOT_COUNT};
}

static void set_member(struct layout_values *l, enum text_name name, struct str text)
{
    l->members[name - MESSAGE_NAME_COUNT].text = text;
}

static int render_layout(const struct message_set *set, enum lang lang, enum set_kind kind,
                         const struct layout_values *l, struct buf *out, struct err *e)
{
    const struct set_entry *entry = set_find(set, lang, kind, true, STR("layout"));
    if (entry == NULL)
        return missing(e, STR("_layout"), lang, "layout");
    return render(set, entry, entry->body, &l->root, out, e);
}

/* Both parts are made from the same rendered words: m->body. */
static int render_parts(const struct message_set *set, enum lang lang, struct layout_values *l,
                        struct render_mail *m, struct err *e)
{
    char room[512];
    struct buf preheader = {.data = room, .cap = sizeof(room), .max = sizeof(room) - 1};
    room[0] = '\0';
    (void)outline_preheader(content(&m->body), &preheader);
    set_member(l, NAME_LAYOUT_PREHEADER, content(&preheader));
    set_member(l, NAME_LAYOUT_SUBJECT, content(&m->subject));
    set_member(l, NAME_LAYOUT_BODY, content(&m->body));
    int rc = render_layout(set, lang, SET_TEXT_LAYOUT, l, &m->text, e);
    if (rc != 0)
        return rc;
    if (outline_html(content(&m->body), &m->outline) != 0)
        return err_set(e, buf_failed(&m->outline), "the HTML of a mail is too long");
    set_member(l, NAME_LAYOUT_BODY, content(&m->outline));
    return render_layout(set, lang, SET_HTML_LAYOUT, l, &m->html, e);
}

int render_mail(const struct message_set *set, struct str name, const struct render_values *values,
                struct render_mail *ret, struct err *e)
{
    const struct set_entry *entry = set_find(set, values->lang, SET_MAIL, false, name);
    struct template_value root = root_of(values);
    struct layout_values l;
    reset(ret);
    if (entry == NULL)
        return missing(e, name, values->lang, "mail");
    int rc = render(set, entry, entry->subject, &root, &ret->subject, e);
    if (rc == 0)
        rc = render(set, entry, entry->body, &root, &ret->body, e);
    if (rc != 0)
        return rc;
    fill_layout(&l, values, entry);
    return render_parts(set, values->lang, &l, ret, e);
}

/* domain: which text a mark uses; marks descending, the last row for every smaller mark. */
static const struct {
    int mark;
    const char *a;
    const char *e;
    const char *n;
} series_table[] = {
    {90, "a90", "e1", "n1"}, {60, "a60", "e1", "n1"}, {30, "a30", "e1", "n1"},
    {15, "a15", "e2", "n2"}, {7, "a7", "e2", "n2"},   {3, "a3", "e3", "n2"},
    {1, "a1", "e3", "n2"},
};

const char *render_template_for(enum case_series series, int mark, enum channel channel)
{
    size_t last = sizeof(series_table) / sizeof(series_table[0]) - 1;
    size_t i = 0;
    if (mark < 0)
        return "x";
    while (i < last && mark < series_table[i].mark)
        i++;
    if (series == SERIES_A)
        return series_table[i].a;
    if (series == SERIES_E)
        return series_table[i].e;
    return channel == CHANNEL_SMS ? series_table[i].n : "n";
}

const char *render_template_of_notice(enum case_notice notice)
{
    switch (notice) {
    case NOTICE_BLOCKED:
        return "b";
    case NOTICE_SUBMITTED:
        return "s";
    case NOTICE_DELIVERED:
        return "t";
    case NOTICE_EXPIRED:
        return "x";
    default:
        return NULL;
    }
}
