/*
 * A batch refused as a whole is sent again in halves until the refused recipient stands alone. A
 * code that may also mean "the request is wrong" is believed of a lone recipient only when another
 * one of the batch went through; else the fault is ours and nobody's message is thrown away.
 */
#pragma once

#include "providers/http_sms_parts.h"

/* Cuts a refused call in two, which wait in provider->waiting; false without memory. */
bool split_call(struct call *c);
/*
 * Takes the verdict on a call that belongs to a group and completes its jobs, now or when the
 * whole group has been judged.
 */
void split_settle(struct call *c, const struct recipe_judgement *j);
