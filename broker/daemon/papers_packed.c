#include "broker/daemon/papers_packed.h"

#include "broker/trust/digest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX UINT16_MAX /* of a kind; none of them has this number */
#define TEXT_SIZE 256        /* of the lines that follow from the document */
#define IN_SHORT  0x80       /* set in the outcome of an approval that is packed */
#define HEAD_END  "\napproved-at: "

struct head {
    char *text; /* of an approval, up to the value of approved-at */
    size_t size;
};

struct papers_words {
    struct head *heads;
    struct quorum_signature *votes;
    uint8_t (*bases)[TRUST_BASIS_SIZE];
    size_t n_heads, n_votes, n_bases;
};

int papers_words_new(struct papers_words **ret)
{
    *ret = calloc(1, sizeof(**ret));
    return *ret ? 0 : -ENOMEM;
}

struct papers_words *papers_words_free(struct papers_words *w)
{
    if (!w)
        return NULL;
    for (size_t i = 0; i < w->n_heads; i++)
        free(w->heads[i].text);
    free(w->heads);
    free(w->votes);
    free(w->bases);
    free(w);
    return NULL;
}

/* ---- numbers of words ---- */

/* Room for one more: memory grows by doubling. */
static bool has_room(void **items, size_t n, size_t size)
{
    void *more;

    if (n == WORDS_MAX)
        return false;
    if ((n & (n - 1)) != 0)
        return true;
    more = reallocarray(*items, n == 0 ? 1 : 2 * n, size);
    if (more)
        *items = more;
    return more != NULL;
}

static uint16_t number_of_head(struct papers_words *w, const char *text, size_t size)
{
    char *copy;

    for (size_t i = 0; i < w->n_heads; i++)
        if (w->heads[i].size == size && memcmp(w->heads[i].text, text, size) == 0)
            return (uint16_t)i;
    if (!has_room((void **)&w->heads, w->n_heads, sizeof(*w->heads)))
        return WORDS_MAX;
    copy = malloc(size);
    if (!copy)
        return WORDS_MAX;
    memcpy(copy, text, size);
    w->heads[w->n_heads] = (struct head){copy, size};
    return (uint16_t)w->n_heads++;
}

static bool is_same_vote(const struct quorum_signature *a, const struct quorum_signature *b)
{
    return a->vote.person == b->vote.person && a->vote.role == b->vote.role && a->until == b->until &&
           memcmp(a->certificate, b->certificate, sizeof(a->certificate)) == 0;
}

static uint16_t number_of_vote(struct papers_words *w, const struct quorum_signature *vote)
{
    for (size_t i = 0; i < w->n_votes; i++)
        if (is_same_vote(&w->votes[i], vote))
            return (uint16_t)i;
    if (!has_room((void **)&w->votes, w->n_votes, sizeof(*w->votes)))
        return WORDS_MAX;
    w->votes[w->n_votes] = *vote;
    return (uint16_t)w->n_votes++;
}

static uint16_t number_of_basis(struct papers_words *w, const uint8_t *basis)
{
    for (size_t i = w->n_bases; i-- > 0;)
        if (memcmp(w->bases[i], basis, TRUST_BASIS_SIZE) == 0)
            return (uint16_t)i;
    if (!has_room((void **)&w->bases, w->n_bases, sizeof(*w->bases)))
        return WORDS_MAX;
    memcpy(w->bases[w->n_bases], basis, TRUST_BASIS_SIZE);
    return (uint16_t)w->n_bases++;
}

/* ---- instants: to the year 9999 in five octets ---- */

static bool fits(when_t t)
{
    return t >= 0 && t >> 40 == 0;
}

static void put_when(struct buf *b, when_t t)
{
    buf_put_u8(b, (uint8_t)(t >> 32));
    buf_put_u32(b, (uint32_t)t);
}

static when_t get_when(struct view *v)
{
    when_t high = view_get_u8(v);

    return high << 32 | (when_t)view_get_u32(v);
}

/* ---- what follows from the document ---- */

static int write_subject(const struct grant *g, struct octets document, char text[static TEXT_SIZE])
{
    char id[IDENT_ID_TEXT_SIZE], hex[2 * 32 + 1];
    uint8_t sha256[32];
    int r = digest_sha256(document.data, document.size, sha256);

    if (r < 0)
        return r;
    ident_format_id(&g->id, id);
    ident_format_hex(sha256, sizeof(sha256), hex);
    (void)snprintf(text, TEXT_SIZE,
                   "\nsubject: grant %s %u\nsubject-length: %zu\nsubject-sha256: %s\nsignature: ", id,
                   g->version, document.size, hex);
    return 0;
}

/* ---- an approval in short ---- */

struct approval_in_short {
    struct octets head;
    when_t at;
    uint8_t *signature;
    size_t size;
};

static void short_done(struct approval_in_short *s)
{
    free(s->signature);
}

static int write_approval(const struct approval_in_short *s, const char *subject, struct buf *ret)
{
    cleanup_free char *base64 = ident_base64_encode(s->signature, s->size);
    char at[WHEN_TEXT_SIZE];

    if (!base64)
        return -ENOMEM;
    when_format(s->at, at);
    buf_put(ret, s->head.data, s->head.size);
    buf_puts(ret, at);
    buf_puts(ret, subject);
    buf_puts(ret, base64);
    buf_puts(ret, "\n");
    return buf_error(ret);
}

/* Finds the parts of a well-formed approval of this subject. */
static bool take_apart(struct octets approval, const char *subject, struct approval_in_short *ret)
{
    const char *text = (const char *)approval.data, *end = text + approval.size;
    const char *at = memmem(text, approval.size, HEAD_END, strlen(HEAD_END));
    const char *signature = memmem(text, approval.size, subject, strlen(subject));

    if (!at || !signature || signature < at)
        return false;
    at += strlen(HEAD_END);
    ret->head = (struct octets){approval.data, (size_t)(at - text)};
    if (when_parse(at, (size_t)(signature - at), &ret->at) < 0)
        return false;
    signature += strlen(subject);
    return signature < end &&
           ident_base64_decode(signature, (size_t)(end - signature) - 1, &ret->signature, &ret->size) == 0;
}

static void put_verdict(struct buf *b, const struct trust_verdict *v, unsigned flag)
{
    buf_put_u8(b, (uint8_t)(v->outcome | flag));
    buf_put_u8(b, v->signer);
    buf_put_u8(b, v->role);
}

/* Only if the same octets can be made again, since a signature is over nothing else. */
static bool pack_in_short(struct papers_words *w, struct octets approval, const struct trust_verdict *v,
                          const char *subject, struct buf *ret)
{
    cleanup(short_done) struct approval_in_short s = {.at = 0};
    cleanup_buf struct buf again = BUF_INIT;
    uint16_t head;

    if (!take_apart(approval, subject, &s) || s.size > UINT16_MAX || !fits(s.at) ||
        write_approval(&s, subject, &again) < 0 || again.size != approval.size ||
        memcmp(again.data, approval.data, again.size) != 0)
        return false;
    head = number_of_head(w, (const char *)s.head.data, s.head.size);
    if (head == WORDS_MAX)
        return false;
    put_verdict(ret, v, IN_SHORT);
    buf_put_u16(ret, head);
    put_when(ret, s.at);
    buf_put_u16(ret, (uint16_t)s.size);
    buf_put(ret, s.signature, s.size);
    return true;
}

/* ---- packing ---- */

static bool follows_from(const struct grant *g, struct octets document)
{
    cleanup_buf struct buf again = BUF_INIT;

    grant_common_join(g, &again);
    return buf_error(&again) == 0 && again.size == document.size &&
           memcmp(again.data, document.data, document.size) == 0;
}

static int pack_votes(struct papers_words *w, const struct grant_papers *x, struct buf *ret)
{
    buf_put_u8(ret, (uint8_t)x->n_votes);
    for (size_t i = 0; i < x->n_votes; i++) {
        uint16_t number = number_of_vote(w, &x->votes[i]);

        if (number == WORDS_MAX)
            return -ENOMEM;
        buf_put_u16(ret, number);
    }
    return 0;
}

static int pack_approvals(struct papers_words *w, const struct grant *g, const struct grant_papers *x,
                          struct buf *ret)
{
    char subject[TEXT_SIZE];
    int r = write_subject(g, x->document, subject);

    buf_put_u8(ret, (uint8_t)x->n_approvals);
    for (size_t i = 0; i < x->n_approvals && r == 0; i++) {
        const struct trust_verdict *v = &x->verdicts[i];

        /* Those that count are by who is in the trust file, so that their first lines are a few. */
        if (v->outcome == SIGNATURE_COUNTED && pack_in_short(w, x->approvals[i], v, subject, ret))
            continue;
        put_verdict(ret, v, 0);
        buf_put_u32(ret, (uint32_t)x->approvals[i].size);
        buf_put(ret, x->approvals[i].data, x->approvals[i].size);
    }
    return r;
}

int papers_pack(struct papers_words *w, const struct grant *g, const struct grant_papers *x, struct buf *ret)
{
    uint16_t basis = number_of_basis(w, x->basis);
    int r;

    if (basis == WORDS_MAX || !fits(x->judged_at))
        return -ENOMEM;
    if (!follows_from(g, x->document))
        return -EBADMSG;
    put_when(ret, x->judged_at);
    buf_put_u16(ret, basis);
    r = pack_votes(w, x, ret);
    if (r == 0)
        r = pack_approvals(w, g, x, ret);
    return r < 0 ? r : buf_error(ret);
}

/* ---- unpacking ---- */

struct unpacking {
    const struct papers_words *words;
    struct view view;
    when_t judged_at;
    const uint8_t *basis;
    struct quorum_signature votes[QUORUM_VOTES_MAX];
    size_t n_votes;
};

static void unpack_head(const struct papers_words *w, const uint8_t *packed, size_t size, struct unpacking *u)
{
    *u = (struct unpacking){.words = w, .view = view_of(packed, size)};
    u->judged_at = get_when(&u->view);
    u->basis = w->bases[view_get_u16(&u->view)];
    u->n_votes = view_get_u8(&u->view);
    for (size_t i = 0; i < u->n_votes; i++)
        u->votes[i] = w->votes[view_get_u16(&u->view)];
}

static int unpack_approval(struct unpacking *u, const char *subject, struct trust_verdict *verdict,
                           struct buf *ret)
{
    uint8_t outcome = view_get_u8(&u->view);
    struct approval_in_short s;
    size_t size;

    verdict->outcome = outcome & (uint8_t)~IN_SHORT;
    verdict->signer = view_get_u8(&u->view);
    verdict->role = view_get_u8(&u->view);
    if (outcome & IN_SHORT) {
        const struct head *head = &u->words->heads[view_get_u16(&u->view)];

        s.head = (struct octets){(const uint8_t *)head->text, head->size};
        s.at = get_when(&u->view);
        s.size = view_get_u16(&u->view);
        s.signature = (uint8_t *)view_get(&u->view, s.size);
        return write_approval(&s, subject, ret);
    }
    size = view_get_u32(&u->view);
    buf_put(ret, view_get(&u->view, size), size);
    return buf_error(ret);
}

int papers_unpack(const struct papers_words *w, const struct grant *g, const uint8_t *packed, size_t size,
                  struct grant_papers **ret)
{
    cleanup_buf struct buf document = BUF_INIT, text = BUF_INIT;
    struct trust_verdict verdicts[QUORUM_VOTES_MAX] = {{0}};
    struct octets approvals[QUORUM_VOTES_MAX];
    size_t ends[QUORUM_VOTES_MAX + 1] = {0}, n;
    char subject[TEXT_SIZE];
    struct unpacking u;
    int r;

    *ret = NULL;
    if (size == 0)
        return -ENOENT;
    unpack_head(w, packed, size, &u);
    grant_common_join(g, &document);
    r = buf_error(&document);
    if (r == 0)
        r = write_subject(g, (struct octets){document.data, document.size}, subject);
    n = view_get_u8(&u.view);
    for (size_t i = 0; i < n && r == 0; i++) {
        r = unpack_approval(&u, subject, &verdicts[i], &text);
        ends[i + 1] = text.size;
    }
    for (size_t i = 0; i < n && r == 0; i++)
        approvals[i] = (struct octets){text.data + ends[i], ends[i + 1] - ends[i]};
    if (r == 0)
        r = papers_make(&g->id, g->version, (struct octets){document.data, document.size}, NULL, approvals, n,
                        ret);
    if (r != 0)
        return r;
    (*ret)->judged_at = u.judged_at;
    memcpy((*ret)->basis, u.basis, TRUST_BASIS_SIZE);
    memcpy((*ret)->verdicts, verdicts, sizeof(verdicts));
    papers_keep_votes(*ret, u.votes, u.n_votes);
    return 0;
}

bool papers_packed_rest_on(const struct papers_words *w, const uint8_t *packed, size_t size,
                           const uint8_t basis[static TRUST_BASIS_SIZE])
{
    struct view view = view_of(packed, size);

    (void)get_when(&view);
    return memcmp(w->bases[view_get_u16(&view)], basis, TRUST_BASIS_SIZE) == 0;
}

when_t papers_packed_judged_at(const uint8_t *packed, size_t size)
{
    struct view view = view_of(packed, size);

    return get_when(&view);
}

size_t papers_packed_votes(const struct papers_words *w, const uint8_t *packed, size_t size,
                           struct quorum_signature votes[static QUORUM_VOTES_MAX])
{
    struct unpacking u;

    if (size == 0)
        return 0;
    unpack_head(w, packed, size, &u);
    memcpy(votes, u.votes, u.n_votes * sizeof(*votes));
    return u.n_votes;
}
