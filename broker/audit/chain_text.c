#include "broker/audit/chain.h"
#include "broker/common/i18n.h"

static const struct {
    const char *name, *sentence;
} rows[] = {
    [CHAIN_SOUND] = {"sound", N_("it is as it was written")},
    [CHAIN_CONTENT] = {"content-changed",
                       N_("its content was changed: its hash is not the one of what it says")},
    [CHAIN_LINK] = {"link-broken", N_("it was written behind another record than the one that stands before "
                                      "it now: that one was replaced")},
    [CHAIN_GAP] = {"removed", N_("it was removed: the sequence has a gap")},
    [CHAIN_ORDER] = {"out-of-order", N_("it was inserted, repeated or moved: its number was passed already")},
    [CHAIN_BEGIN] = {"beginning", N_("the ledger does not begin where it should")},
    [CHAIN_FORMAT] = {"unknown-format",
                      N_("it is of a format that this version does not know, or that was altered")},
    [CHAIN_SHORT] = {"truncated",
                     N_("it is missing, and all behind it: the ledger was cut off or rolled back")},
    [CHAIN_WITNESS] =
        {"another-record",
         N_("it is not the record that had this number when it was told elsewhere: the ledger was rolled "
            "back and went on, or was made anew")},
    [CHAIN_CHECKPOINT] = {"checkpoint-bad", N_("it is no checkpoint of this ledger, though it says so")},
    [CHAIN_CHECKPOINT_RECORD] = {"checkpoint-differs",
                                 N_("it is a checkpoint of another record than the one that is "
                                    "there now: that one, or one before it, was replaced")},
    [CHAIN_SIGNATURE] = {"signature-bad", N_("it is a checkpoint that its key did not sign")},
    [CHAIN_KEY] =
        {"key-unknown",
         N_("it is signed by a key that is none of those given, or that no record before it names")},
    [CHAIN_SEGMENT] = {"segment-bad", N_("it ends a sealed segment that does not join")},
    [CHAIN_UNSIGNED] = {"unsigned", N_("nothing here is signed by the key given")},
    [CHAIN_UNREADABLE] = {"unreadable", N_("what stands in its place is no record")},
};

const char *chain_fault_name(enum chain_fault fault)
{
    return rows[fault].name;
}

const char *chain_fault_sentence(enum chain_fault fault)
{
    return rows[fault].sentence;
}
