// LAYERS: daemon store audit trust common document base
// LIBRARIES: libcrypto
// PARTS: ctl broker/ctl/manifest.c
// COVERS: broker/ctl/manifest.c:-is_name,manifest_add broker/store/anchor.c:-anchor_make
// COVERS: broker/daemon/tally.c:read_texts,read_sample,read_sources,tally_decode,tally_encode_sample
// COVERS: broker/daemon/tally.c:tally_encode_addresses,tally_record
// COVERS: broker/daemon/identity.c:parse_machine_id,identity_machine_id
// COVERS: broker/daemon/signer_program.c:drain,decode_line,take_output,say_why,signer_run
// COVERS: broker/store/txn.c:txn_approvals_encode,txn_approvals_decode
// OPTIONS: -max_len=8192
// CUTS: 16
/*
 * What hufud and hufuctl wrote themselves and read again from a disk, after somebody else was there. The
 * first octet says as what: the manifest of a backup, the anchor beside the store, the columns of a counted
 * record and of approvals, the host's machine-id; and what hufu-ledger-sign answers. What is accepted is
 * written back as the very octets; an anchor is believed with its digest alone.
 */
#include "broker/common/files.h"
#include "broker/ctl/manifest.h"
#include "broker/daemon/broker.h"
#include "broker/daemon/identity.h"
#include "broker/daemon/signer_program.h"
#include "broker/daemon/tally.h"
#include "broker/store/anchor.h"
#include "broker/store/txn.h"
#include "broker/trust/digest.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void try_manifest(const char *octets, size_t size)
{
    cleanup_free char *text = NULL;
    struct manifest m;
    unsigned line = 0, lines = 1;

    if (manifest_parse(octets, size, &m, &line) < 0) {
        for (size_t i = 0; i < size; i++)
            lines += octets[i] == '\n';
        demand(line > 0 && line <= lines, "refused in a line that is not there");
        return;
    }
    text = manifest_format(&m);
    demand(text && strlen(text) == size && memcmp(text, octets, size) == 0, "a manifest has one text");
    for (size_t i = 0; i < m.n_files; i++)
        demand(manifest_find(&m, m.files[i].name) == &m.files[i] && !strchr(m.files[i].name, '/'),
               "a file twice, or one elsewhere");
}

static char path[] = "/tmp/hufu-fuzz-anchor-XXXXXX";

static void clear_up(void)
{
    (void)unlink(path);
}

static void put_file(const uint8_t *data, size_t size)
{
    static bool made;
    int fd = made ? open(path, O_WRONLY | O_TRUNC | O_CLOEXEC) : mkstemp(path);

    if (!made)
        (void)atexit(clear_up);
    made = true;
    demand(fd >= 0 && write(fd, data, size) == (ssize_t)size, "a file");
    (void)close(fd);
}

static int no_digest(const void *octets, size_t size, uint8_t out[static 32])
{
    (void)octets;
    (void)size;
    memset(out, 0x5a, 32);
    return 0;
}

/* As it is, where no such octets have the right digest; and with a digest that all 0x5a satisfies. */
static void try_anchor(const uint8_t *data, size_t size)
{
    anchor_digest *const digests[] = {digest_sha256, no_digest};

    put_file(data, size);
    for (size_t i = 0; i < ARRAY_SIZE(digests); i++) {
        struct anchor *a = NULL;
        struct anchor_mark mark = {0}, again = {0};
        int r = anchor_open(path, digests[i], &a, &mark);

        demand((r == 0) == (a != NULL), "refused, and an anchor is left");
        if (!a)
            continue;
        demand(memchr(mark.ledger, 0, sizeof(mark.ledger)) != NULL, "a ledger's name has an end");
        mark.sequence++;
        r = anchor_set(a, &mark);
        anchor_free(a);
        demand(r == 0 || r == -EOVERFLOW, "an anchor is written");
        demand(r < 0 || (anchor_open(path, digests[i], &a, &again) == 0 && again.sequence == mark.sequence &&
                         strcmp(again.ledger, mark.ledger) == 0 &&
                         memcmp(again.hash, mark.hash, sizeof(mark.hash)) == 0),
               "what was written last is read");
        if (r == 0)
            anchor_free(a);
        put_file(data, size);
    }
}

/* The sample, an octet 0xff that none has, the addresses. */
static void try_tally(const uint8_t *data, size_t size)
{
    cleanup_buf struct buf sample = BUF_INIT, addresses = BUF_INIT;
    struct store_repetition x = {.key = "k", .count = 2, .first_us = 1, .last_us = 2};
    struct tally *t = NULL;
    struct record r;
    size_t split = size > 2 ? (size_t)data[0] << 8 | data[1] : 0;

    if (size <= 2 || split > size - 2)
        return;
    x.sample = data + 2;
    x.sample_size = split;
    x.addresses = data + 2 + split;
    x.addresses_size = size - 2 - split;
    if (tally_decode(&x, &t) < 0) {
        demand(!t, "refused, and a tally is left");
        return;
    }
    tally_encode_sample(t, &sample);
    tally_encode_addresses(t, &addresses);
    demand(buf_error(&sample) == 0 && sample.size == x.sample_size &&
               memcmp(sample.data, x.sample, sample.size) == 0,
           "a sample has one encoding");
    demand(buf_error(&addresses) == 0 && addresses.size == x.addresses_size &&
               memcmp(addresses.data, x.addresses, addresses.size) == 0,
           "addresses have one encoding");
    r = tally_record(t);
    demand(r.count == 2, "it counts what was counted");
    tally_add(t, &r);
    tally_free(t);
}

static void try_approvals(const uint8_t *data, size_t size)
{
    cleanup_free struct store_blob *blobs = NULL;
    cleanup_buf struct buf again = BUF_INIT;
    size_t n = 0;

    if (txn_approvals_decode(data, size, &blobs, &n) < 0) {
        demand(!blobs && n == 0, "refused, and approvals are left");
        return;
    }
    txn_approvals_encode(&again, blobs, n);
    demand(buf_error(&again) == 0 && again.size == size && memcmp(again.data, data, size) == 0,
           "approvals have one encoding");
}

/* ---- the same as a file ---- */

static void try_machine_id(const uint8_t *data, size_t size)
{
    const struct broker_options options = {.machine_id_path = fuzz_file(data, size), .owner = geteuid()};
    char id[IDENTITY_ID_SIZE];

    if (identity_machine_id(&options, id) < 0) {
        demand(id[0] == '\0', "refused, and a host is left");
        return;
    }
    demand(strlen(id) == IDENTITY_ID_SIZE - 1 && size >= strlen(id) && size <= strlen(id) + 1 &&
               memcmp(id, data, strlen(id)) == 0,
           "a host that is called otherwise");
    demand(strspn(id, "0") < strlen(id), "a host that nobody is");
}

static bool is_line_of(const uint8_t *octets, size_t size, const char *line, size_t length)
{
    cleanup_free char *text = ident_base64_encode(octets, size);

    return text && strlen(text) == length && memcmp(text, line, length) == 0;
}

/* Key and signature, each a line of base64; whether something was to be signed is in the first octet. */
static void try_answer(const uint8_t *data, size_t size, bool sign)
{
    struct signer_run r = {.spki = NULL};
    const char *text = (const char *)data, *end;

    signer_run_begin(&r, "/bin/cat", fuzz_file(data, size), NULL);
    signer_run(&r, "x", sign, 10000);
    if (r.result == 0) {
        end = memchr(text, '\n', size);
        demand(end && r.spki && is_line_of(r.spki, r.spki_size, text, (size_t)(end - text)), "another key");
        text = end + 1;
        end = (const char *)data + size - 1;
        demand(end >= text && *end == '\n' &&
                   is_line_of(r.signature, r.signature_size, text, (size_t)(end - text)),
               "another signature");
        demand(r.signature || !sign, "nothing was signed");
    } else {
        demand(r.why[0] != '\0' && memchr(r.why, 0, sizeof(r.why)), "a refusal says why");
    }
    signer_run_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    switch (size > 0 ? data[0] : 0) {
    case 'm':
        try_manifest((const char *)data + 1, size - 1);
        break;
    case 'a':
        try_anchor(data + 1, size - 1);
        break;
    case 't':
        try_tally(data + 1, size - 1);
        break;
    case 'b':
        try_approvals(data + 1, size - 1);
        break;
    case 'i':
        try_machine_id(data + 1, size - 1);
        break;
    case 'l':
    case 's':
        try_answer(data + 1, size - 1, data[0] == 's');
        break;
    default:
        break;
    }
    return 0;
}
