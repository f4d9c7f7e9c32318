# fish completion for hufuctl. Grants and sessions are asked of the broker, for those who may; otherwise there are none.
#
# Commands and options are those of `hufuctl --help`; tests/texts holds them together.

function __hufuctl_ids # grant|session
    hufuctl $argv[1] list 2>/dev/null </dev/null | awk 'NR > 1 && $1 ~ /^[0-9a-f]+$/ { print $1 }'
end

# Whether the command typed so far is this one.
function __hufuctl_is
    set -l tokens (commandline -opc)
    set -l command
    set -l skip 0
    for token in $tokens[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $token
            case --socket
                set skip 1
            case '-*'
            case '*'
                set -a command $token
                contains -- "$command" grant session document sync trust clock host audit review; or break
        end
    end
    if test "$command[1]" = review; and not contains -- "$command[2]" sign
        set command review
    end
    test "$command" = "$argv[1]"
end

complete -c hufuctl -f
complete -c hufuctl -l json -d 'print one JSON value'
complete -c hufuctl -l socket -r -F -d "the broker's control socket"
complete -c hufuctl -s h -l help -d 'print this help'

complete -c hufuctl -n '__hufuctl_is ""' -a setup -d 'make this host ready, once, as root'
complete -c hufuctl -n '__hufuctl_is ""' -a status -d 'does the gate work, and what is wrong'
complete -c hufuctl -n '__hufuctl_is ""' -a doctor -d 'is there a way past the gate on this host, and does it work'
complete -c hufuctl -n '__hufuctl_is ""' -a backup -d 'copy the store and the configuration, while all goes on'
complete -c hufuctl -n '__hufuctl_is ""' -a restore -d 'check a backup, or put it back'
complete -c hufuctl -n '__hufuctl_is ""' -a grant -d 'draft, check, add, list, show and finish grants'
complete -c hufuctl -n '__hufuctl_is ""' -a approve -d 'read a grant or a trust file, and sign it'
complete -c hufuctl -n '__hufuctl_is ""' -a explain -d 'would this person be let in, and if not, why'
complete -c hufuctl -n '__hufuctl_is ""' -a session -d 'list, show, watch, end and replay sessions'
complete -c hufuctl -n '__hufuctl_is ""' -a revoke -d 'take access away on this host, and end what lives under it'
complete -c hufuctl -n '__hufuctl_is ""' -a lock -d 'keep a person, a vendor or everybody out for now, and end what lives'
complete -c hufuctl -n '__hufuctl_is ""' -a unlock -d 'take a lock back'
complete -c hufuctl -n '__hufuctl_is ""' -a locks -d 'what is locked or revoked on this host, by whom and until when'
complete -c hufuctl -n '__hufuctl_is ""' -a audit -d 'the records: show, export and verify them'
complete -c hufuctl -n '__hufuctl_is ""' -a review -d 'all that an auditor looks at, for a period'
complete -c hufuctl -n '__hufuctl_is ""' -a document -d 'hand any signed document to this host\'s broker, or make the next status'
complete -c hufuctl -n '__hufuctl_is ""' -a publish -d 'put signed documents and approvals into the directory'
complete -c hufuctl -n '__hufuctl_is ""' -a withdraw -d 'remove a document from the directory'
complete -c hufuctl -n '__hufuctl_is ""' -a sync -d 'what comes from the directory, and sets of documents'
complete -c hufuctl -n '__hufuctl_is ""' -a trust -d 'show, update and reset the trust in force'
complete -c hufuctl -n '__hufuctl_is ""' -a clock -d 'say that this host\'s clock is right'
complete -c hufuctl -n '__hufuctl_is ""' -a host -d 'say that the store belongs to this host'

complete -c hufuctl -n '__hufuctl_is grant' -a draft -d 'write a grant, to be signed'
complete -c hufuctl -n '__hufuctl_is grant' -a check -d 'is a grant well formed, and which approvals count'
complete -c hufuctl -n '__hufuctl_is grant' -a add -d 'hand a signed grant to this host\'s broker'
complete -c hufuctl -n '__hufuctl_is grant' -a list -d 'the grants that this host knows'
complete -c hufuctl -n '__hufuctl_is grant' -a show -d 'one grant, its text and its approvals'
complete -c hufuctl -n '__hufuctl_is grant' -a finish -d 'the work is done: close a grant before its time'

complete -c hufuctl -n '__hufuctl_is session' -a list -d 'who is in, and how long they have'
complete -c hufuctl -n '__hufuctl_is session' -a show -d 'one session, with its processes'
complete -c hufuctl -n '__hufuctl_is session' -a end -d 'end a session; its grant stays'
complete -c hufuctl -n '__hufuctl_is session' -a watch -d 'who is in, and then each change as it happens'
complete -c hufuctl -n '__hufuctl_is session' -a replay -d 'what was typed and shown in a recorded session'

complete -c hufuctl -n '__hufuctl_is audit' -a show -d 'what happened: every admission, refusal, end and order'

complete -c hufuctl -n '__hufuctl_is document' -a add -d 'hand any signed document to this host\'s broker'
complete -c hufuctl -n '__hufuctl_is document' -a renew -d 'make, sign and publish the next status'

complete -c hufuctl -n '__hufuctl_is sync' -a status -d 'what comes from the directory, and how old it is'
complete -c hufuctl -n '__hufuctl_is sync' -a refresh -d 'ask the directory for everything again'
complete -c hufuctl -n '__hufuctl_is sync' -a beat -d 'write the time into the directory'
complete -c hufuctl -n '__hufuctl_is sync' -a export -d 'write the documents of the directory into a file'
complete -c hufuctl -n '__hufuctl_is sync' -a import -d 'put the documents of an exported file into the directory'

complete -c hufuctl -n '__hufuctl_is trust' -a show -d 'the trust in force: epoch, dates, who signed it'
complete -c hufuctl -n '__hufuctl_is trust' -a update -d 'put the next trust epoch in force'
complete -c hufuctl -n '__hufuctl_is trust' -a reset -d 'start over with the trust file of this host'

complete -c hufuctl -n '__hufuctl_is audit' -a export -d 'records in a file, to be kept and verified elsewhere'
complete -c hufuctl -n '__hufuctl_is audit' -a key -d 'the public key that this host\'s checkpoints are signed with'
complete -c hufuctl -n '__hufuctl_is audit' -a verify -d 'whether records were altered, and the first one that was'
complete -c hufuctl -n '__hufuctl_is review' -a sign -d 'say that a review was read, for the record'

complete -c hufuctl -n '__hufuctl_is clock' -a confirm -d 'say that this host\'s clock is right'

complete -c hufuctl -n '__hufuctl_is host' -a confirm -d 'say that the store belongs to this host'

complete -c hufuctl -n '__hufuctl_is "setup"' -l host -x -d 'this host, as grants name it'
complete -c hufuctl -n '__hufuctl_is "setup"' -l groups -x -d 'groups of hosts it is in, as grants name them with @'
complete -c hufuctl -n '__hufuctl_is "setup"' -l trust -r -F -d 'the site\'s trust file'
complete -c hufuctl -n '__hufuctl_is "setup"' -l standalone -d 'this host has no directory'
complete -c hufuctl -n '__hufuctl_is "setup"' -l status-max-age -x -d 'longest time without news from the directory, such as 24h'
complete -c hufuctl -n '__hufuctl_is "setup"' -l gated-uid -x -d 'uids of vendors\' staff [20000-29999]'
complete -c hufuctl -n '__hufuctl_is "setup"' -l language -x -a 'en zh_CN' -d 'of what vendors\' staff are told: en or zh_CN [en]'


complete -c hufuctl -n '__hufuctl_is "status"' -l all -d 'everything that is wrong, also beyond the screen'

complete -c hufuctl -n '__hufuctl_is "grant draft"' -l site -x -d 'the site, as the trust file names it'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l vendor -x -d 'whom the work was given to'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l employer -x -d 'who employs the person, if not the vendor'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l contract -x -d 'the contract it is under'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l staff -x -d 'the person\'s login account'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l key -r -F -d 'ssh key the person may log in with; or SHA256:..., or password'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l host -x -d 'a host, or @GROUP of hosts'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l service -x -a 'sshd login cron at' -d 'sshd, login, cron, at, or a display manager\'s PAM service'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l channel -x -a 'shell exec transfer forward none' -d 'shell, exec, transfer, forward; or none'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l run-as -x -d 'account to reach by su or sudo [none]'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l command -x -d 'what sudo may run; or any [none]'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l source -x -a 'local any' -d 'network the person comes from; or local, the console; or any'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l from -x -d 'first second [now]'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l until -x -d 'first second that is no longer covered'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l for -x -d '8h, 2d: in place of --until'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l hours -x -d 'when, in the week; or any [any]'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l uses -x -d 'or \'N fleet\', unlimited [\'1 per-host\']'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l sessions -x -d 'at the same time; or unlimited [1]'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l max-session -x -d 'longest session; or unlimited [4h]'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l recording -x -a 'required none' -d 'required or none [none]'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l requester -x -d 'who asks for it; cannot approve it'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l ticket -x -d 'the change or fault it is for'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l purpose -x -d 'what is to be done'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l class -x -a 'normal privileged emergency' -d 'normal, privileged or emergency [normal]'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l incident-level -x -a '1 2 3' -d '1 to 3, in class emergency'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l id -x -d 'of the grant that this is a version of [a new one]'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -l version -x -d 'higher than that of the version it supersedes [1]'
complete -c hufuctl -n '__hufuctl_is "grant draft"' -s o -l output -r -F -d 'where to write the document [standard output]'

complete -c hufuctl -n '__hufuctl_is "grant check"' -F
complete -c hufuctl -n '__hufuctl_is "grant check"' -l approval -r -F -d 'an approval of it'
complete -c hufuctl -n '__hufuctl_is "grant check"' -l trust -r -F -d 'the trust file to judge by [/etc/hufu/trust, if there is one]'

complete -c hufuctl -n '__hufuctl_is "approve"' -F
complete -c hufuctl -n '__hufuctl_is "approve"' -l as -x -d 'who you are in the trust file'
complete -c hufuctl -n '__hufuctl_is "approve"' -l role -x -d 'in which of your roles you sign'
complete -c hufuctl -n '__hufuctl_is "approve"' -l key -r -F -d 'your private key; its passphrase is asked for'
complete -c hufuctl -n '__hufuctl_is "approve"' -l trust -r -F -d 'the trust file [/etc/hufu/trust]'
complete -c hufuctl -n '__hufuctl_is "approve"' -s o -l output -r -F -d 'where to write the approval [FILE.PERSON.approval]'
complete -c hufuctl -n '__hufuctl_is "approve"' -l yes -d 'do not ask, for scripts: you have read it elsewhere'

complete -c hufuctl -n '__hufuctl_is "grant add"' -F
complete -c hufuctl -n '__hufuctl_is "grant add"' -l approval -r -F -d 'an approval of it'

complete -c hufuctl -n '__hufuctl_is "grant list"' -l staff -x -d 'only of this person'
complete -c hufuctl -n '__hufuctl_is "grant list"' -l vendor -x -d 'only of this vendor'
complete -c hufuctl -n '__hufuctl_is "grant list"' -l all -d 'also what is over: expired, revoked, closed, superseded'

complete -c hufuctl -n '__hufuctl_is "grant show"' -a '(__hufuctl_ids grant)'

complete -c hufuctl -n '__hufuctl_is "explain"' -l service -x -a 'sshd login cron at su sudo' -d 'PAM service [sshd]'
complete -c hufuctl -n '__hufuctl_is "explain"' -l source -x -a 'local' -d 'where the person comes from; or local'
complete -c hufuctl -n '__hufuctl_is "explain"' -l at -x -d 'when [now]'
complete -c hufuctl -n '__hufuctl_is "explain"' -l key -x -d 'the ssh key that is offered'
complete -c hufuctl -n '__hufuctl_is "explain"' -l target -x -d 'account to become, with service su or sudo'
complete -c hufuctl -n '__hufuctl_is "explain"' -l command -x -d "command with service sudo, as a grant's line"

complete -c hufuctl -n '__hufuctl_is "grant finish"' -a '(__hufuctl_ids grant)'
complete -c hufuctl -n '__hufuctl_is "grant finish"' -l why -x -d 'for the record'

complete -c hufuctl -n '__hufuctl_is "lock"' -l staff -x -d 'this person'
complete -c hufuctl -n '__hufuctl_is "lock"' -l vendor -x -d 'everybody who works for this vendor'
complete -c hufuctl -n '__hufuctl_is "lock"' -l host -d 'all gated logins of this host'
complete -c hufuctl -n '__hufuctl_is "lock"' -l until -x -d 'when it ends by itself [when it is unlocked]'
complete -c hufuctl -n '__hufuctl_is "lock"' -l why -x -d 'for the record'
complete -c hufuctl -n '__hufuctl_is "lock"' -l yes -d 'with --host: do not ask'

complete -c hufuctl -n '__hufuctl_is "unlock"' -l staff -x -d 'this person'
complete -c hufuctl -n '__hufuctl_is "unlock"' -l vendor -x -d 'everybody who works for this vendor'
complete -c hufuctl -n '__hufuctl_is "unlock"' -l host -d 'all gated logins of this host'
complete -c hufuctl -n '__hufuctl_is "unlock"' -l why -x -d 'for the record'

complete -c hufuctl -n '__hufuctl_is "session list"' -l staff -x -d 'only of this person'
complete -c hufuctl -n '__hufuctl_is "session list"' -l all -d 'also those that ended'

complete -c hufuctl -n '__hufuctl_is "session show"' -a '(__hufuctl_ids session)'

complete -c hufuctl -n '__hufuctl_is "session end"' -a '(__hufuctl_ids session)'
complete -c hufuctl -n '__hufuctl_is "session end"' -l why -x -d 'for the record'

complete -c hufuctl -n '__hufuctl_is "session replay"' -a '(__hufuctl_ids session)'
complete -c hufuctl -n '__hufuctl_is "session replay"' -l channel -x -d 'this recording, by its number in the list'
complete -c hufuctl -n '__hufuctl_is "session replay"' -l list -d 'what there is, and whether it is whole; nothing is played'
complete -c hufuctl -n '__hufuctl_is "session replay"' -l text -d 'lines of text with times: typed, shown; needs no terminal'
complete -c hufuctl -n '__hufuctl_is "session replay"' -l speed -x -d 'so many times as fast, such as 4 or 0.5'

complete -c hufuctl -n '__hufuctl_is "session watch"' -l staff -x -d 'only of this person'

complete -c hufuctl -n '__hufuctl_is "revoke"' -a '(__hufuctl_ids grant)'
complete -c hufuctl -n '__hufuctl_is "revoke"' -l staff -x -d 'every grant of this person, also future ones'
complete -c hufuctl -n '__hufuctl_is "revoke"' -l vendor -x -d 'every grant of this vendor, also future ones'
complete -c hufuctl -n '__hufuctl_is "revoke"' -l until -x -d 'with --staff and --vendor: when it ends [forever]'
complete -c hufuctl -n '__hufuctl_is "revoke"' -l grace -x -d 'what lives is warned, and ends after it, such as 5m'
complete -c hufuctl -n '__hufuctl_is "revoke"' -l why -x -d 'for the record'

complete -c hufuctl -n '__hufuctl_is "review"' -l since -x -d 'from this instant on; else where the last one ended'
complete -c hufuctl -n '__hufuctl_is "review"' -l until -x -d 'up to this instant; else now'
complete -c hufuctl -n '__hufuctl_is "review"' -l period -x -a 'month week quarter' -d 'the last whole month, week or quarter'
complete -c hufuctl -n '__hufuctl_is "review"' -l html -r -F -d 'write it as a page for a browser, or for paper'
complete -c hufuctl -n '__hufuctl_is "review"' -l from -r -F -d 'records of `hufuctl audit export`, also of other hosts'
complete -c hufuctl -n '__hufuctl_is "review"' -l grants -r -F -d 'grants and approvals in files, in place of the broker\'s'
complete -c hufuctl -n '__hufuctl_is "review"' -l register -r -F -d 'the staff register; else /etc/hufu/staff.conf'
complete -c hufuctl -n '__hufuctl_is "review"' -l audit-log -r -F -d 'where auditd\'s logs are; else /var/log/audit'
complete -c hufuctl -n '__hufuctl_is "review sign"' -l since -x -d 'where the review has to begin; refused if it does not'
complete -c hufuctl -n '__hufuctl_is "review sign"' -l until -x -d 'where it has to end'
complete -c hufuctl -n '__hufuctl_is "review sign"' -l note -x -d 'what there is to say about it, for the record'
complete -c hufuctl -n '__hufuctl_is "review sign"' -F
complete -c hufuctl -n '__hufuctl_is "audit verify"' -l key -r -F -d 'the ledger\'s public key, from `audit key`; more than one if it was changed'
complete -c hufuctl -n '__hufuctl_is "audit verify"' -l checkpoint -r -F -d 'a checkpoint that left the host earlier, or a log with some'
complete -c hufuctl -n '__hufuctl_is "audit verify"' -l no-journal -d 'do not compare with journald'
complete -c hufuctl -n '__hufuctl_is "audit verify"' -F
complete -c hufuctl -n '__hufuctl_is "audit export"' -l since -x -d 'from this instant on'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l until -x -d 'up to this instant'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l staff -x -d 'of this person'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l vendor -x -d 'of this vendor'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l event -x -a 'login session-open session-close session-remains switch job key channel command command-end recording transfer screen-unlock user-manager reservation-release claim claim-back claim-resolved request-refused grant-add grant-close grant-finish revoke revocation status lock unlock session-end warn-unheard trust-seed trust-replace trust-reset control-refused broker-start broker-stop reload range-differs reaper clock clock-step clock-confirm host-confirm directory directory-refresh directory-entry directory-purge directory-trouble withdrawn revocation-unsigned checkpoint ledger-key ledger-trim backup store-restored store-room review' -d 'of this kind'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l result -x -a 'success failure' -d 'success or failure'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l reason -x -d 'with this reason'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l grant -x -a '(__hufuctl_ids grant)' -d 'under this grant'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l ticket -x -d 'for this ticket'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l service -x -a 'sshd login cron at' -d 'of this PAM service'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l session -x -a '(__hufuctl_ids session)' -d 'of this session'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l account -x -d 'about this account: the person\'s, or one they became'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l address -x -d 'from this address, or `local`'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l after -x -d 'only what comes behind record N, where the last export ended'
complete -c hufuctl -n '__hufuctl_is "audit export"' -s o -l output -r -F -d 'where to write it [standard output]'
complete -c hufuctl -n '__hufuctl_is "audit export"' -l csv -d 'for a spreadsheet; cannot be verified'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l since -x -d 'from this instant on'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l until -x -d 'up to this instant'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l staff -x -d 'of this person'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l vendor -x -d 'of this vendor'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l event -x -a 'login session-open session-close session-remains switch job key channel command command-end recording transfer screen-unlock user-manager reservation-release claim claim-back claim-resolved request-refused grant-add grant-close grant-finish revoke revocation status lock unlock session-end warn-unheard trust-seed trust-replace trust-reset control-refused broker-start broker-stop reload range-differs reaper clock clock-step clock-confirm host-confirm directory directory-refresh directory-entry directory-purge directory-trouble withdrawn revocation-unsigned checkpoint ledger-key ledger-trim backup store-restored store-room review' -d 'of this kind'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l result -x -a 'success failure' -d 'success or failure'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l reason -x -d 'with this reason'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l grant -x -a '(__hufuctl_ids grant)' -d 'under this grant'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l ticket -x -d 'for this ticket'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l service -x -a 'sshd login cron at' -d 'of this PAM service'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l session -x -a '(__hufuctl_ids session)' -d 'of this session'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l account -x -d 'about this account: the person\'s, or one they became'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l address -x -d 'from this address, or `local`'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l host -x -d 'of this host, in files of several'
complete -c hufuctl -n '__hufuctl_is "audit show"' -F
complete -c hufuctl -n '__hufuctl_is "audit show"' -s n -l lines -x -d 'at most so many, the latest'
complete -c hufuctl -n '__hufuctl_is "audit show"' -s f -l follow -d 'go on with each new one; 10 lines before, or -n'
complete -c hufuctl -n '__hufuctl_is "audit show"' -l utc -d 'times in UTC, not in your time zone'

complete -c hufuctl -n '__hufuctl_is "clock confirm"' -l why -x -d 'for the record'
complete -c hufuctl -n '__hufuctl_is "clock confirm"' -l yes -d 'do not ask, for scripts'

complete -c hufuctl -n '__hufuctl_is "host confirm"' -l why -x -d 'for the record'
complete -c hufuctl -n '__hufuctl_is "host confirm"' -l yes -d 'do not ask, for scripts'
complete -c hufuctl -n '__hufuctl_is "host confirm"' -l keep-uses -d 'of a restored store: nothing was used in between, its counts hold'

complete -c hufuctl -n '__hufuctl_is "backup"' -F
complete -c hufuctl -n '__hufuctl_is "restore"' -F
complete -c hufuctl -n '__hufuctl_is "restore"' -l check -d 'look at it only; needs no broker and changes nothing'
complete -c hufuctl -n '__hufuctl_is "restore"' -l configuration -d 'put the files of /etc/hufu back, too'

complete -c hufuctl -n '__hufuctl_is "document add"' -F
complete -c hufuctl -n '__hufuctl_is "document add"' -l approval -r -F -d 'an approval of it'

complete -c hufuctl -n '__hufuctl_is "trust show"' -l document -d 'print the trust file in force, octet for octet, and no more'

complete -c hufuctl -n '__hufuctl_is "trust update"' -F
complete -c hufuctl -n '__hufuctl_is "trust update"' -l approval -r -F -d 'an approval of it'

complete -c hufuctl -n '__hufuctl_is "trust reset"' -l why -x -d 'for the record'
complete -c hufuctl -n '__hufuctl_is "trust reset"' -l yes -d 'do not ask, for scripts'

complete -c hufuctl -n '__hufuctl_is "document renew"' -F
complete -c hufuctl -n '__hufuctl_is "document renew"' -l as -x -d 'the name of the status key in the trust file'
complete -c hufuctl -n '__hufuctl_is "document renew"' -l key -r -F -d 'the status key: a file in PEM, or a PKCS#11 URI'
complete -c hufuctl -n '__hufuctl_is "document renew"' -l passphrase-file -r -F -d 'a file that holds the key\'s passphrase or PIN'
complete -c hufuctl -n '__hufuctl_is "document renew"' -l trust -r -F -d 'the trust file [/etc/hufu/trust]'
complete -c hufuctl -n '__hufuctl_is "document renew"' -l for -x -d 'how long it holds at most, such as 4h [24h]'
complete -c hufuctl -n '__hufuctl_is "document renew"' -l revoke -x -d 'a grant that counts no more'
complete -c hufuctl -n '__hufuctl_is "document renew"' -l revoke-certificate -x -d 'a certificate whose signatures count no more'
complete -c hufuctl -n '__hufuctl_is "document renew"' -l minimum -x -d 'the lowest version of a grant that counts'
complete -c hufuctl -n '__hufuctl_is "document renew"' -l first -d 'there is no status before: the file is made, with epoch 1'
complete -c hufuctl -n '__hufuctl_is "document renew"' -l publish -d 'put it into the directory at once'
complete -c hufuctl -n '__hufuctl_is "document renew"' -l directory -r -F -d 'how to reach the directory, and as whom'

complete -c hufuctl -n '__hufuctl_is "publish"' -F
complete -c hufuctl -n '__hufuctl_is "publish"' -l approval -r -F -d 'an approval of one of them'
complete -c hufuctl -n '__hufuctl_is "publish"' -l trust -r -F -d 'the trust file to verify by first [/etc/hufu/trust, if there is one]'
complete -c hufuctl -n '__hufuctl_is "publish"' -l replace -d 'overwrite another document that is there under the same name'
complete -c hufuctl -n '__hufuctl_is "publish"' -l directory -r -F -d 'how to reach the directory, and as whom'

complete -c hufuctl -n '__hufuctl_is "withdraw"' -F
complete -c hufuctl -n '__hufuctl_is "withdraw"' -l version -x -d 'of a grant given by its id: which version'
complete -c hufuctl -n '__hufuctl_is "withdraw"' -l yes -d 'do not ask, for scripts'
complete -c hufuctl -n '__hufuctl_is "withdraw"' -l directory -r -F -d 'how to reach the directory, and as whom'

complete -c hufuctl -n '__hufuctl_is "sync status"' -l openmetrics -d 'for monitoring: OpenMetrics'
complete -c hufuctl -n '__hufuctl_is "sync status"' -s o -l output -r -F -d 'with --openmetrics: the file to replace at once'

complete -c hufuctl -n '__hufuctl_is "sync beat"' -l directory -r -F -d 'how to reach the directory, and as whom'

complete -c hufuctl -n '__hufuctl_is "sync export"' -s o -l output -r -F -d 'where to write it [standard output]'
complete -c hufuctl -n '__hufuctl_is "sync export"' -l directory -r -F -d 'how to reach the directory, and as whom'

complete -c hufuctl -n '__hufuctl_is "sync import"' -F
complete -c hufuctl -n '__hufuctl_is "sync import"' -l directory -r -F -d 'how to reach the directory, and as whom'
