// LAYERS: common base
// COVERS: broker/common/ldif.c
/*
 * Any octets as LDIF. Each record that is read must be written so that the same is read again, and what was
 * written must be written as the very same again; what is refused has a reason: else the process ends.
 */
#include "broker/common/ldif.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static char *write_record(const struct ldif_record *r)
{
    struct buf out = BUF_INIT;
    char *text;

    ldif_put_text(&out, "dn", r->dn);
    for (size_t i = 0; i < r->n_lines; i++)
        if (strcmp(r->lines[i].name, "-") == 0)
            ldif_put_dash(&out);
        else
            ldif_put(&out, r->lines[i].name, r->lines[i].value, r->lines[i].size);
    ldif_put_end(&out);
    text = buf_steal_text(&out);
    buf_done(&out);
    demand(text != NULL, "cannot write what was read");
    return text;
}

static void compare(const struct ldif_record *a, const struct ldif_record *b)
{
    demand(strcmp(a->dn, b->dn) == 0 && a->n_lines == b->n_lines, "another record comes back");
    for (size_t i = 0; i < a->n_lines; i++)
        demand(strcmp(a->lines[i].name, b->lines[i].name) == 0 && a->lines[i].size == b->lines[i].size &&
                   memcmp(a->lines[i].value, b->lines[i].value, a->lines[i].size) == 0,
               "another line comes back");
}

static void judge(const struct ldif_record *record)
{
    cleanup(ldif_record_free_p) struct ldif_record *again = NULL;
    cleanup_free char *text = write_record(record);
    cleanup_free char *text_again = NULL;
    FILE *in = fmemopen(text, strlen(text), "re");
    struct ldif_reader reader = {.in = in};

    demand(in && ldif_read(&reader, &again) == 1, "cannot read what was written");
    (void)fclose(in);
    compare(record, again);
    text_again = write_record(again);
    demand(strcmp(text, text_again) == 0, "two texts for one record");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *in = size > 0 ? fmemopen((void *)data, size, "re") : NULL;
    struct ldif_reader reader = {.in = in};
    int r = 1;

    while (in && r == 1) {
        cleanup(ldif_record_free_p) struct ldif_record *record = NULL;

        r = ldif_read(&reader, &record);
        demand((r == 1) == (record != NULL), "a record with an error");
        if (record)
            judge(record);
    }
    demand(r != -EINVAL || reader.reason[0] != 0, "refused without a reason");
    if (in)
        (void)fclose(in);
    return 0;
}
