/*
 * Composes mails for other programs to judge: reads one JSON object per line with the members of
 * struct mail, writes for each its length in decimal, a line end, and the mail. A refused one is
 * written as "-1".
 */
#include "base/json.h"
#include "text/mail.h"

#include <stdio.h>
#include <stdlib.h>

static struct mail read_mail(const struct json *v)
{
    int64_t date = 0;
    (void)json_i64(json_get(v, "date_ms"), &date);
    return (struct mail){
        .from = {json_str(json_get(v, "from_name")), json_str(json_get(v, "from"))},
        .reply_to = {json_str(json_get(v, "reply_name")), json_str(json_get(v, "reply_to"))},
        .to = {json_str(json_get(v, "to_name")), json_str(json_get(v, "to"))},
        .subject = json_str(json_get(v, "subject")),
        .text = json_str(json_get(v, "text")),
        .html = json_str(json_get(v, "html")),
        .message_id = json_str(json_get(v, "message_id")),
        .references = json_str(json_get(v, "references")),
        .ics = json_str(json_get(v, "ics")),
        .ics_name = json_str(json_get(v, "ics_name")),
        .date_ms = date,
    };
}

static void compose(struct str line, struct buf *out)
{
    struct json_doc *doc = NULL;
    struct err e = {0};
    buf_reset(out);
    int rc = json_parse(line, 0, &json_default_limits, &doc, NULL, &e);
    if (rc == 0) {
        struct mail m = read_mail(json_root(doc));
        rc = mail_compose(&m, out, &e);
    }
    if (rc == 0) {
        (void)printf("%zu\n", out->len);
        (void)fwrite(out->data, 1, out->len, stdout);
    } else {
        (void)printf("-1\n");
        (void)fprintf(stderr, "%s\n", e.text);
    }
    json_free(doc);
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    struct buf out;
    buf_init(&out, MAIL_SIZE_MAX);
    while ((n = getline(&line, &cap, stdin)) > 0)
        compose((struct str){line, (size_t)n}, &out);
    free(line);
    buf_finish(&out);
    return 0;
}
