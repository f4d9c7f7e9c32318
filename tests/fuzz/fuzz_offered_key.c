// LAYERS: client wire base
// LIBRARIES: pam
// COVERS: pam_module/offered_key.c
// OPTIONS: -max_len=8192
/*
 * What sshd hands to hufu-authorized-keys, a line each: account, type and key as an unauthenticated client
 * says them, and the options that hufud answers with. Whatever is taken fits the frame, and what is printed
 * is one line of three words.
 */
#include "pam_module/offered_key.h"
#include "policy/base/cleanup.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

static void demand_word(const char *text)
{
    demand(text[0] != '\0', "a word is something");
    for (; *text != '\0'; text++)
        demand(*text > ' ' && *text <= '~', "a word has no blank and nothing that is not seen");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t frame[FRAME_MAX];
    static struct gate_keys m;
    static char nothing[1];
    cleanup_free char *text = fuzz_text(data, size);
    char *rest = text, *words[4];

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        char *word = strsep(&rest, "\n");

        words[i] = word ? word : nothing;
    }
    if (offered_key_are_options(words[3])) {
        demand_word(words[3]);
        demand(strncmp(words[3], "restrict", 8) == 0, "a key without bounds");
    }
    m = (struct gate_keys){.pid = 1300, .parent = 1200};
    if (!offered_key_take(words, &m))
        return 0;
    demand(gate_encode_keys(&m, frame) > 0, "a key that no frame holds");
    demand(strcmp(m.user, words[0]) == 0 && strcmp(m.key_type, words[1]) == 0 && strcmp(m.key, words[2]) == 0,
           "it is told as it came");
    demand_word(m.key_type);
    demand_word(m.key);
    return 0;
}
