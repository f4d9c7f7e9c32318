#ifndef HUFU_CTL_VERBS_H
#define HUFU_CTL_VERBS_H

#include "broker/ctl/options.h"

/* Every verb is one of these rows; cli_run() knows them all. */
extern const struct verb verb_grant_draft;
extern const struct verb verb_grant_check;
extern const struct verb verb_approve;
extern const struct verb verb_grant_add;
extern const struct verb verb_grant_list;
extern const struct verb verb_grant_show;
extern const struct verb verb_grant_finish;
extern const struct verb verb_revoke;
extern const struct verb verb_lock;
extern const struct verb verb_unlock;
extern const struct verb verb_locks;
extern const struct verb verb_session_list;
extern const struct verb verb_session_show;
extern const struct verb verb_session_end;
extern const struct verb verb_session_watch;
extern const struct verb verb_session_replay;
extern const struct verb verb_explain;
extern const struct verb verb_audit_show;
extern const struct verb verb_audit_export;
extern const struct verb verb_audit_key;
extern const struct verb verb_audit_verify;
extern const struct verb verb_status;
extern const struct verb verb_doctor;
extern const struct verb verb_clock_confirm;
extern const struct verb verb_host_confirm;
extern const struct verb verb_document_add;
extern const struct verb verb_document_renew;
extern const struct verb verb_publish;
extern const struct verb verb_withdraw;
extern const struct verb verb_sync_status;
extern const struct verb verb_sync_refresh;
extern const struct verb verb_sync_beat;
extern const struct verb verb_sync_export;
extern const struct verb verb_sync_import;
extern const struct verb verb_trust_show;
extern const struct verb verb_trust_update;
extern const struct verb verb_trust_reset;
extern const struct verb verb_review;
extern const struct verb verb_review_sign;
extern const struct verb verb_backup;
extern const struct verb verb_restore;
extern const struct verb verb_setup;

#endif
