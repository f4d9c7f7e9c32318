# bash completion for hufuctl. Grants and sessions are asked of the broker, for those who may; otherwise there are none.
#
# Commands and options are those of `hufuctl --help`; tests/texts holds them together.

_hufuctl_ids() { # grant|session
  hufuctl "$1" list 2>/dev/null </dev/null | awk 'NR > 1 && $1 ~ /^[0-9a-f]+$/ { print $1 }'
}

_hufuctl_options() {
  case $1 in
    'status')
      echo --all
      ;;
    'setup')
      echo --host --groups --trust --standalone --status-max-age --gated-uid --language
      ;;
    'grant draft')
      echo --site --vendor --employer --contract --staff --key --host --service --channel --run-as --command --source \
        --from --until --for --hours --uses --sessions --max-session --recording --requester --ticket --purpose \
        --class --incident-level --id --version --output -o
      ;;
    'grant check')
      echo --approval --trust
      ;;
    'approve')
      echo --as --role --key --trust --output --yes -o
      ;;
    'grant add' | 'document add' | 'trust update')
      echo --approval
      ;;
    'document renew')
      echo --as --key --passphrase-file --trust --for --revoke --revoke-certificate --minimum --first --publish --directory
      ;;
    'publish')
      echo --approval --trust --replace --directory
      ;;
    'withdraw')
      echo --version --yes --directory
      ;;
    'sync status')
      echo --openmetrics --output -o
      ;;
    'sync beat' | 'sync import')
      echo --directory
      ;;
    'sync export')
      echo --output -o --directory
      ;;
    'grant list')
      echo --staff --vendor --all
      ;;
    'explain')
      echo --service --source --at --key --target --command
      ;;
    'grant finish')
      echo --why
      ;;
    'lock')
      echo --staff --vendor --host --until --why --yes
      ;;
    'unlock')
      echo --staff --vendor --host --why
      ;;
    'session list')
      echo --staff --all
      ;;
    'session watch')
      echo --staff
      ;;
    'session end')
      echo --why
      ;;
    'session replay')
      echo --channel --list --text --speed
      ;;
    'trust show')
      echo --document
      ;;
    'restore')
      echo --check --configuration
      ;;
    'host confirm')
      echo --why --yes --keep-uses
      ;;
    'clock confirm' | 'trust reset')
      echo --why --yes
      ;;
    'revoke')
      echo --staff --vendor --until --grace --why
      ;;
    'review')
      echo --since --until --period --html --from --grants --register --audit-log
      ;;
    'review sign')
      echo --since --until --note
      ;;
    'audit verify')
      echo --key --checkpoint --no-journal
      ;;
    'audit export')
      echo --since --until --staff --vendor --event --result --reason --grant --ticket --service --session --account \
        --address --after --output -o --csv
      ;;
    'audit show')
      echo --since --until --staff --vendor --event --result --reason --grant --ticket --service --session --account \
        --address --host --lines -n --follow -f --utc
      ;;
  esac
  echo --json --socket --help -h
}

# What may stand for the value of an option, or behind a command.
_hufuctl_values() { # COMMAND OPTION CURRENT
  case $2 in
    --socket | --trust | --approval | --output | -o | --directory | --passphrase-file) compgen -f -- "$3" ;;
    --checkpoint) compgen -f -- "$3" ;;
    --key) [ "$1" = explain ] || compgen -f -- "$3" ;;
    --period) compgen -W 'month week quarter' -- "$3" ;;
    --html | --grants | --register | --audit-log) compgen -f -- "$3" ;;
    --from) [ "$1" != review ] || compgen -f -- "$3" ;;
    --class) compgen -W 'normal privileged emergency' -- "$3" ;;
    --recording) compgen -W 'required none' -- "$3" ;;
    --result) compgen -W 'success failure' -- "$3" ;;
    --language) compgen -W 'en zh_CN' -- "$3" ;;
    --channel) [ "$1" = 'session replay' ] || compgen -W 'shell exec transfer forward none' -- "$3" ;;
    --incident-level) compgen -W '1 2 3' -- "$3" ;;
    --event)
      compgen -W 'login session-open session-close session-remains switch job key channel command command-end recording transfer screen-unlock user-manager
        reservation-release claim claim-back claim-resolved request-refused grant-add grant-close grant-finish revoke revocation status lock unlock session-end warn-unheard trust-seed trust-replace trust-reset control-refused broker-start
        broker-stop reload range-differs reaper clock clock-step clock-confirm host-confirm directory directory-refresh directory-entry directory-purge directory-trouble withdrawn revocation-unsigned checkpoint ledger-key ledger-trim backup store-restored store-room review' -- "$3"
      ;;
    --service) compgen -W 'sshd login cron at su sudo' -- "$3" ;;
    --source) compgen -W 'local any' -- "$3" ;;
    --grant) compgen -W "$(_hufuctl_ids grant)" -- "$3" ;;
    --session) compgen -W "$(_hufuctl_ids session)" -- "$3" ;;
  esac
}

_hufuctl_arguments() { # COMMAND CURRENT
  case $1 in
    'grant check' | 'grant add' | 'document add' | 'document renew' | 'trust update' | 'sync import' | 'audit show' | 'audit verify' | 'review sign' | approve | publish | withdraw)
      compgen -f -- "$2"
      ;;
    backup | restore)
      compgen -d -- "$2"
      ;;
    'grant show' | 'grant finish' | revoke) compgen -W "$(_hufuctl_ids grant)" -- "$2" ;;
    'session show' | 'session end' | 'session replay') compgen -W "$(_hufuctl_ids session)" -- "$2" ;;
    grant) compgen -W 'draft check add list show finish' -- "$2" ;;
    session) compgen -W 'list show end watch replay' -- "$2" ;;
    document) compgen -W 'add renew' -- "$2" ;;
    sync) compgen -W 'status refresh beat export import' -- "$2" ;;
    trust) compgen -W 'show update reset' -- "$2" ;;
    clock | host) compgen -W 'confirm' -- "$2" ;;
    audit) compgen -W 'show export verify key' -- "$2" ;;
    review) compgen -W 'sign' -- "$2" ;;
    '') compgen -W 'setup status doctor grant approve explain session revoke lock unlock locks audit review document publish withdraw sync trust clock host backup restore' -- "$2" ;;
  esac
}

_hufuctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' word i
  # Readline splits --option=value into three words.
  if [ "$current" = = ]; then
    current=''
  elif [ "$previous" = = ]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      --socket)
        i=$((i + 1))
        [ "${COMP_WORDS[i]-}" != = ] || i=$((i + 1))
        ;;
      -* | =) ;;
      *)
        command=${command:+$command }$word
        case $command in
          grant | session | document | sync | trust | clock | host | audit | review) ;;
          *) break ;;
        esac
        ;;
    esac
  done
  case $previous in
    --all | --csv | --first | --help | --json | --no-journal | --openmetrics | --publish | --replace | --standalone | --yes | -h) ;;
    --key | --checkpoint | --trust | --approval | --output | -o | --socket | --directory | --passphrase-file | --html | --grants | --register | --audit-log | --from) compopt -o filenames 2>/dev/null ;;&
    -*)
      mapfile -t COMPREPLY < <(_hufuctl_values "$command" "$previous" "$current")
      return
      ;;
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_hufuctl_options "$command")" -- "$current")
  else
    case $command in
      'grant check' | 'grant add' | 'document add' | 'document renew' | 'trust update' | 'sync import' | 'audit show' | 'audit verify' | 'review sign' | approve | publish | withdraw)
        compopt -o filenames 2>/dev/null
        ;;
    esac
    mapfile -t COMPREPLY < <(_hufuctl_arguments "$command" "$current")
  fi
}

complete -F _hufuctl hufuctl
