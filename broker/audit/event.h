#ifndef HUFU_AUDIT_EVENT_H
#define HUFU_AUDIT_EVENT_H

/*
 * Event types, each with its journald MESSAGE_ID and the form of its one-line MESSAGE. Names are part
 * of the record format: never renamed, never reused.
 */
#define EVENT_TABLE(ROW)                                                                                     \
    ROW(LOGIN, "login", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1001") /* account phase decided */                      \
    ROW(SESSION_OPEN, "session-open", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1002")                                    \
    ROW(SESSION_CLOSE, "session-close",                                                                      \
        "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1003") /* ended, proven, how long it took */                            \
    ROW(SESSION_REMAINS, "session-remains", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1004") /* not all could be ended */ \
    ROW(SWITCH, "switch", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1005") /* su, sudo, runuser, polkit */                \
    ROW(JOB, "job", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1006")       /* cron, at */                                 \
    ROW(KEY, "key",                                                                                          \
        "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1007") /* a key refused or accepted before authentication */            \
    ROW(CHANNEL, "channel",                                                                                  \
        "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1008") /* shell, exec, transfer started or refused */                   \
    ROW(UNLOCK, "screen-unlock", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1009")                                         \
    ROW(RELEASE, "reservation-release", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e100a")                                  \
    ROW(REQUEST_REFUSED, "request-refused",                                                                  \
        "2d7b6f7dfb6e4b5f9a0c1f4a3c4e100b") /* malformed, forged, over quota */                              \
    ROW(GRANT_ADD, "grant-add", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1010")                                          \
    ROW(GRANT_CLOSE, "grant-close", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1011") /* last use ended */                 \
    ROW(REVOKE, "revoke", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1012")                                                \
    ROW(LOCK, "lock", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1013")                                                    \
    ROW(UNLOCK_TAKEN, "unlock", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1014")                                          \
    ROW(SESSION_END, "session-end", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1015") /* an operator's order */            \
    ROW(TRUST, "trust", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1016") /* trust loaded, refused, replaced */            \
    ROW(CONTROL_REFUSED, "control-refused", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1017")                              \
    ROW(START, "broker-start", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1020")                                           \
    ROW(STOP, "broker-stop", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1021")                                             \
    ROW(RANGE_DIFFERS, "range-differs",                                                                      \
        "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1022")                   /* module's gated range is not the broker's */ \
    ROW(REAPER, "reaper", "2d7b6f7dfb6e4b5f9a0c1f4a3c4e1023") /* reaper away, back */

#define ROW(symbol, name, message_id) extern const char EVENT_##symbol[];
EVENT_TABLE(ROW)
#undef ROW

/** MESSAGE_ID of an event name (32 hexadecimal digits), or NULL. */
const char *event_message_id(const char *event);

#endif
