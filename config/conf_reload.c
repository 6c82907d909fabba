#include "config/conf_tables.h"

static void add_fault(void *ctx, const char *pointer)
{
    (void)faults_add(ctx, pointer, "CFG-401", "%s değişti; hizmetin yeniden başlatılması gerekir",
                     "%s has changed; that needs a restart", pointer);
}

static void compare_provider(const struct conf_provider *old, const struct conf_provider *new,
                             struct faults *faults)
{
    char pointer[FAULT_POINTER_MAX];

    option_pointer("/providers", old->name, pointer);
    if (new == NULL || old->type != new->type) {
        add_fault(faults, pointer);
    } else if (old->type->options != NULL) {
        option_fixed_changes(old->type->options, pointer, old->settings, new->settings, add_fault,
                             faults);
    }
}

bool conf_reload_allowed(const struct conf *old, const struct conf *new, struct faults *faults)
{
    size_t before = faults->total;
    char pointer[FAULT_POINTER_MAX];

    option_fixed_changes(conf_root_table, "", old, new, add_fault, faults);
    for (size_t i = 0; i < old->provider_count; i++) {
        compare_provider(&old->providers[i],
                         conf_provider_find(new, str_of(old->providers[i].name)), faults);
    }
    for (size_t i = 0; i < new->provider_count; i++) {
        if (conf_provider_find(old, str_of(new->providers[i].name)) == NULL) {
            option_pointer("/providers", new->providers[i].name, pointer);
            add_fault(faults, pointer);
        }
    }
    return faults->total == before;
}
