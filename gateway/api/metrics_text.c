#include "api/metrics.h"
#include "base/number.h"

#include <float.h>
#include <stdio.h>

static const char *const type_names[] = {"counter", "gauge", "histogram"};

void metric_head(struct buf *out, const char *name, enum metric_type type, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type_names[type]);
}

static void add_escaped(struct buf *out, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"') {
            buf_addc(out, '\\');
            buf_addc(out, *value);
        } else if (*value == '\n') {
            buf_adds(out, "\\n");
        } else {
            buf_addc(out, *value);
        }
    }
}

static void add_label(struct buf *out, const struct metric_label *l, bool first)
{
    buf_addf(out, "%s%s=\"", first ? "{" : ",", l->name);
    add_escaped(out, l->value);
    buf_addc(out, '"');
}

/* `le` is one label more, or null. */
static void add_labels(struct buf *out, const struct metric_labels *labels, const char *le)
{
    bool any = false;

    for (size_t i = 0; labels != NULL && i < METRIC_LABELS_MAX && labels->list[i].name != NULL;
         i++) {
        add_label(out, &labels->list[i], !any);
        any = true;
    }
    if (le != NULL) {
        add_label(out, &(const struct metric_label){"le", le}, !any);
        any = true;
    }
    if (any) {
        buf_addc(out, '}');
    }
}

static void add_value(struct buf *out, double value)
{
    char text[NUMBER_TEXT_MAX];

    if (value > DBL_MAX || value < -DBL_MAX) {
        buf_adds(out, value > 0 ? " +Inf\n" : " -Inf\n");
    } else if (value > -1e15 && value < 1e15 && value == (double)(int64_t)value) {
        buf_addf(out, " %lld\n", (long long)value);
    } else {
        (void)number_print(value, 15, text);
        buf_addf(out, " %s\n", text);
    }
}

void metric_sample(struct buf *out, const char *name, const struct metric_labels *labels,
                   double value)
{
    buf_adds(out, name);
    add_labels(out, labels, NULL);
    add_value(out, value);
}

static void bucket(struct buf *out, const char *name, const struct metric_labels *labels,
                   const char *le, uint64_t value)
{
    buf_addf(out, "%s_bucket", name);
    add_labels(out, labels, le);
    buf_addf(out, " %llu\n", (unsigned long long)value);
}

void metric_histogram(struct buf *out, const char *name, const struct metric_labels *labels,
                      const struct stats_histogram *h)
{
    uint64_t below = 0;
    char le[NUMBER_TEXT_MAX];

    for (size_t i = 0; i < STATS_BUCKETS - 1; i++) {
        below += h->buckets[i];
        (void)number_print(stats_bounds[i], 6, le);
        bucket(out, name, labels, le, below);
    }
    bucket(out, name, labels, "+Inf", h->count);
    buf_addf(out, "%s_sum", name);
    add_labels(out, labels, NULL);
    add_value(out, h->sum);
    buf_addf(out, "%s_count", name);
    add_labels(out, labels, NULL);
    buf_addf(out, " %llu\n", (unsigned long long)h->count);
}
