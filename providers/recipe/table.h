/* What the tables of keys share; only for table*.c. */
#pragma once

#include "providers/recipe/parts.h"

#define END                                                                                        \
    {                                                                                              \
        .key = NULL                                                                                \
    }
#define AT(owner, member) .offset = offsetof(struct owner, member)

enum { TEXT_MAX = 8192, NAME_MAX_BYTES = 64, DAY_MS = 86400000 };

extern const struct option recipe_request_table[];
extern const struct option recipe_answer_table[];
extern const struct option recipe_reports_table[];
extern const struct option recipe_balance_table[];
extern const struct option recipe_senders_table[];
extern const struct option recipe_recover_table[];

/* clang-format off */
#define CALL(owner, request_member, answer_member, needed)                                         \
    {.key = "request",                                                                             \
     .type = OPTION_OBJECT,                                                                        \
     AT(owner, request_member),                                                                    \
     .table = recipe_request_table,                                                                \
     .required = needed,                                                                           \
     .tr = "İstek",                                                                                \
     .en = "The request"},                                                                         \
    {.key = "answer",                                                                              \
     .type = OPTION_OBJECT,                                                                        \
     AT(owner, answer_member),                                                                     \
     .table = recipe_answer_table,                                                                 \
     .tr = "Yanıtın anlamı",                                                                       \
     .en = "What the answer means"}
/* clang-format on */
