/*
 * Turns the plain text of a message into HTML, so that both parts of a mail say the same words:
 * paragraphs, numbered lists ("1. …" lines), tables ("| a | b |" lines, the first row is the head),
 * and https addresses as links that show themselves. All text is escaped.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

int outline_html(struct str text, struct buf *out);
/*
 * Appends what a mail program shows beside the subject: the first sentence of the text after the
 * salutation, at most 90 characters.
 */
int outline_preheader(struct str text, struct buf *out);
