#include "base/option_read.h"

#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_MAX = 4096 };

char *option_resolve(const struct reading *r, struct str path)
{
    struct buf out;
    char *ret;

    buf_init(&out, 8192);
    if (r->source->dir != NULL && path.len > 0 && path.ptr[0] != '/') {
        (void)buf_addf(&out, "%s/", r->source->dir);
    }
    (void)buf_add(&out, path.ptr, path.len);
    ret = buf_steal(&out, NULL);
    buf_finish(&out);
    return ret;
}

/* A fault of the file itself: its name takes the place of line and column. */
static struct fault *in_file(struct fault *f, const char *path)
{
    if (f != NULL) {
        (void)snprintf(f->file, sizeof f->file, "%s", path);
    }
    return f;
}

static bool check_mode(struct reading *r, int fd, const char *path, const char *pointer)
{
    struct stat st;
    struct fault *f;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)in_file(faults_add(r->faults, pointer, "SEC-002",
                                 "gizli değer sıradan bir dosya değil",
                                 "the secret is not a regular file"),
                      path);
        return false;
    }
    if ((st.st_mode & 07) != 0) {
        (void)in_file(faults_add(r->faults, pointer, "SEC-003",
                                 "dosyaya herkes erişebiliyor (%04o); 0600 yapın",
                                 "everybody has access to the file (%04o); make it 0600",
                                 (unsigned)st.st_mode & 07777u),
                      path);
        return false;
    }
    if ((st.st_mode & 070) != 0) {
        f = faults_add(
            r->faults, pointer, "SEC-003", "dosyaya grubu erişebiliyor (%04o); 0600 yapın",
            "its group has access to the file (%04o); make it 0600", (unsigned)st.st_mode & 07777u);
        fault_warning(r->faults, in_file(f, path));
    }
    return true;
}

/* Takes the text without the line end an editor leaves; wipes nothing on success. */
static void take_value(struct reading *r, struct str text, const char *pointer, const char *origin,
                       struct secret *ret)
{
    if (text.len > 0 && text.ptr[text.len - 1] == '\n') {
        text.len--;
    }
    if (text.len > 0 && text.ptr[text.len - 1] == '\r') {
        text.len--;
    }
    if (text.len == 0 || !utf8_clean_line(text)) {
        (void)faults_add(r->faults, pointer, "SEC-004",
                         "%s boş ya da birden çok satırlı; tek satır yazın",
                         "%s is empty or has several lines; write one line", origin);
        return;
    }
    ret->value = str_dup(text);
    ret->origin = str_dup(str_of(origin));
}

static void read_open_file(struct reading *r, int fd, const char *pointer, const char *origin,
                           struct secret *ret)
{
    char text[SECRET_MAX + 1];
    ssize_t n = read(fd, text, sizeof text);

    if (n < 0 || n > SECRET_MAX) {
        (void)faults_add(r->faults, pointer, "SEC-004", "%s okunamıyor veya çok uzun",
                         "%s cannot be read or is too long", origin);
    } else {
        take_value(r, (struct str){text, (size_t)n}, pointer, origin, ret);
    }
    explicit_bzero(text, sizeof text);
}

static void read_file(struct reading *r, const char *path, const char *pointer, bool check,
                      const char *origin, struct secret *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        const char *reason = strerrordesc_np(errno);

        (void)in_file(faults_add(r->faults, pointer, "SEC-002", "gizli değer okunamıyor: %s",
                                 "the secret cannot be read: %s", reason == NULL ? "" : reason),
                      path);
        return;
    }
    if (!check || check_mode(r, fd, path, pointer)) {
        read_open_file(r, fd, pointer, origin, ret);
    }
    (void)close(fd);
}

static void from_file(struct reading *r, struct str name, const char *pointer, const char *origin,
                      struct secret *ret)
{
    char *path = option_resolve(r, name);

    if (path != NULL) {
        read_file(r, path, pointer, true, origin, ret);
    }
    free(path);
}

static void from_env(struct reading *r, struct str name, const char *pointer, const char *origin,
                     struct secret *ret)
{
    char key[256];
    const char *value = str_copy(key, sizeof key, name) == 0 ? getenv(key) : NULL;

    if (value != NULL) {
        take_value(r, str_of(value), pointer, origin, ret);
        return;
    }
    (void)faults_add(r->faults, pointer, "SEC-002", "ortam değişkeni tanımlı değil: %s",
                     "environment variable is not set: %s", origin + sizeof "env");
}

/* systemd guards the directory itself, so modes say nothing here (systemd.exec(5)). */
static void from_credential(struct reading *r, struct str name, const char *pointer,
                            const char *origin, struct secret *ret)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    char path[1024];
    struct fault *f;

    if (memchr(name.ptr, '/', name.len) != NULL || name.ptr[0] == '.') {
        (void)faults_add(r->faults, pointer, "CFG-104", "kimlik bilgisi adı yanlış; / ve . olmadan",
                         "malformed credential name; without / and .");
        return;
    }
    if (dir == NULL) {
        f = faults_add(r->faults, pointer, "SEC-005",
                       "$CREDENTIALS_DIRECTORY yok; yalnız LoadCredential= ile çalışan hizmet okur",
                       "no $CREDENTIALS_DIRECTORY; only a service with LoadCredential= reads it");
        if (r->source->check_only) {
            fault_warning(r->faults, f);
        }
        return;
    }
    (void)snprintf(path, sizeof path, "%s/%.*s", dir, (int)name.len, name.ptr);
    read_file(r, path, pointer, false, origin, ret);
}

void option_read_secret(struct reading *r, const struct json *v, const char *pointer,
                        struct secret *ret)
{
    static const struct {
        const char *key;
        void (*read)(struct reading *, struct str, const char *, const char *, struct secret *);
    } forms[] = {{"file", from_file}, {"env", from_env}, {"credential", from_credential}};
    const struct json *only = json_type(v) == JSON_OBJECT ? json_first(v) : NULL;
    char origin[256];

    ret->given = true;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0] && only != NULL; i++) {
        struct str name = json_str(only);

        if (json_next(only) == NULL && name.len > 0 && utf8_clean_line(name) &&
            str_eqs(str_of(forms[i].key), json_key(only))) {
            (void)snprintf(origin, sizeof origin, "%s %.*s", forms[i].key,
                           (int)(name.len < 240 ? name.len : 240), name.ptr);
            forms[i].read(r, name, pointer, origin, ret);
            return;
        }
    }
    (void)faults_add(
        r->faults, pointer, "SEC-001",
        "gizli değer buraya yazılmaz; {\"file\": yol}, {\"env\": AD} veya {\"credential\": ad}",
        "secrets are not written here; {\"file\": path}, {\"env\": NAME} or {\"credential\": "
        "name}");
}
