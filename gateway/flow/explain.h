/* Why was this (not) sent: the whole story of a person, a certificate or a message. */
#pragma once

#include "flow/desk.h"

/*
 * Members: one of "holder", "certificate", "message". Answer: {"holder":…,"cases":[{"certificate",
 * "not_after","state","state_text","eonay","text","facts":[{"at","type","text"}],"messages":[story],
 * "not_planned":[{"campaign","mark","channel","verdict","text"}]}]}; for a message of its own:
 * {"cases":[],"messages":[story]}.
 */
desk_run explain_run;
