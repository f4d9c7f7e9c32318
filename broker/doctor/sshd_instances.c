#include "broker/doctor/sshd.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static const char *const unit_folders[] = {
    "/etc/systemd/system",         "/run/systemd/system",           "/run/systemd/generator",
    "/etc/systemd/system.control", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
    "/lib/systemd/system"};

/* The next word; quotes as a shell has them are not known here. */
static size_t next_word(const char **at)
{
    *at += strspn(*at, " \t");
    return strcspn(*at, " \t\n");
}

static void put(char *to, size_t size, const char *word, size_t length)
{
    (void)snprintf(to, size, "%.*s", (int)length, word);
}

static bool is_sshd(const char *word, size_t length)
{
    static const char name[] = "sshd";
    size_t size = strlen(name);

    return length >= size && memcmp(word + length - size, name, size) == 0 &&
           (length == size || word[length - size - 1] == '/');
}

static bool is_word(const char *word, size_t length, const char *text)
{
    return length == strlen(text) && memcmp(word, text, length) == 0;
}

static void add_option(struct sshd_instance *instance, const char *word, size_t length)
{
    if (instance->n_options < SSHD_OPTIONS_MAX)
        put(instance->options[instance->n_options++], sizeof(instance->options[0]), word, length);
}

/* `-f FILE`, `-fFILE`, and the same of -o and -p. Others change nothing of what is allowed. */
static void take_option(struct sshd_instance *instance, const char **at, size_t *length)
{
    const char *word = *at;
    char letter = word[1];

    if (*length < 2 || word[0] != '-' || !strchr("fopcCghkEu", letter))
        return;
    if (*length > 2) {
        word += 2;
        *length -= 2;
    } else {
        *at += *length;
        *length = next_word(at);
        word = *at;
    }
    if (letter == 'f')
        put(instance->config, sizeof(instance->config), word, *length);
    if (letter == 'o' || letter == 'p') {
        add_option(instance, letter == 'o' ? "-o" : "-p", 2);
        add_option(instance, word, *length);
    }
    *at = word;
}

static bool is_same(const struct sshd_instance *a, const struct sshd_instance *b)
{
    if (strcmp(a->config, b->config) != 0 || strcmp(a->program, b->program) != 0 ||
        a->n_options != b->n_options)
        return false;
    for (size_t i = 0; i < a->n_options; i++)
        if (strcmp(a->options[i], b->options[i]) != 0)
            return false;
    return true;
}

static void add(struct sshd_instances *all, const struct sshd_instance *instance)
{
    for (size_t i = 0; i < all->n; i++)
        if (is_same(&all->items[i], instance))
            return;
    if (all->n < SSHD_INSTANCES_MAX)
        all->items[all->n++] = *instance;
    else
        all->more = true;
}

bool sshd_instances_add(struct sshd_instances *all, const char *command_line)
{
    struct sshd_instance instance = {.config = SSHD_CONFIG};
    const char *at = command_line;
    size_t length = next_word(&at);

    if (!is_sshd(at, length))
        return false;
    /* One without a folder is whichever the host has; /sbin is a link. */
    if (memchr(at, '/', length) && !is_word(at, length, "/usr/sbin/sshd") &&
        !is_word(at, length, "/sbin/sshd"))
        put(instance.program, sizeof(instance.program), at, length);
    for (at += length; *at && *at != '\n'; at += length) {
        length = next_word(&at);
        /* `-T` and `-t` only test, and what a unit takes from its environment is looked at there. */
        if (length == 2 && (memcmp(at, "-t", 2) == 0 || memcmp(at, "-T", 2) == 0))
            return false;
        if (length > 0)
            take_option(&instance, &at, &length);
    }
    add(all, &instance);
    return true;
}

/* A line that ends with a backslash goes on in the next. */
static void join_lines(char *text)
{
    for (char *at = text; (at = strstr(at, "\\\n")) != NULL;)
        at[0] = at[1] = ' ';
}

/* Lines `ExecStart=...` of a unit. */
static void read_unit(struct doctor *d, const char *path, struct sshd_instances *all)
{
    static const char key[] = "ExecStart=";
    cleanup_free char *text = NULL;

    /* Units that are masked are links to /dev/null. */
    if (doctor_read(d, path, &text) < 0)
        return;
    join_lines(text);
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            (void)sshd_instances_add(all, line + strlen(key) + strspn(line + strlen(key), "-@:+!"));
}

/* Units of a folder, and the drop-ins of theirs. */
static void read_units(struct doctor *d, const char *folder, struct sshd_instances *all)
{
    cleanup_doctor_names struct doctor_names names = {0};

    if (doctor_list(d, folder, &names) < 0)
        return;
    for (size_t i = 0; i < names.n; i++) {
        cleanup_free char *path = NULL;
        bool drop_ins = fnmatch("*.service.d", names.items[i], 0) == 0;

        if ((!drop_ins && fnmatch("*.service", names.items[i], 0) != 0 &&
             fnmatch("*.conf", names.items[i], 0) != 0) ||
            asprintf(&path, "%s/%s", folder, names.items[i]) < 0)
            continue;
        if (drop_ins)
            read_units(d, path, all);
        else
            read_unit(d, path, all);
    }
}

/* SSHD_OPTS="-o ..." of Debian, OPTIONS= of others: the unit's environment. */
static void read_defaults(struct doctor *d, const char *path, const char *key, struct sshd_instances *all)
{
    cleanup_free char *text = NULL, *line = NULL;
    char *at;

    if (doctor_read(d, path, &text) < 0)
        return;
    at = strstr(text, key);
    if (!at || (at > text && at[-1] != '\n'))
        return;
    at += strlen(key);
    for (char *quote = at; *quote && *quote != '\n'; quote++)
        if (*quote == '"' || *quote == '\'')
            *quote = ' ';
    if (asprintf(&line, "sshd %.*s", (int)strcspn(at, "\n"), at) >= 0)
        (void)sshd_instances_add(all, line);
}

/* One that runs calls itself "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups". Anybody can call a
 * process so, and `sshd -T` would tell what is in a file that they name: only root's are asked about. */
static void read_processes(struct doctor *d, struct sshd_instances *all)
{
    static const char *const argv[] = {"/usr/bin/ps", "-C", "sshd", "-o", "uid=,args=", NULL};
    cleanup_doctor_output struct doctor_output output = {0};
    char *rest = NULL;
    int r = doctor_run(d, argv, &output);

    if (r < 0)
        doctor_unseen(d, argv[0], r);
    /* Status 1: none runs. */
    if (r < 0 || output.status != 0)
        return;
    for (char *line = strtok_r(output.out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *end = strstr(line, " [listener]");

        bool roots;

        line += strspn(line, " ");
        roots = strncmp(line, "0 ", 2) == 0;
        line += strspn(line, "0123456789");
        line += strspn(line, " ");
        if (!roots)
            continue;
        if (end)
            *end = 0;
        (void)sshd_instances_add(all, strncmp(line, "sshd: ", 6) == 0 ? line + 6 : line);
    }
}

void sshd_instances_find(struct doctor *d, struct sshd_instances *ret)
{
    *ret = (struct sshd_instances){.n = 0};
    (void)sshd_instances_add(ret, "sshd");
    for (size_t i = 0; i < ARRAY_SIZE(unit_folders); i++)
        read_units(d, unit_folders[i], ret);
    read_defaults(d, "/etc/default/ssh", "SSHD_OPTS=", ret);
    read_defaults(d, "/etc/sysconfig/sshd", "OPTIONS=", ret);
    read_processes(d, ret);
}
