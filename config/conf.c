#include "config/conf_tables.h"

#include "domain/email.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct json_limits conf_json_limits = {CONF_BYTES_MAX, 32, 256};

static char *directory_of(const char *name)
{
    const char *slash = strrchr(name, '/');

    if (slash == NULL) {
        return str_dup(STR("."));
    }
    return str_dup((struct str){name, slash == name ? 1 : (size_t)(slash - name)});
}

/* "<dir>/<name>" when it is there, else the installed one when that is there, else null. */
static char *find_default(const char *dir, const char *name, bool must_have)
{
    const char *dirs[] = {dir, "/usr/share/hatirlat"};
    char path[4096];

    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dirs[i], name);
        if (access(path, F_OK) == 0) {
            return str_dup(str_of(path));
        }
    }
    return must_have ? str_dup(str_of(path)) : NULL;
}

static void check_path(struct conf_reading *r, const char *path, const char *pointer,
                       bool directory)
{
    struct stat st;

    if (path == NULL) {
        return;
    }
    if (stat(path, &st) != 0) {
        (void)faults_add(r->faults, pointer, "CFG-213", "yok ya da okunamıyor: %s",
                         "does not exist or cannot be read: %s", path);
    } else if (directory != (S_ISDIR(st.st_mode) != 0)) {
        (void)faults_add(r->faults, pointer, "CFG-213",
                         directory ? "dizin değil: %s" : "dosya değil: %s",
                         directory ? "not a directory: %s" : "not a file: %s", path);
    }
}

/* Beside the database, where only the service may write. */
static void fill_socket(struct conf *c)
{
    struct buf path;

    if (c->listen.socket != NULL || c->database != NULL) {
        buf_init(&path, 4096);
        (void)buf_addf(&path, "%s%s", c->listen.socket != NULL ? c->listen.socket : c->database,
                       c->listen.socket != NULL ? "" : ".sock");
        c->listen.socket_path = buf_steal(&path, NULL);
        buf_finish(&path);
    }
}

static void fill_paths(struct conf_reading *r)
{
    struct conf *c = &r->draft->conf;

    fill_socket(c);
    check_path(r, c->templates, "/templates", true);
    check_path(r, c->recipes, "/recipes", true);
    check_path(r, c->holidays, "/holidays", false);
    c->templates = c->templates != NULL ? c->templates : find_default(c->dir, "templates", true);
    c->recipes = c->recipes != NULL ? c->recipes : find_default(c->dir, "recipes", true);
    c->holidays =
        c->holidays != NULL ? c->holidays : find_default(c->dir, "holidays-tr.json", false);
}

static void fill_office(struct conf_reading *r)
{
    struct conf_office *o = &r->draft->conf.office;
    struct buf name;

    if (o->name == NULL && o->province != NULL) {
        buf_init(&name, 1024);
        (void)buf_addf(&name, "%s İl Millî Eğitim Müdürlüğü", o->province);
        o->name = buf_steal(&name, NULL);
        buf_finish(&name);
    }
}

void conf_fill_mailbox(struct conf_reading *r, char **mailbox, const char *pointer)
{
    struct email email;

    if (*mailbox == NULL) {
        return;
    }
    if (email_parse(str_of(*mailbox), &email) != EMAIL_OK) {
        (void)faults_add(r->faults, pointer, "CFG-215", "%1$s%2$.0s", "%1$.0s%2$s",
                         email_reason_sentence(email.reason, true),
                         email_reason_sentence(email.reason, false));
        return;
    }
    free(*mailbox);
    *mailbox = str_dup(str_of(email.address));
}

void conf_need_sender(struct conf_reading *r, const char *pointer)
{
    if (r->draft->conf.mail.from == NULL) {
        (void)faults_add(r->faults, pointer, "CFG-103",
                         "\"mail.from\" eksik; e-postanın göndereni gerekir",
                         "\"mail.from\" is missing; e-mail needs the address it comes from");
    }
}

static void fill_mail(struct conf_reading *r)
{
    struct conf *c = &r->draft->conf;

    conf_fill_mailbox(r, &c->mail.from, "/mail/from");
    conf_fill_mailbox(r, &c->mail.reply_to, "/mail/reply_to");
    conf_fill_bounces(r);
    if (c->mail.from_name == NULL && c->office.name != NULL) {
        c->mail.from_name = str_dup(str_of(c->office.name));
    }
    if (r->draft->routes[CHANNEL_EMAIL].count > 0) {
        conf_need_sender(r, "/routes/email");
    }
}

static void check_digest_kind(struct conf_reading *r, struct str kind, const char *pointer)
{
    const struct conf *c = &r->draft->conf;

    if (!str_eqs(kind, "k1") && !str_eqs(kind, "k2") && !str_eqs(kind, "bi")) {
        (void)faults_add(r->faults, pointer, "CFG-105", "özet türü \"k1\", \"k2\" ya da \"bi\"",
                         "a digest is \"k1\", \"k2\" or \"bi\"");
    } else if (r->draft->routes[CHANNEL_EMAIL].count == 0) {
        (void)faults_add(r->faults, pointer, "CFG-103",
                         "özetler e-posta ile gider; \"routes.email\" boş",
                         "digests go by e-mail; \"routes.email\" is empty");
    } else if (str_eqs(kind, "bi") && c->digests.to == NULL && c->mail.reply_to == NULL) {
        (void)faults_add(r->faults, pointer, "CFG-103",
                         "\"bi\" için \"digests.to\" ya da \"mail.reply_to\" gerekir",
                         "\"bi\" needs \"digests.to\" or \"mail.reply_to\"");
    }
}

static void check_digests(struct conf_reading *r)
{
    struct conf_digests *d = &r->draft->conf.digests;
    char pointer[48];

    conf_fill_mailbox(r, &d->to, "/digests/to");
    for (size_t i = 0; i < d->kinds.count; i++) {
        (void)snprintf(pointer, sizeof pointer, "/digests/kinds/%zu", i);
        check_digest_kind(r, str_of(d->kinds.items[i]), pointer);
    }
}

enum { IDENTITY_KEY_MIN = 32 };

/* A key that can be guessed gives the numbers back: there are few of them. */
static void check_intake(struct conf_reading *r)
{
    const struct conf_intake *in = &r->draft->conf.intake;
    const char *key = in->identity_key.value;

    if (in->identity_numbers != CONF_IDENTITY_HMAC || conf_is_faulty(r, "/intake")) {
        return;
    }
    if (in->identity_key.origin == NULL) {
        (void)faults_add(r->faults, "/intake/identity_numbers", "CFG-104",
                         "\"hmac\" için \"identity_key\" gerekir",
                         "\"hmac\" needs an \"identity_key\"");
    } else if (key != NULL && strlen(key) < IDENTITY_KEY_MIN) {
        (void)faults_add(r->faults, "/intake/identity_key", "CFG-105",
                         "anahtar en az %d karakter olmalı", "the key needs at least %d characters",
                         IDENTITY_KEY_MIN);
    }
}

bool conf_split_address(const char *text, char **ret_host, int *ret_port)
{
    const char *colon = strrchr(text, ':');
    struct str host;
    int64_t port;

    if (colon == NULL || colon[1] == '\0' || !ascii_digit(colon[1]) ||
        str_i64(str_of(colon + 1), &port) != 0 || port > 65535) {
        return false;
    }
    host = (struct str){text, (size_t)(colon - text)};
    if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
        host = (struct str){host.ptr + 1, host.len - 2};
    } else if (host.len == 0 || memchr(host.ptr, ':', host.len) != NULL) {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        if (!ascii_alnum(host.ptr[i]) && strchr(".:-%", host.ptr[i]) == NULL) {
            return false;
        }
    }
    *ret_port = (int)port;
    *ret_host = str_dup(host);
    return *ret_host != NULL;
}

static void fill_listen(struct conf_reading *r)
{
    struct conf_listen *l = &r->draft->conf.listen;
    char quoted[OPTION_QUOTE_MAX + 4];
    size_t n;

    if (l->http != NULL && !conf_split_address(l->http, &l->host, &l->port)) {
        option_quote(str_of(l->http), quoted);
        (void)faults_add(r->faults, "/listen/http", "CFG-104",
                         "adres biçimi yanlış: \"%s\"; beklenen \"127.0.0.1:8080\" gibi",
                         "malformed address: \"%s\"; expected such as \"127.0.0.1:8080\"", quoted);
    }
    n = l->public_url == NULL ? 0 : strlen(l->public_url);
    if (n > 0 && l->public_url[n - 1] == '/') {
        l->public_url[n - 1] = '\0';
    }
}

bool conf_is_faulty(const struct conf_reading *r, const char *pointer)
{
    size_t n = strlen(pointer);

    for (size_t i = 0; i < r->faults->count; i++) {
        const struct fault *f = &r->faults->list[i];

        if (strncmp(f->pointer, pointer, n) == 0 && strcmp(f->code, "CFG-020") != 0) {
            return true;
        }
    }
    return false;
}

static void fill_window(struct conf_reading *r, const struct json *root)
{
    struct conf *c = &r->draft->conf;

    c->has_window = json_get(root, "send_window") != NULL;
    conf_take_window(r, &r->draft->window, json_get(root, "send_window"), "/send_window",
                     &c->window);
}

static void check_order(struct conf_reading *r, const char *section, const char *pointer,
                        int64_t low, int64_t high, const char *low_key, const char *high_key)
{
    if (low > high && !conf_is_faulty(r, section)) {
        (void)faults_add(r->faults, pointer, "CFG-212", "\"%s\" \"%s\" değerinden büyük olamaz",
                         "\"%s\" must not be above \"%s\"", low_key, high_key);
    }
}

static void check_pairs(struct conf_reading *r)
{
    const struct conf *c = &r->draft->conf;

    for (size_t i = 0; i < CHANNEL_COUNT; i++) {
        char pointer[64];

        (void)snprintf(pointer, sizeof pointer, "/retry/%s/base", channel_name((enum channel)i));
        check_order(r, "/retry", pointer, c->retry[i].backoff.base_ms, c->retry[i].backoff.cap_ms,
                    "base", "cap");
    }
    check_order(r, "/limits", "/limits/connections_per_address", c->limits.connections_per_address,
                c->limits.connections, "connections_per_address", "connections");
    check_order(r, "/limits", "/limits/body_bytes", c->limits.body_bytes, c->limits.bulk_body_bytes,
                "body_bytes", "bulk_body_bytes");
}

/* A service that reaches people keeps the night. */
static void warn_of_trial(struct conf_reading *r)
{
    const struct conf *c = &r->draft->conf;

    for (size_t i = 0; c->trial && i < c->provider_count; i++) {
        if (c->providers[i].kind != NULL && strcmp(c->providers[i].kind, "sink") != 0) {
            fault_warning(r->faults,
                          faults_add(r->faults, "/trial", "CFG-304",
                                     "deneme ayarı açık: gece de gönderilir; gerçek kişilere "
                                     "gönderen bir hizmette kaldırın",
                                     "this is for trials: it sends at night too; remove it where "
                                     "real people are reached"));
            return;
        }
    }
}

static bool read_all(struct conf_reading *r)
{
    const struct json *root = json_root(r->draft->conf.doc);

    option_read_from(&r->source, conf_root_table, root, "", r->draft, r->faults);
    fill_office(r);
    fill_mail(r);
    fill_listen(r);
    check_intake(r);
    check_digests(r);
    fill_window(r, root);
    fill_paths(r);
    check_pairs(r);
    if (!conf_read_providers(r)) {
        return false;
    }
    conf_read_routes(r);
    warn_of_trial(r);
    return conf_read_campaigns(r);
}

static void syntax_fault(const char *name, const struct json_place *place, struct faults *faults)
{
    struct fault *f = faults_add(faults, "", "CFG-001", "%1$s%2$.0s", "%1$.0s%2$s",
                                 json_problem_text(place->problem, true),
                                 json_problem_text(place->problem, false));

    if (f != NULL) {
        (void)snprintf(f->file, sizeof f->file, "%s", name);
        f->line = place->line;
        f->column = place->column;
        f->width = 1;
    }
}

static int parse(struct str text, const char *name, bool check_only,
                 const struct provider_type *const *types, struct conf **ret, struct faults *faults,
                 struct err *e)
{
    struct conf_draft *draft = calloc(1, sizeof *draft);
    struct conf_reading r = {types, draft, {NULL, check_only}, faults};
    size_t errors = faults->errors;
    size_t from = faults->count;
    struct json_place place = {0};
    int rc;

    *ret = NULL;
    if (draft == NULL) {
        return err_set(e, ERR_NOMEM, "%s: out of memory", name);
    }
    draft->conf.path = str_dup(str_of(name));
    draft->conf.dir = directory_of(name);
    r.source.dir = draft->conf.dir;
    rc = json_parse(text, JSON_COMMENTS | JSON_POSITIONS, &conf_json_limits, &draft->conf.doc,
                    &place, e);
    if (rc != 0) {
        syntax_fault(name, &place, faults);
    } else if (draft->conf.path == NULL || draft->conf.dir == NULL || !read_all(&r)) {
        rc = err_set(e, ERR_NOMEM, "%s: out of memory", name);
    } else {
        option_place_faults(draft->conf.doc, text, name, from, faults);
    }
    if (rc == 0 && faults->errors == errors) {
        *ret = &draft->conf;
        return 0;
    }
    conf_free(&draft->conf);
    return rc == ERR_NOMEM
               ? rc
               : err_set(e, ERR_INVALID, "%s: %zu errors", name, faults->errors - errors);
}

int conf_parse(struct str text, const char *name, const struct provider_type *const *types,
               struct conf **ret, struct faults *faults, struct err *e)
{
    return parse(text, name, false, types, ret, faults, e);
}

static int read_file(const char *path, struct buf *out, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = -1;

    if (fd < 0) {
        return err_errno(e, errno, "%s", path);
    }
    do {
        char *at = buf_reserve(out, 65536);

        n = at == NULL ? 0 : read(fd, at, 65536);
        if (n > 0) {
            buf_commit(out, (size_t)n);
        }
    } while (n > 0);
    if (n < 0) {
        (void)err_errno(e, errno, "%s", path);
    }
    (void)close(fd);
    return n < 0 ? ERR_IO : 0;
}

static int load(const char *path, bool check_only, const struct provider_type *const *types,
                struct conf **ret, struct faults *faults, struct err *e)
{
    struct buf text;
    int rc;

    *ret = NULL;
    /* More than is allowed, so that the reader is the one to say that it is too much. */
    buf_init(&text, CONF_BYTES_MAX + 2 * 65536);
    rc = read_file(path, &text, e);
    if (rc == 0) {
        rc =
            parse((struct str){buf_cstr(&text), text.len}, path, check_only, types, ret, faults, e);
    }
    buf_finish(&text);
    return rc;
}

int conf_load(const char *path, const struct provider_type *const *types, struct conf **ret,
              struct faults *faults, struct err *e)
{
    return load(path, false, types, ret, faults, e);
}

int conf_load_to_check(const char *path, const struct provider_type *const *types,
                       struct conf **ret, struct faults *faults, struct err *e)
{
    return load(path, true, types, ret, faults, e);
}

void conf_free(struct conf *conf)
{
    struct conf_draft *draft = (struct conf_draft *)(void *)conf;

    if (conf == NULL) {
        return;
    }
    conf_release_providers(conf);
    conf_release_campaigns(conf);
    option_release(conf_root_table, draft);
    free(conf->listen.host);
    free(conf->mail.bounces.host);
    free(conf->listen.socket_path);
    free(conf->path);
    free(conf->dir);
    json_free(conf->doc);
    free(draft);
}

const struct conf_provider *conf_provider_find(const struct conf *conf, struct str name)
{
    for (size_t i = 0; i < conf->provider_count; i++) {
        if (str_eqs(name, conf->providers[i].name)) {
            return &conf->providers[i];
        }
    }
    return NULL;
}

bool conf_route_has(const struct conf_route *route, const struct conf_provider *p)
{
    for (size_t i = 0; i < route->count; i++) {
        if (route->list[i] == p) {
            return true;
        }
    }
    return false;
}
