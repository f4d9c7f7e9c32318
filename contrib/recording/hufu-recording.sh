# Login shells of gated accounts at a console ask hufud before they go on, as sshd has it done (ForceCommand): so that
# they are recorded where the grant requires it. A shell that goes around this is not recorded, and hufud ends its session.
# Whoever became that account (su -, runuser -l) has another login uid, and is recorded, or of the department.
if [ -z "${HUFU_CHANNEL-}" ] && [ -z "${SSH_CONNECTION-}" ] && [ -t 0 ] && [ "$(id -gn 2>/dev/null)" = hufu-gated ] &&
  [ "$(id -u)" = "$(cat /proc/self/loginuid 2>/dev/null)" ]; then
  exec /usr/libexec/hufu/hufu-channel
fi
