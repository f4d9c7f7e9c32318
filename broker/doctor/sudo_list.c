#include "broker/doctor/sudo_list.h"

#include "broker/doctor/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int add_setting(struct sudo_list *l, struct span s)
{
    char **more;

    s = span_trim(s);
    if (s.length == 0)
        return 0;
    more = reallocarray((void *)l->settings, l->n_settings + 1, sizeof(*more));
    if (!more)
        return -ENOMEM;
    l->settings = more;
    l->settings[l->n_settings] = span_copy(s);
    return l->settings[l->n_settings++] ? 0 : -ENOMEM;
}

/* Settings are separated by commas, those of commands and targets by blanks; what is quoted holds both. */
static int take_settings(struct sudo_list *l, struct span block)
{
    bool quoted = false;
    size_t from = 0;

    for (size_t i = 0; i <= block.length; i++) {
        if (i < block.length && block.text[i] == '"')
            quoted = !quoted;
        if (i < block.length && (quoted || !strchr(", \t\n", block.text[i])))
            continue;
        if (add_setting(l, (struct span){block.text + from, i - from}) < 0)
            return -ENOMEM;
        from = i + 1;
    }
    return 0;
}

/* From the line below each head to the next empty one. */
static int take_blocks(struct sudo_list *l, const char *text, const char *head)
{
    while ((text = strstr(text, head)) != NULL) {
        const char *begin = strchr(text, '\n'), *end = begin ? strstr(begin, "\n\n") : NULL;

        if (!begin)
            return 0;
        if (!end)
            end = begin + strlen(begin);
        if (take_settings(l, (struct span){begin, (size_t)(end - begin)}) < 0)
            return -ENOMEM;
        text = end;
    }
    return 0;
}

static void take_options(struct sudo_list *l, struct span list)
{
    struct span option;

    while (span_field(&list, ',', &option)) {
        option = span_trim(option);
        l->without_password |= span_is(option, "!authenticate");
        l->may_set_environment |= span_is(option, "setenv");
    }
}

static void take_entries(struct sudo_list *l, const char *text)
{
    static const char options[] = "Options:";
    bool commands = false;
    struct span line;

    while (lines_next(&text, &line)) {
        /* "Sudoers entry:", "LDAP Role: x", "SSSD Role: x" */
        if (span_starts(line, "Sudoers entry:") || span_starts(line, "LDAP Role:") ||
            span_starts(line, "SSSD Role:"))
            commands = false;
        else if (span_is(line, "Commands:"))
            commands = true;
        else if (!commands && span_starts(line, options))
            take_options(l, (struct span){line.text + strlen(options), line.length - strlen(options)});
        else if (commands && line.text[0] != '!') {
            l->allowed = true;
            l->any_command |= span_is(line, "ALL");
        }
    }
}

int sudo_list_parse(const char *text, struct sudo_list **ret)
{
    cleanup(sudo_list_free_p) struct sudo_list *l = calloc(1, sizeof(*l));
    const char *entries = strstr(text, " may run the following commands on ");

    if (!l || take_blocks(l, text, "Matching Defaults entries for ") < 0 ||
        take_blocks(l, text, "Runas and Command-specific defaults for ") < 0)
        return -ENOMEM;
    if (entries)
        take_entries(l, entries + strcspn(entries, "\n"));
    l->without_password |= l->allowed && sudo_list_flag(l, "authenticate") == 0;
    *ret = steal_pointer(&l);
    return 0;
}

struct sudo_list *sudo_list_free(struct sudo_list *l)
{
    if (!l)
        return NULL;
    for (size_t i = 0; i < l->n_settings; i++)
        free(l->settings[i]);
    free((void *)l->settings);
    free(l);
    return NULL;
}

int sudo_list_flag(const struct sudo_list *l, const char *name)
{
    int flag = -1;

    for (size_t i = 0; i < l->n_settings; i++) {
        const char *setting = l->settings[i];
        size_t negated = setting[0] == '!';
        size_t length = strcspn(setting + negated, "+=-");

        if (strlen(name) == length && strncmp(setting + negated, name, length) == 0)
            flag = negated == 0;
    }
    return flag;
}

const char *sudo_list_value(const struct sudo_list *l, const char *name, size_t *at)
{
    size_t length = strlen(name);

    while (*at < l->n_settings) {
        const char *setting = l->settings[(*at)++];

        if (strncmp(setting, name, length) == 0 &&
            (setting[length] == '=' || strncmp(setting + length, "+=", 2) == 0))
            return strchr(setting, '=') + 1;
    }
    return NULL;
}

static void copy_word(struct span word, char *ret, size_t size)
{
    (void)snprintf(ret, size, "%.*s", (int)word.length, word.text);
}

static bool ends_with(struct span s, const char *tail)
{
    size_t length = strlen(tail);

    return s.length >= length && memcmp(s.text + s.length - length, tail, length) == 0;
}

static void take_range(struct span options, char *ret, size_t size)
{
    static const char key[] = "gated_uid=";
    struct span word;

    while (span_word(&options, &word))
        if (span_starts(word, key))
            copy_word((struct span){word.text + strlen(key), word.length - strlen(key)}, ret, size);
}

/* sudo's own plugin: by its name alone, or where distributions keep it. */
static bool is_sudoers(struct span file)
{
    return span_is(file, "sudoers.so") ||
           (ends_with(file, "/sudo/sudoers.so") &&
            (span_starts(file, "/usr/lib/") || span_starts(file, "/usr/lib64/") ||
             span_starts(file, "/usr/libexec/")));
}

static void take_plugin(struct sudo_plugins *p, struct span rest)
{
    struct span name, file;

    if (!span_word(&rest, &name) || !span_word(&rest, &file))
        return;
    if (span_starts(name, "hufu_"))
        copy_word(file, p->hufu_file, sizeof(p->hufu_file));
    if (span_is(name, "hufu_approval")) {
        p->hufu_approval = true;
        take_range(rest, p->ranges[0], sizeof(p->ranges[0]));
    } else if (span_is(name, "hufu_audit")) {
        p->hufu_audit = true;
        take_range(rest, p->ranges[1], sizeof(p->ranges[1]));
    } else if (span_is(name, "sudoers_policy") && is_sudoers(file)) {
        p->sudoers = true;
    } else if (ends_with(name, "policy")) {
        p->other_policy = true;
        copy_word(span_is(name, "sudoers_policy") ? file : name, p->other_name, sizeof(p->other_name));
    }
}

void sudo_plugins_parse(const char *text, struct sudo_plugins *ret)
{
    struct span line, word;

    *ret = (struct sudo_plugins){.sudoers = false};
    while (lines_next(&text, &line)) {
        if (!span_word(&line, &word))
            continue;
        if (span_is_any_case(word, "Plugin"))
            take_plugin(ret, line);
        else if (span_is_any_case(word, "Path") && span_word(&line, &word) &&
                 span_is_any_case(word, "plugin_dir"))
            copy_word(span_trim(line), ret->folder, sizeof(ret->folder));
    }
    /* Approval and audit plugins do not take the policy's place: sudo adds its own. */
    ret->sudoers |= !ret->other_policy;
}
