#ifndef HUFU_ENGINE_COMMAND_H
#define HUFU_ENGINE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a grant's `command:` lines say about one run of sudo (4-documents, "Grant").
 */

/* A run as sudo's plugin describes it. */
struct command_run {
    const char *path;      /* real path of the program */
    const char *arguments; /* without argv[0]; each ended by LF, and none holds one */
    uint32_t doubts;       /* enum doubt bits */
};

/** Whether path and arguments are those of `line`, an absolute path and arguments one blank apart: the path
 * equal, as many arguments, each equal. `*` alone stands for one argument that is visible ASCII without `/`,
 * and neither empty nor an option (`-...`, or `+...` as less and vi have it), nor `.` or `..`: it is for a
 * name, and must not become another folder or another way of running the program. An argument that holds a
 * blank or is empty equals none. */
bool command_matches(const char *line, const struct command_run *run);

#endif
