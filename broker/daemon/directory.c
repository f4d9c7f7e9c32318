#include "broker/daemon/directory_internal.h"

#include <errno.h>

int directory_new(struct broker *b, struct directory **ret)
{
    struct directory *d = calloc(1, sizeof(*d));

    if (!d)
        return -ENOMEM;
    d->broker = b;
    *ret = d;
    return 0;
}

struct directory *directory_free(struct directory *d)
{
    free(d);
    return NULL;
}

bool directory_refresh(struct directory *d)
{
    d->full_wanted = true;
    return false;
}

void directory_view(const struct directory *d, struct directory_view *ret)
{
    (void)d;
    *ret = (struct directory_view){.server = "", .error = ""};
}
