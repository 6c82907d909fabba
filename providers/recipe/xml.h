/*
 * The little of XML that a vendor's answer needs: elements by path, their attributes and text. Not
 * a validating parser: a document type is refused, so nothing is ever expanded but the five named
 * and the numeric references; namespaces are ignored (the part after ":" counts).
 */
#pragma once

#include "base/str.h"

enum { XML_DEPTH_MAX = 32 };

/* Borrowed from the text. */
struct xml_element {
    struct str attributes;
    struct str content;
};

/*
 * Calls see for every element on the path ("/report/row"), in document order, until it returns
 * false. ERR_INVALID when the text is no XML; what came before the fault has been seen. Elements
 * are not looked for inside one that was found.
 */
int xml_each(struct str text, const char *path, bool (*see)(void *ctx, const struct xml_element *e),
             void *ctx);
/*
 * "@name": an attribute; ".": the text directly inside; "a/b" or "a/@c": of the first such
 * descendant. False, and out is "", when there is none, it is empty or it does not fit in cap.
 */
bool xml_field(const struct xml_element *e, const char *field, char *out, size_t cap);
/* The same from the root: "/a/b", "/a/b/@c". */
bool xml_find(struct str text, const char *path, char *out, size_t cap);
/* Whether a path or field can be looked for: steps of a bounded number and length. */
bool xml_path_valid(const char *path);
