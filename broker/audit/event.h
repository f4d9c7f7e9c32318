#ifndef HUFU_AUDIT_EVENT_H
#define HUFU_AUDIT_EVENT_H

/*
 * Event types: symbol, name, journald MESSAGE_ID, and the syslog priority of a failure. Names and ids are
 * part of the record format: never renamed, never reused. A comment says what an event is where its name does
 * not.
 */
/* clang-format off */
#define EVENT_TABLE(ROW) \
    ROW(LOGIN, "login", "f28fd65ba1824c189f24dab08572b9d2", LOG_WARNING) /* account phase decided */ \
    ROW(SESSION_OPEN, "session-open", "167885a2d4ee4c31912865ad9024ab78", LOG_WARNING) \
    ROW(SESSION_CLOSE, "session-close", "da479950041c46f5ac28e53de3d691df", LOG_WARNING) /* ended, proven, how long it took */ \
    ROW(SESSION_REMAINS, "session-remains", "e6584506d3a2475d94a41f8feb53312d", LOG_ERR) /* not all could be ended */ \
    ROW(SWITCH, "switch", "a85de52630304d32805d7c042611746e", LOG_WARNING) /* su, sudo, runuser, polkit */ \
    ROW(JOB, "job", "361adbc1e9574ae89acb62d592a5ad42", LOG_WARNING) /* cron, at */ \
    ROW(KEY, "key", "03c52d266a7d477390f7c76bebd97180", LOG_NOTICE) /* a key refused or accepted before authentication */ \
    ROW(CHANNEL, "channel", "fec294b113434b5b8d7c586262e8c80f", LOG_WARNING) /* shell, exec, transfer started or refused */ \
    ROW(COMMAND, "command", "6f0c1f5f3a0e4c0e8f5b2d9c7a41e6d3", LOG_WARNING) /* of sudo: allowed, before it ran, or refused */ \
    ROW(COMMAND_END, "command-end", "b94f7d2e51c84a6fa3e0c85d1f6a7b20", LOG_NOTICE) /* its exit status; sudo's own refusals */ \
    ROW(RECORDING, "recording", "3d8a6c0b71f94e25a0c4d69be81f7352", LOG_ERR) /* a recorder was let start; somebody was there without one */ \
    ROW(TRANSFER, "transfer", "a17e5b9c03d84f6f9b2c46e0d85a31f7", LOG_NOTICE) /* one file, by path, size and direction */ \
    ROW(UNLOCK, "screen-unlock", "ae1a652806b647d591061212c695b028", LOG_WARNING) \
    ROW(USER_MANAGER, "user-manager", "f26f6f49bcf84edea0397041d0695623", LOG_WARNING) /* systemd-user: no login */ \
    ROW(RELEASE, "reservation-release", "def31b0c58f5431f92bb7316178db239", LOG_WARNING) /* no session came of it */ \
    ROW(CLAIM, "claim", "5d2f0c9a7e5b4a0c8f1bb3f1a4c69e27", LOG_WARNING) /* a use counted over all hosts: taken, or not known */ \
    ROW(CLAIM_BACK, "claim-back", "0f6b7d1e64f84f0e9c52a6c1d83b7e95", LOG_WARNING) /* given back, no session came of it */ \
    ROW(CLAIM_RESOLVED, "claim-resolved", "b3c18e2d95f7460aa04d7c6e21f85b39", LOG_WARNING) /* known again */ \
    ROW(REQUEST_REFUSED, "request-refused", "7b7497fff93b4737b7b01578ac76f618", LOG_WARNING) /* malformed, forged, over quota */ \
    ROW(GRANT_ADD, "grant-add", "8e94cb750eb54a03afd09b6ad2e00e06", LOG_WARNING) \
    ROW(GRANT_CLOSE, "grant-close", "9e45dd5dd3bc48f9b0dec66c58b87321", LOG_WARNING) /* last use ended */ \
    ROW(GRANT_FINISH, "grant-finish", "9c588aae687c56624963912eaaf86843", LOG_ERR) /* closed for good by its person or an operator */ \
    ROW(REVOKE, "revoke", "97fecaa23bb24eefba7f599c171a68ad", LOG_ERR) \
    ROW(REVOCATION, "revocation", "0934a3f8ddcd4f748439fee95eccfc7d", LOG_WARNING) /* a signed one taken in, or refused */ \
    ROW(STATUS, "status", "b169cbe4b658412689491f373a43bfa4", LOG_WARNING) /* a signed one taken in, kept for later, or refused */ \
    ROW(LOCK, "lock", "29eaf649977d4131b8bd5c9f290f2060", LOG_ERR) \
    ROW(UNLOCK_TAKEN, "unlock", "eca733d40eb447b58472831988bd016e", LOG_WARNING) \
    ROW(SESSION_END, "session-end", "05558db8ab86464fa61ffb74d398e4bc", LOG_ERR) /* an operator's order */ \
    ROW(WARN_UNHEARD, "warn-unheard", "57ee53d249cb31d04a357917f97ff834", LOG_WARNING) /* nobody could be told that the session ends */ \
    ROW(TRUST_SEED, "trust-seed", "a967aea3de8348c9a71769c39517bffc", LOG_ERR) /* first epoch, from the file in /etc */ \
    ROW(TRUST_REPLACE, "trust-replace", "7315c4fa43b049c29ed4a494d31cbf37", LOG_ERR) /* by quorum of the old and the new */ \
    ROW(TRUST_RESET, "trust-reset", "803fd0032e2f47da8629176fbe8b1192", LOG_ERR) /* root started over */ \
    ROW(CONTROL_REFUSED, "control-refused", "31221854f7c149b9b3f0a1b05d7e7caf", LOG_WARNING) \
    ROW(START, "broker-start", "0433245c053644d786a099fe8d09ca3a", LOG_ERR) \
    ROW(STOP, "broker-stop", "d0f13907f35b4f04b6bf1ef5306d8c64", LOG_ERR) \
    ROW(RELOAD, "reload", "4cd5e8b6a3f1472c9d0b7e5a18f26c93", LOG_ERR) /* configuration read anew while running */ \
    ROW(RANGE_DIFFERS, "range-differs", "40618bd328d1407da4e0829ae8c95176", LOG_ERR) /* module's gated range is not the broker's */ \
    ROW(REAPER, "reaper", "928d8f0c610d49568b6f7124d30d9bd8", LOG_ERR) /* reaper away, back */ \
    ROW(CLOCK, "clock", "88697a1617e841d28c9587eda6f377f1", LOG_ERR) /* the wall clock in doubt, trusted again */ \
    ROW(CLOCK_STEP, "clock-step", "c9e06e3244a34684a8d797133ae5af08", LOG_WARNING) /* set forward, and synchronised */ \
    ROW(CLOCK_CONFIRM, "clock-confirm", "5e360f9a3fd84d5785684d1ba707df16", LOG_WARNING) \
    ROW(HOST_CONFIRM, "host-confirm", "10f0b676b33a4e26a7d294c0fa375c3e", LOG_WARNING) \
    ROW(DIRECTORY, "directory", "2b60c5e8d710483bb1d83e7ebe0bbd83", LOG_WARNING) /* reached, lost for longer than a minute */ \
    ROW(DIRECTORY_REFRESH, "directory-refresh", "d8690ddc23644bf9ab0e3442821b97a7", LOG_WARNING) /* all of it read, ordered, or not taken in */ \
    ROW(DIRECTORY_ENTRY, "directory-entry", "7887cf0b34c34117b8625a7720746c49", LOG_WARNING) /* an entry that is of no use here */ \
    ROW(DIRECTORY_PURGE, "directory-purge", "519717c9f91d448e920b0b0aa0034d0f", LOG_ERR) /* so much is gone that a full refresh has to confirm it */ \
    ROW(DIRECTORY_TROUBLE, "directory-trouble", "272e1aba75484f90a3c0d8a92d2d20f0", LOG_WARNING) /* who speaks for hufu-ldapd was hung up on */ \
    ROW(WITHDRAWN, "withdrawn", "d3dbf0265fb5413d958be6e2dd6b6a1a", LOG_ERR) /* grants gone from the directory, or back */ \
    ROW(UNSIGNED, "revocation-unsigned", "2cebe0a458e2424285a1c0deb82e5483", LOG_ERR) /* one that nobody signed who may: it holds while it is there */ \
    ROW(CHECKPOINT, "checkpoint", "4c1f0e6b9d3a4f7e8a25b1c06d97e3f4", LOG_ERR) /* the ledger's state, signed */ \
    ROW(LEDGER_KEY, "ledger-key", "b7d82a5e31c94c06a9f04e6d1872c5ab", LOG_ERR) /* what signs checkpoints from here on; another than before */ \
    ROW(LEDGER_TRIM, "ledger-trim", "e2096fd41b7c4a8f93d5a0c8b64e1f72", LOG_ERR) /* the oldest records sealed and taken away */ \
    ROW(BACKUP, "backup", "91b4c7e05a2d4d3fb86e1f90c3a7d258", LOG_ERR) \
    ROW(STORE_RESTORED, "store-restored", "6fa3d19c84e04b52bd70c82e5f1a9634", LOG_ERR) /* older than it was; root vouched for it */ \
    ROW(STORE_ROOM, "store-room", "d05e8b3714f64ea1a7c92f6b08d3415c", LOG_ERR) /* reserve given up, set aside again */ \
    ROW(REVIEW, "review", "3be67f2cd8914015ae4d90b75c1f82d6", LOG_WARNING) /* signed off by an auditor */
/* clang-format on */

#define ROW(symbol, name, message_id, priority) extern const char EVENT_##symbol[];
EVENT_TABLE(ROW)
#undef ROW

/** MESSAGE_ID of an event name (32 hexadecimal digits), or NULL. */
const char *event_message_id(const char *event);

/** Syslog priority of an event with that result: LOG_INFO for "success", else the table's; LOG_WARNING for an
 * unknown event. */
int event_priority(const char *event, const char *result);

#endif
