/*
 * Answers questions by the shipped engine, one line each, for tests/differential/run.py to compare with the
 * second implementation. Standard input, in lines whose words are separated by tabs; where SIZE stands, so
 * many octets follow the line:
 *
 *   scene                               an empty index
 *   grant SIZE [@BOOK VALUE]...         puts a document, with its books: ok, stale ...
 *   ask QUESTION [FACT VALUE]...        facts that differ from those of base.inc: ANSWER | TRACE
 *   text TYPE SIZE                      a grant, an approval ...? valid, refused
 *   word KIND SIZE                      such a word? its canonical text, or refused
 *   quorum ...                          as quorum_cases.h has it
 *   limit VALIDITY SESSION FIELDS SIZE  a grant that is within this? within, wider
 *   flush                               writes out what was answered
 *
 * Questions, facts and books are those of tests/golden, read by its readers.
 *
 *   decide_cases BASE.INC
 */
#include "tests/differential/case_input.h"
#include "tests/differential/quorum_cases.h"
#include "tests/differential/text_cases.h"
#include "tests/differential/word_cases.h"
#include "tests/golden/answer.h"
#include "tests/golden/scene_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct input {
    struct case_input cases;
    struct scene scene;
    const struct table_lines *defaults;
};

_Static_assert(CASE_WORDS_MAX >= 2 * TABLE_LINES_MAX + 2, "a line of facts, each once");

/* Pairs of words from `from` on. */
static void pairs_of(const struct input *in, size_t from, struct table_lines *ret)
{
    ret->count = 0;
    for (size_t i = from; i + 1 < in->cases.n_words; i += 2)
        ret->items[ret->count++] =
            (struct table_line){.key = in->cases.words[i], .value = in->cases.words[i + 1]};
}

static void begin_scene(struct input *in)
{
    static const uint8_t seed[GRANT_INDEX_SEED_SIZE] = {3, 2, 1};

    scene_done(&in->scene);
    memset(&in->scene, 0, sizeof in->scene);
    if (grant_index_new(seed, &in->scene.index) < 0)
        case_fail("scene", "no memory");
}

static void put_grant(struct input *in)
{
    struct table_lines books;
    struct scene_put put;

    pairs_of(in, 2, &books);
    case_read_octets(&in->cases, in->cases.words[1]);
    if (scene_put(&in->scene, in->cases.octets, in->cases.size, &books, &put) < 0)
        case_fail("grant", put.error);
    puts(put.answer);
}

static void ask(struct input *in)
{
    struct scene *s = &in->scene;
    struct grant_index *index = s->index;
    struct table_lines facts;
    char error[SCENE_TEXT_SIZE];
    struct answer a;

    memset(s, 0, sizeof *s);
    s->index = index;
    pairs_of(in, 2, &facts);
    if (scene_facts_read(s, in->defaults, &facts, error) < 0)
        case_fail("ask", error);
    if (answer_get(s, in->cases.words[1], &a) < 0)
        case_fail("no such question", in->cases.words[1]);
    printf("%s | %s\n", a.text, a.trace);
}

static void judge_text(struct input *in)
{
    const char *answer;

    case_read_octets(&in->cases, in->cases.words[2]);
    answer = text_case(in->cases.words[1], in->cases.octets, in->cases.size);
    if (!answer)
        case_fail("no such type of document", in->cases.words[1]);
    puts(answer);
}

static void judge_word(struct input *in)
{
    char text[WORD_TEXT_SIZE];

    case_read_octets(&in->cases, in->cases.words[2]);
    if (word_canonical(in->cases.words[1], in->cases.octets, in->cases.size, text) < 0)
        case_fail("no such kind of word", in->cases.words[1]);
    puts(text);
}

static void judge_limit(struct input *in)
{
    cleanup(grant_free_p) struct grant *g = NULL;

    case_read_octets(&in->cases, in->cases.words[4]);
    if (grant_parse(in->cases.octets, in->cases.size, &g, NULL) < 0)
        case_fail("limit", "no grant");
    puts(limit_case(in->cases.words[1], in->cases.words[2], in->cases.words[3], g) ? "within" : "wider");
}

static void one(struct input *in)
{
    const char *what = in->cases.words[0];

    if (strcmp(what, "scene") == 0)
        begin_scene(in);
    else if (strcmp(what, "grant") == 0 && in->cases.n_words >= 2)
        put_grant(in);
    else if (strcmp(what, "ask") == 0 && in->cases.n_words >= 2)
        ask(in);
    else if (strcmp(what, "text") == 0 && in->cases.n_words == 3)
        judge_text(in);
    else if (strcmp(what, "word") == 0 && in->cases.n_words == 3)
        judge_word(in);
    else if (strcmp(what, "quorum") == 0)
        quorum_case(in->cases.words + 1, in->cases.n_words - 1);
    else if (strcmp(what, "limit") == 0 && in->cases.n_words == 5)
        judge_limit(in);
    else if (strcmp(what, "flush") == 0)
        fflush(stdout);
    else
        case_fail("no such line", what);
}

int main(int argc, char **argv)
{
    static struct input in;
    struct table *base;

    if (argc != 2 || table_read(argv[1], &base) < 0) {
        fprintf(stderr, "usage: decide_cases BASE.INC\n");
        return 2;
    }
    in.defaults = table_facts(base);
    while (case_read_line(&in.cases))
        one(&in);
    scene_done(&in.scene);
    table_free(base);
    free(in.cases.line);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
