#include "tests/unit/support/token.h"

#include "policy/base/cleanup.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"

int token_run(const char *line)
{
    cleanup_free char *quiet = issue_text("{ %s\n} >>log 2>&1", line);
    int status = system(quiet); // NOLINT(cert-env33-c): the documented lines are for a shell

    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool is_command(const char *name)
{
    cleanup_free char *line = issue_text("command -v %s >/dev/null 2>&1", name);

    return system(line) == 0; // NOLINT(cert-env33-c)
}

const char *token_missing(void)
{
    if (!is_command("softhsm2-util") || access(MODULE, R_OK) != 0)
        return "softhsm2";
    if (!is_command("openssl"))
        return "openssl";
    if (system("openssl engine -c pkcs11 >/dev/null 2>&1") != 0) // NOLINT(cert-env33-c)
        return "libengine-pkcs11-openssl";
    return is_command("pkcs11-tool") ? NULL : "opensc";
}

static void must_run(const char *line)
{
    issuing_must(token_run(line) == 0, line, __FILE__, __LINE__);
}

void token_make(void)
{
    char folder[PATH_MAX];
    cleanup_free char *path = NULL;
    FILE *f;

    must(getcwd(folder, sizeof(folder)) != NULL);
    path = issue_text("%s/softhsm2.conf", folder);
    f = fopen(path, "we");
    must(f != NULL);
    must(fprintf(f, "directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n",
                 folder) > 0);
    must(fclose(f) == 0);
    must(setenv("SOFTHSM2_CONF", path, 1) == 0 && setenv("PKCS11_MODULE_PATH", MODULE, 1) == 0);
    must_run("mkdir tokens && softhsm2-util --init-token --free --label approver --pin " TOKEN_PIN
             " --so-pin 31415926");
}

void token_import(EVP_PKEY *key, const char *label, const char *id)
{
    cleanup_free char *pem = issue_key_pem(key, NULL);
    cleanup_free char *line =
        issue_text("softhsm2-util --import imported.key --token approver --label %s --id %s"
                   " --pin " TOKEN_PIN " && rm imported.key",
                   label, id);
    FILE *f = fopen("imported.key", "we");

    must(f && fputs(pem, f) >= 0 && fclose(f) == 0);
    must_run(line);
}
