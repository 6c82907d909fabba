/* What "hatirlat check" looks at besides the settings file itself. */
#pragma once

#include "config/conf.h"
#include "text/lint.h"

/*
 * Run in order on a configuration without errors; a null one ends the list. Each adds its faults;
 * a result other than 0 stands for faults it has added.
 */
extern conf_checker *const check_parts[];

/*
 * The parts themselves: the holidays file, the message templates with what makes them good, and the
 * recipes that providers name.
 */
int check_holidays(const struct conf *conf, struct faults *faults);
int check_templates(const struct conf *conf, struct faults *faults);
int check_recipes(const struct conf *conf, struct faults *faults);
/* What the templates of this office are held to. */
struct lint_rules check_lint_rules(const struct conf *conf);
/* Warns when the one who releases campaigns needs a new certificate; reads the database, if any. */
int check_approver(const struct conf *conf, struct faults *faults);
