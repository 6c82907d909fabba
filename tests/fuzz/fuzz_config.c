/* Any bytes as a configuration: faults with sane places or a snapshot, and both can be printed. */
#include "config/conf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct faults faults;
    struct conf *conf;
    struct buf out;
    struct err e = {0};
    int rc;

    faults_init(&faults);
    buf_init(&out, 1024 * 1024);
    rc = conf_parse((struct str){(const char *)data, size}, "yok/hatirlat.jsonc", provider_types,
                    &conf, &faults, &e);
    if ((rc == 0) != (faults.errors == 0) || (rc != 0 && conf != NULL)) {
        abort();
    }
    for (size_t i = 0; i < faults.count; i++) {
        const struct fault *f = &faults.list[i];

        if (f->line > 0 && (f->column < 1 || f->width < 1 || (size_t)f->column > size + 1)) {
            abort();
        }
    }
    conf_print_faults(&faults, true, &out);
    conf_print_faults_json(&faults, &out);
    if (rc == 0 && !conf_reload_allowed(conf, conf, &faults)) {
        abort();
    }
    conf_free(conf);
    buf_finish(&out);
    faults_finish(&faults);
    return 0;
}
