#include "tests/unit/broker/ctl/fake_directory.h"

#include "policy/base/buf.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void fake_directory_start(struct fake_directory *f, const char *script)
{
    cleanup_free char *text = NULL;
    char folder[400];

    *f = (struct fake_directory){.cli = {.socket = "control", .now = PAPERS_NOW}};
    must(getcwd(folder, sizeof(folder)) != NULL);
    (void)snprintf(f->path, sizeof(f->path), "%s/hufu-ldapd", folder);
    must(asprintf(&text,
                  "#!/bin/sh\nfor w; do case $w in --base|--list|--entry|--apply) MODE=$w;; esac; done\n%s\n",
                  script) > 0);
    put_file("hufu-ldapd", text);
    must(chmod("hufu-ldapd", 0700) == 0);
    f->cli.ldapd = f->path;
    f->cli.out = open_memstream(&f->out, &f->out_size);
    f->cli.error = open_memstream(&f->error, &f->error_size);
    must(f->cli.out && f->cli.error);
    f->directory = (struct directory){.cli = &f->cli, .config = strdup("directory.conf"), .base = FAKE_BASE};
}

const char *fake_directory_said(struct fake_directory *f)
{
    must(fflush(f->cli.error) == 0);
    return f->error;
}

void fake_directory_done(struct fake_directory *f)
{
    directory_done(&f->directory);
    must(fclose(f->cli.out) == 0 && fclose(f->cli.error) == 0);
    free(f->out);
    free(f->error);
}

char *fake_directory_file(const char *name)
{
    struct buf text = BUF_INIT;
    FILE *in = fopen(name, "re");
    int c;

    while (in && (c = fgetc(in)) != EOF)
        buf_put_u8(&text, (uint8_t)c);
    if (in)
        (void)fclose(in);
    return text.size > 0 ? buf_steal_text(&text) : strdup("");
}
