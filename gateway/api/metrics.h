/*
 * Prometheus text exposition (version 0.0.4). A family is a name, a type and a help line from one
 * table; its samples have bounded labels and never personal data.
 */
#pragma once

#include "base/buf.h"
#include "flow/stats.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_label {
    const char *name;
    const char *value;
};

enum { METRIC_LABELS_MAX = 4 };

/* The labels of one sample, ended by a null name. */
struct metric_labels {
    struct metric_label list[METRIC_LABELS_MAX];
};

#define LABELS(...) (&(const struct metric_labels){{__VA_ARGS__}})

/* The two lines in front of a family. */
void metric_head(struct buf *out, const char *name, enum metric_type type, const char *help);
/* One sample; labels may be null. Values are escaped. */
void metric_sample(struct buf *out, const char *name, const struct metric_labels *labels,
                   double value);
/* The _bucket, _sum and _count lines of a histogram with the bounds of flow/stats.h. */
void metric_histogram(struct buf *out, const char *name, const struct metric_labels *labels,
                      const struct stats_histogram *h);

struct api;

/* Everything the gateway counts. Returns buf_failed(out). Loop thread. */
int metrics_write(const struct api *api, struct buf *out);
