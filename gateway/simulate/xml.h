/*
 * As much XML 1.0 as vendors' requests use: elements, attributes, text, CDATA, comments, a
 * declaration, the five entities and character references. No DTD, no namespaces, UTF-8 only.
 */
#pragma once

#include "base/err.h"
#include "base/json.h"

enum { XML_DEPTH_MAX = 12, XML_NODES_MAX = 20000, XML_NAME_MAX = 64 };

/*
 * Writes the document as one JSON value: {"root": ELEMENT}. An element is an object: "@name" for
 * every attribute, "#" for its text, and for every child name an array of elements. ERR_INVALID
 * with a sentence for what is not well-formed, ERR_LIMIT, ERR_NOMEM. Any thread.
 */
int xml_to_json(struct str text, struct json_writer *w, struct err *e);
