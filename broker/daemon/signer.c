#include "broker/daemon/signer.h"

#include "broker/common/threads.h"
#include "broker/daemon/signer_program.h"
#include "broker/trust/ledger_key.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TOKEN_TIMEOUT_MS 10000

struct signer {
    sd_event *event;
    char *program;

    struct ledger_key *file;
    char *uri, *pin_file;         /* of a token */
    struct ledger_public *public; /* of the token's key */

    /* One signature by a token. The thread has the run and the octets, and touches nothing else. */
    bool busy;
    pthread_t thread;
    int wake;
    sd_event_source *source;
    struct signer_run run;
    struct buf octets;
    signer_done *done;
    void *userdata;
};

bool signer_is_set(const struct signer *s)
{
    return s->file || s->uri;
}

const struct ledger_public *signer_public(const struct signer *s)
{
    return s->file ? ledger_key_public(s->file) : s->public;
}

/* ---- the token ---- */

static void *thread_main(void *userdata)
{
    struct signer *s = userdata;

    signer_run(&s->run, s->octets.data, s->octets.size, TOKEN_TIMEOUT_MS);
    (void)eventfd_write(s->wake, 1);
    return NULL;
}

/* The key that the token has may be another one than it was: it is learnt anew then, and nothing is signed.
 */
static int take_public(struct signer *s, const struct signer_run *run)
{
    cleanup(ledger_public_free_p) struct ledger_public *found = NULL;
    const char *fault = NULL;
    int r = ledger_public_from_der(run->spki, run->spki_size, &found, &fault);

    if (r < 0)
        return r;
    if (!s->public || strcmp(ledger_public_fingerprint(s->public), ledger_public_fingerprint(found)) != 0) {
        ledger_public_free(s->public);
        s->public = steal_pointer(&found);
        return 1;
    }
    return 0;
}

static int check_signature(const struct signer *s, const void *octets, size_t size, const uint8_t *signature,
                           size_t signature_size)
{
    const struct ledger_public *p = signer_public(s);
    int r = ledger_public_verify(p, ledger_public_algorithm(p), octets, size, signature, signature_size);

    return r < 0 ? r : r == 1 ? 0 : -EBADMSG;
}

static void answer(const struct signer_run *run, signer_done *done, void *userdata)
{
    done(userdata, &(struct signer_answer){.result = run->result,
                                           .signature = run->signature,
                                           .size = run->signature_size,
                                           .why = run->why});
}

/* What a token has answered, judged. */
static void settle(struct signer *s, struct signer_run *run, const struct buf *octets)
{
    int r = run->result;

    if (r == 0)
        r = take_public(s, run);
    if (r == 1)
        r = octets->size > 0 ? -EKEYREJECTED : 0;
    else if (r == 0 && octets->size > 0)
        r = check_signature(s, octets->data, octets->size, run->signature, run->signature_size);
    if (r < 0 && run->result == 0)
        (void)snprintf(run->why, sizeof(run->why), "%s",
                       r == -EKEYREJECTED ? "the token has another key than before"
                                          : "what the token answered is no signature by its key");
    run->result = r;
}

static void end_thread(struct signer *s)
{
    if (!s->busy)
        return;
    signer_run_cancel(&s->run);
    (void)pthread_join(s->thread, NULL);
    s->source = sd_event_source_disable_unref(s->source);
    s->busy = false;
}

static int on_wake(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct signer *s = userdata;
    struct signer_run run;
    struct buf octets = s->octets;
    eventfd_t n;

    (void)source;
    (void)events;
    (void)eventfd_read(fd, &n);
    (void)pthread_join(s->thread, NULL);
    s->source = sd_event_source_disable_unref(s->source);
    s->busy = false;
    s->octets = BUF_INIT;
    signer_run_take(&s->run, &run);
    settle(s, &run, &octets);
    answer(&run, s->done, s->userdata);
    signer_run_done(&run);
    buf_done(&octets);
    return 0;
}

static int start_thread(struct signer *s)
{
    int r = sd_event_add_io(s->event, &s->source, s->wake, EPOLLIN, on_wake, s);

    if (r < 0)
        return r;
    r = thread_start(&s->thread, NULL, thread_main, s);
    s->busy = r == 0;
    if (r != 0)
        s->source = sd_event_source_disable_unref(s->source);
    return r;
}

static int begin_token(struct signer *s, const void *octets, size_t size, signer_done *done, void *userdata)
{
    buf_done(&s->octets);
    buf_put(&s->octets, octets, size);
    if (buf_error(&s->octets) < 0)
        return buf_error(&s->octets);
    signer_run_begin(&s->run, s->program, s->uri, s->pin_file);
    s->done = done;
    s->userdata = userdata;
    return start_thread(s);
}

/* ---- both ---- */

static int sign_by_file(struct signer *s, const void *octets, size_t size, signer_done *done, void *userdata)
{
    cleanup_free uint8_t *signature = NULL;
    struct signer_answer a = {.why = ""};
    int r = size > 0 ? ledger_key_sign(s->file, octets, size, &signature, &a.size) : 0;

    a.result = r;
    a.signature = signature;
    if (r < 0)
        a.why = "the key cannot sign";
    done(userdata, &a);
    return 0;
}

int signer_sign(struct signer *s, const void *octets, size_t size, signer_done *done, void *userdata)
{
    if (s->busy)
        return -EBUSY;
    if (s->file)
        return sign_by_file(s, octets, size, done, userdata);
    return s->uri ? begin_token(s, octets, size, done, userdata) : -ENOKEY;
}

int signer_sign_now(struct signer *s, const void *octets, size_t size, int timeout_ms, signer_done *done,
                    void *userdata)
{
    // NOLINTNEXTLINE(performance-no-int-to-ptr): only read
    const struct buf given = {.data = (uint8_t *)(uintptr_t)octets, .size = size};
    struct signer_run run = {.result = 0};

    end_thread(s);
    if (s->file)
        return sign_by_file(s, octets, size, done, userdata);
    if (!s->uri)
        return -ENOKEY;
    signer_run_begin(&run, s->program, s->uri, s->pin_file);
    signer_run(&run, octets, size, timeout_ms);
    settle(s, &run, &given);
    answer(&run, done, userdata);
    signer_run_done(&run);
    return 0;
}

void signer_use_none(struct signer *s)
{
    end_thread(s);
    s->file = ledger_key_free(s->file);
    s->public = ledger_public_free(s->public);
    free(s->uri);
    free(s->pin_file);
    s->uri = s->pin_file = NULL;
}

int signer_use_pem(struct signer *s, const char *pem, size_t size, char why[static SIGNER_WHY_SIZE])
{
    int r;

    signer_use_none(s);
    r = ledger_key_parse(pem, size, &s->file);
    if (r < 0)
        (void)snprintf(why, SIGNER_WHY_SIZE, "%s",
                       r == -EKEYREJECTED ? "it has a passphrase, which nobody can enter"
                       : r == -EINVAL     ? "it is no private key of a kind that can sign here"
                                          : strerror(-r));
    return r;
}

int signer_use_token(struct signer *s, const char *uri, const char *pin_file)
{
    signer_use_none(s);
    s->uri = strdup(uri);
    s->pin_file = pin_file ? strdup(pin_file) : NULL;
    if (s->uri && (s->pin_file || !pin_file))
        return 0;
    signer_use_none(s);
    return -ENOMEM;
}

int signer_new(sd_event *event, const char *program, struct signer **ret)
{
    cleanup(signer_free_p) struct signer *s = calloc(1, sizeof(*s));

    *ret = NULL;
    if (!s)
        return -ENOMEM;
    s->event = sd_event_ref(event);
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->program = strdup(program);
    if (s->wake < 0 || !s->program)
        return s->wake < 0 ? -errno : -ENOMEM;
    *ret = steal_pointer(&s);
    return 0;
}

struct signer *signer_free(struct signer *s)
{
    if (!s)
        return NULL;
    signer_use_none(s);
    signer_run_done(&s->run);
    buf_done(&s->octets);
    if (s->wake >= 0)
        (void)close(s->wake);
    sd_event_unref(s->event);
    free(s->program);
    free(s);
    return NULL;
}
