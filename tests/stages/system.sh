# shellcheck shell=bash disable=SC2154 # names that tests/run sets
# system.sh - tests/system, on machines booted with the installed product; with --bench NAME, tests/bench/NAME.py there.

with_389_installed() { # NODE
  local other
  other=$(world base --on "$base" "$tree/contrib/packages/389ds.list") && world clone "$1" "$other" && install_product "$1" "$product"
}

# A Debian 13 is made while other stages run. It takes half a minute, most of it waiting.
# With what contrib/packages/quickstart.list has, as far as there is need, and the libraries that the product is linked to.
debian_13_packages=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,openssh-client,openssl,iproute2,procps,passwd,login
debian_13_packages+=,libjansson4,libsqlite3-0,libsmartcols1,libinih1,libseccomp2

debian_13_archive='' debian_13_maker=''

begin_system() {
  case $long,$expression in
    1,* | *, | *debian13*) ;;
    *) return ;;
  esac
  debian_13_archive=$HUFU_WORLD_DIR/debian-13.tar
  make_archive trixie "$debian_13_archive" "$debian_13_packages" >"$HUFU_WORLD_DIR/debian-13-$run.log" 2>&1 </dev/null &
  debian_13_maker=$!
}

debian_13_installed() { # NODE
  if ! wait "$debian_13_maker"; then
    tail -n 3 "$HUFU_WORLD_DIR/debian-13-$run.log"
    return 1
  fi
  world import "$1" <"$debian_13_archive" && install_product "$1" "$product"
}

stage_system() {
  need_release || return 1
  begin "tests/system"
  local installed=installed-$run driver=driver-$run options=(--junit-xml="$source_folder/build/system.xml")
  if ! world clone "$installed" "$base" || ! install_product "$installed" "$product"; then
    broke "the product could not be installed"
    return
  fi
  world clone "$driver" "$builder"
  if [ -n "$debian_13_archive" ]; then
    # Without it, tests/system/test_varlink.py and test_key_debian13.py are skipped and say so.
    if debian_13_installed "debian-13-$run"; then options+=(--debian-13 "debian-13-$run"); else printf 'no Debian 13 could be made\n'; fi
  fi
  if [ "$long" = 1 ]; then
    # Without it, tests/system/test_389ds.py is.
    if with_389_installed "with-389-$run"; then options+=(--with-389 "with-389-$run"); else printf 'no 389 Directory Server could be had\n'; fi
  fi
  [ -z "$expression" ] || options+=(-k "$expression")
  [ -z "$bench" ] || options+=(-n 0 -s "$bench.py")
  [ "$long" = 0 ] || options+=(--long)
  [ "$keep" = 0 ] || options+=(--keep)
  # shellcheck disable=SC2016 # expanded inside
  world run --worlds "$driver" env HUFU_BENCH_ROUNDS="${HUFU_BENCH_ROUNDS:-50}" HUFU_SOAK="${HUFU_SOAK:-500 20 logins}" sh -uc 'cd "$1/tests/system" && cp ../bench/*.py . && shift && exec python3 -m pytest -q --installed "$@"' \
    _ "$source_folder" "$installed" "${options[@]}" </dev/null
  count_report "$driver" "$source_folder/build/system.xml" tests/system
}
