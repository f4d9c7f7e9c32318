/*
 * Judges trust files, and documents under them, by the shipped broker/trust, for tests/differential/run.py to
 * compare with the second implementation. Standard input, in lines whose words are separated by tabs; where
 * SIZE stands, so many octets follow the line:
 *
 *   key NAME KIND                       a new key
 *   certificate NAME SUBJECT KEY ISSUER FROM UNTIL authority|person USAGE
 *                                       a new certificate (trust_pki.h): BASE64 SHA-256
 *   trust SIZE                          a trust file, under which all that follows is judged: valid, refused
 *   file INSTANT...                     of the trust file, at each: whether emergency, normal, privileged are
 * open; when the first person is left without a certificate document TYPE SIZE                  valid,
 * refused approval KEY HEADER-SIZE SIZE       its lines before `signature`, and what KEY signs: the line is
 * added here judge whole|kept INSTANT...         the standing at each (trust_judged.h) flush writes out what
 * was answered
 *
 * Where there is no trust file or document, what is asked of it has an empty answer.
 */
#include "broker/trust/trust_set.h"
#include "tests/differential/case_input.h"
#include "tests/differential/trust_judged.h"
#include "tests/differential/trust_pki.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct input {
    struct case_input cases;
    struct trust_set *trust;
    struct judged *judged;
};

static const char *said(bool taken)
{
    return taken ? "valid" : "refused";
}

static void make_certificate(char **words)
{
    pki_certificate(&(struct pki_plan){
        .name = words[0],
        .subject = words[1],
        .key = words[2],
        .issuer = words[3],
        .from = words[4],
        .until = words[5],
        .kind = words[6],
        .usage = words[7],
    });
}

static void take_trust(struct input *in)
{
    in->trust = trust_set_free(in->trust);
    case_read_octets(&in->cases, in->cases.words[1]);
    puts(said(trust_set_new(in->cases.octets, in->cases.size, &in->trust, NULL) == 0));
}

static void tell_file(const struct trust_set *t, when_t now)
{
    when_t until = 0;
    const char *first = trust_set_first_to_end(t, now, &until);

    printf("%d %d %d %" PRId64 " | ", trust_set_class_is_open(t, GRANT_CLASS_EMERGENCY, now),
           trust_set_class_is_open(t, GRANT_CLASS_NORMAL, now),
           trust_set_class_is_open(t, GRANT_CLASS_PRIVILEGED, now), first ? until : 0);
}

static void tell(const struct input *in)
{
    const struct case_input *c = &in->cases;

    for (size_t i = 1; in->trust && i < c->n_words; i++)
        tell_file(in->trust, strtoll(c->words[i], NULL, 10));
    puts("");
}

static void judge(const struct input *in)
{
    const struct case_input *c = &in->cases;

    if (in->trust && in->judged)
        judged_print(in->judged, in->trust, strcmp(c->words[1], "whole") == 0, c->words + 2, c->n_words - 2);
    puts("");
}

static void take_document(struct input *in)
{
    in->judged = judged_free(in->judged);
    case_read_octets(&in->cases, in->cases.words[2]);
    in->judged = judged_new(in->cases.words[1], in->cases.octets, in->cases.size);
    puts(said(in->judged != NULL));
}

static void take_approval(struct input *in)
{
    size_t header_size = strtoul(in->cases.words[2], NULL, 10);
    char *signature;
    char *approval;
    size_t size;

    case_read_octets(&in->cases, in->cases.words[3]);
    if (!in->judged)
        return;
    if (header_size > in->cases.size)
        case_fail("approval", "no header");
    signature = pki_sign(in->cases.words[1], in->cases.octets + header_size, in->cases.size - header_size);
    size = header_size + strlen("signature: \n") + strlen(signature);
    approval = malloc(size + 1);
    if (!approval)
        case_fail("approval", "no memory");
    memcpy(approval, in->cases.octets, header_size);
    (void)snprintf(approval + header_size, size + 1 - header_size, "signature: %s\n", signature);
    judged_add_approval(in->judged, approval, size);
    free(signature);
}

static void one(struct input *in)
{
    struct case_input *c = &in->cases;
    const char *what = c->words[0];

    if (strcmp(what, "key") == 0 && c->n_words == 3)
        pki_key(c->words[1], c->words[2]);
    else if (strcmp(what, "certificate") == 0 && c->n_words == 9)
        make_certificate(c->words + 1);
    else if (strcmp(what, "trust") == 0 && c->n_words == 2)
        take_trust(in);
    else if (strcmp(what, "file") == 0)
        tell(in);
    else if (strcmp(what, "document") == 0 && c->n_words == 3)
        take_document(in);
    else if (strcmp(what, "approval") == 0 && c->n_words == 4)
        take_approval(in);
    else if (strcmp(what, "judge") == 0 && c->n_words >= 3)
        judge(in);
    else if (strcmp(what, "flush") == 0)
        (void)fflush(stdout);
    else
        case_fail("no such line", what);
}

int main(void)
{
    static struct input in;

    while (case_read_line(&in.cases))
        one(&in);
    judged_free(in.judged);
    trust_set_free(in.trust);
    pki_done();
    free(in.cases.line);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
