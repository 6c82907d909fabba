#include "text/render_set.h"

#include "base/err.h"
#include "base/utf8.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { SET_FILES_MAX = 512, PATH_BYTES = 512 };

struct loader {
    struct message_set *set;
    size_t cap;
    const char *dir;
    enum lang lang;
    struct faults *faults;
    int rc;
};

static const struct {
    const char *suffix;
    enum set_kind kind;
} kinds[] = {
    {".sms", SET_SMS}, {".mail", SET_MAIL}, {".text", SET_TEXT_LAYOUT}, {".html", SET_HTML_LAYOUT}};

static void place(struct fault *f, const char *path, int line)
{
    if (f == NULL)
        return;
    (void)str_copy(f->file, sizeof(f->file), str_of(path));
    f->line = line;
    f->column = line > 0 ? 1 : 0;
}

static int compare(const struct set_entry *a, enum lang lang, enum set_kind kind, bool partial,
                   struct str name)
{
    if (a->lang != lang)
        return a->lang < lang ? -1 : 1;
    if (a->kind != kind)
        return a->kind < kind ? -1 : 1;
    if (a->partial != partial)
        return a->partial ? 1 : -1;
    int order = strncmp(a->name, name.ptr, name.len);
    return order != 0 ? order : a->name[name.len] != '\0';
}

static int compare_entries(const void *a, const void *b)
{
    const struct set_entry *y = b;
    return compare(a, y->lang, y->kind, y->partial, str_of(y->name));
}

const struct set_entry *set_find(const struct message_set *set, enum lang lang, enum set_kind kind,
                                 bool partial, struct str name)
{
    size_t low = 0;
    size_t high = set->count;
    if (name.len == 0 || name.len >= RENDER_TEMPLATE_NAME_MAX)
        return NULL;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare(&set->list[mid], lang, kind, partial, name);
        if (order == 0)
            return &set->list[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

static const struct template *find_partial(void *ctx, struct str name)
{
    const struct set_view *view = ctx;
    const struct set_entry *e = set_find(view->set, view->lang, view->kind, true, name);
    return e == NULL ? NULL : e->body;
}

struct template_partials set_partials(struct set_view *view)
{
    return (struct template_partials){find_partial, view};
}

static char *read_file(struct loader *l, const char *path, size_t *ret_len)
{
    FILE *in = fopen(path, "rbe");
    char *text = in == NULL ? NULL : malloc(TEMPLATE_SOURCE_MAX + 2);
    if (text != NULL) {
        *ret_len = fread(text, 1, TEMPLATE_SOURCE_MAX + 1, in);
        text[*ret_len] = '\0';
    } else {
        place(faults_add(l->faults, "", "TPL-010", "okunamadı: %s", "cannot be read: %s",
                         strerror(errno)),
              path, 0);
    }
    if (in != NULL)
        (void)fclose(in);
    return text;
}

/* A front line of a mail: "Konu: …". Returns its key and value. */
static bool front_line(struct str line, struct str *ret_key, struct str *ret_value)
{
    const char *colon = line.len == 0 ? NULL : memchr(line.ptr, ':', line.len);
    if (colon == NULL)
        return false;
    size_t n = (size_t)(colon - line.ptr);
    *ret_key = (struct str){line.ptr, n};
    *ret_value = str_trim((struct str){colon + 1, line.len - n - 1});
    return true;
}

static void take_subject(struct loader *l, struct set_entry *e, struct str line, struct str value,
                         int number)
{
    struct template_origin origin = {e->path, number, (int)(value.ptr - line.ptr) + 1};
    template_free(e->subject);
    e->has_subject = true;
    if (template_parse(value, &origin, TEMPLATE_PLAIN, &e->subject, l->faults) == ERR_NOMEM)
        l->rc = ERR_NOMEM;
}

static void take_front(struct loader *l, struct set_entry *e, struct str line, int number)
{
    struct str key = {0};
    struct str value = {0};
    bool known = false;
    if (front_line(line, &key, &value)) {
        known = true;
        if (str_eqs(key, "Konu") || str_eqs(key, "Subject"))
            take_subject(l, e, line, value, number);
        else if (str_eqs(key, "Kutu") || str_eqs(key, "Box"))
            e->box = str_eqs(value, "evet") || str_eqs(value, "yes");
        else
            known = false;
    }
    if (!known)
        place(faults_add(l->faults, "", "TPL-011",
                         "ön satır anlaşılmadı: \"%.*s\"; beklenen: Konu, Kutu, sonra boş satır",
                         "no front line: \"%.*s\"; expected Subject, Box, then a blank line",
                         (int)(line.len > 40 ? 40 : line.len), line.ptr),
              e->path, number);
}

/* Reads the front lines; returns what follows the blank line. */
static struct str read_front(struct loader *l, struct set_entry *e, struct str text, int *ret_line)
{
    int number = 1;
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t n = end == NULL ? text.len : (size_t)(end - text.ptr);
        struct str line = str_trim((struct str){text.ptr, n});
        n = end == NULL ? n : n + 1;
        text = (struct str){text.ptr + n, text.len - n};
        if (line.len == 0)
            break;
        take_front(l, e, line, number++);
    }
    *ret_line = number + 1;
    if (!e->has_subject)
        place(
            faults_add(l->faults, "", "TPL-011", "Konu satırı yok", "the Subject line is missing"),
            e->path, 1);
    return text;
}

/* "{{! parça: 2 }}" or "{{! segments: 2 }}" at the start of an SMS. */
static int declared_segments(struct str text)
{
    static const char *const leads[] = {"{{! parça: ", "{{! segments: "};
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(leads[i]);
        if (str_starts(text, leads[i]) && text.len > n && text.ptr[n] >= '1' && text.ptr[n] <= '9')
            return text.ptr[n] - '0';
    }
    return 1;
}

static void parse_entry(struct loader *l, struct set_entry *e, struct str text)
{
    int line = 1;
    if (!utf8_valid(text) || memchr(text.ptr, 0, text.len) != NULL) {
        place(faults_add(l->faults, "", "TPL-012", "dosya geçerli UTF-8 değil",
                         "the file is not valid UTF-8"),
              e->path, 0);
        return;
    }
    e->segments = e->kind == SET_SMS ? declared_segments(text) : 1;
    if (e->kind == SET_MAIL && !e->partial)
        text = read_front(l, e, text, &line);
    if (e->kind == SET_SMS) {
        while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
            text.len--;
    }
    struct template_origin origin = {e->path, line, 1};
    int rc =
        template_parse(text, &origin, e->kind == SET_HTML_LAYOUT ? TEMPLATE_HTML : TEMPLATE_PLAIN,
                       &e->body, l->faults);
    if (rc == ERR_NOMEM)
        l->rc = rc;
}

static struct set_entry *add_entry(struct loader *l)
{
    struct message_set *set = l->set;
    if (set->count == SET_FILES_MAX) {
        l->rc = ERR_LIMIT;
        return NULL;
    }
    if (set->count == l->cap) {
        size_t cap = l->cap == 0 ? 64 : l->cap * 2;
        struct set_entry *list = realloc(set->list, cap * sizeof(*list));
        if (list == NULL) {
            l->rc = ERR_NOMEM;
            return NULL;
        }
        set->list = list;
        l->cap = cap;
    }
    struct set_entry *e = &set->list[set->count++];
    *e = (struct set_entry){.lang = l->lang};
    return e;
}

static void load_file(struct loader *l, const char *file, struct str stem, enum set_kind kind)
{
    char path[PATH_BYTES];
    size_t len = 0;
    int n = snprintf(path, sizeof(path), "%s/%s/%s", l->dir, lang_name(l->lang), file);
    if (n < 0 || (size_t)n >= sizeof(path))
        return;
    char *source = read_file(l, path, &len);
    struct set_entry *e = source == NULL ? NULL : add_entry(l);
    if (e == NULL) {
        free(source);
        return;
    }
    e->kind = kind;
    e->source = source;
    e->path = str_dup(str_of(path));
    e->partial = stem.ptr[0] == '_';
    if (e->partial)
        stem = (struct str){stem.ptr + 1, stem.len - 1};
    if (e->path == NULL)
        l->rc = ERR_NOMEM;
    else if (str_copy(e->name, sizeof(e->name), stem) != 0)
        place(
            faults_add(l->faults, "", "TPL-013", "dosya adı çok uzun", "the file name is too long"),
            e->path, 0);
    else
        parse_entry(l, e, (struct str){source, len});
}

/* Files of other kinds (backups of editors, notes) are left alone. */
static void load_name(struct loader *l, const char *file)
{
    struct str name = str_of(file);
    if (file[0] == '.')
        return;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t n = strlen(kinds[i].suffix);
        if (name.len > n && strcmp(file + name.len - n, kinds[i].suffix) == 0)
            load_file(l, file, (struct str){file, name.len - n}, kinds[i].kind);
    }
}

static void load_lang(struct loader *l)
{
    char path[PATH_BYTES];
    int n = snprintf(path, sizeof(path), "%s/%s", l->dir, lang_name(l->lang));
    if (n < 0 || (size_t)n >= sizeof(path))
        return;
    DIR *dir = opendir(path);
    if (dir == NULL) {
        if (l->lang == LANG_TR)
            place(faults_add(l->faults, "", "TPL-010", "şablon klasörü açılamadı: %s",
                             "the folder of templates cannot be opened: %s", strerror(errno)),
                  path, 0);
        return;
    }
    for (struct dirent *d; l->rc == 0 && (d = readdir(dir)) != NULL;)
        load_name(l, d->d_name);
    (void)closedir(dir);
}

static void check_entry(const struct message_set *set, const struct set_entry *e,
                        const struct template_name *names, struct faults *faults)
{
    struct set_view view = {set, e->lang, e->kind};
    struct template_partials partials = set_partials(&view);
    bool layout = e->kind == SET_TEXT_LAYOUT || e->kind == SET_HTML_LAYOUT;
    size_t count = layout ? TEXT_NAME_COUNT : MESSAGE_NAME_COUNT;
    if (e->body == NULL || (e->partial && !layout))
        return; /* partials are checked where they are used: their sections decide what is known */
    template_check(e->body, names, count, &partials, faults);
    if (e->subject != NULL)
        template_check(e->subject, names, count, &partials, faults);
}

static void check_layouts(struct loader *l, enum lang lang)
{
    static const char *const files[] = {"_layout.text", "_layout.html"};
    bool mails = false;
    for (size_t i = 0; i < l->set->count; i++)
        mails |= l->set->list[i].lang == lang && l->set->list[i].kind == SET_MAIL;
    for (int i = 0; mails && i < 2; i++) {
        enum set_kind kind = i == 0 ? SET_TEXT_LAYOUT : SET_HTML_LAYOUT;
        if (set_find(l->set, lang, kind, true, STR("layout")) != NULL)
            continue;
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof(path), "%s/%s/%s", l->dir, lang_name(lang), files[i]);
        place(faults_add(l->faults, "", "TPL-014", "dosya eksik", "the file is missing"), path, 0);
    }
}

static void check_set(struct loader *l)
{
    struct template_name names[TEXT_NAME_COUNT];
    text_template_names(names);
    for (size_t i = 0; i < l->set->count; i++)
        check_entry(l->set, &l->set->list[i], names, l->faults);
    check_layouts(l, LANG_TR);
    check_layouts(l, LANG_EN);
}

int message_set_load(const char *dir, struct message_set **ret, struct faults *faults)
{
    size_t before = faults->errors;
    *ret = NULL;
    struct loader l = {.dir = dir, .faults = faults, .set = calloc(1, sizeof(struct message_set))};
    if (l.set == NULL)
        return ERR_NOMEM;
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        l.lang = (enum lang)lang;
        load_lang(&l);
    }
    if (l.set->count > 0)
        qsort(l.set->list, l.set->count, sizeof(*l.set->list), compare_entries);
    check_set(&l);
    if (l.rc == 0 && faults->errors > before)
        l.rc = ERR_INVALID;
    if (l.rc != 0) {
        message_set_free(l.set);
        return l.rc;
    }
    *ret = l.set;
    return 0;
}

void message_set_free(struct message_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->count; i++) {
        template_free(set->list[i].subject);
        template_free(set->list[i].body);
        free(set->list[i].path);
        free(set->list[i].source);
    }
    free(set->list);
    free(set);
}
