# shellcheck shell=bash
# product.sh - this source tree, built and installed in worlds. For tests/run and contrib/quickstart, which set `tree`.

tree=${tree:?}
world() { "$BASH" "$tree/contrib/world" "$@"; }
source_folder=/usr/src/hufu # in the world

# What a fresh checkout would hold, also with changes not committed; without git, all that is no build output.
source_files() {
  if git -c safe.directory='*' -C "$tree" rev-parse --git-dir >/dev/null 2>&1; then
    git -c safe.directory='*' -C "$tree" ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
      [ ! -e "$tree/$file" ] || printf '%s\0' "$file"
    done
  else
    (cd "$tree" && find . -name .git -prune -o -path ./build -prune -o -name __pycache__ -prune -o -type f -printf '%P\0')
  fi
}

source_hash() {
  source_files | sort -z | (cd "$tree" && xargs -0 sha256sum) | sha256sum | cut -c1-16
}

# Times are kept, and the build folder stays, so that only what changed is built again.
copy_source() { # NODE
  # shellcheck disable=SC2016 # expanded inside
  source_files | tar -C "$tree" --null -T - -c | world run "$1" sh -euc '
    mkdir -p "$1/build"
    mv "$1/build" "$1.build"
    rm -rf "$1"
    mkdir "$1"
    tar -x --no-same-owner -C "$1"
    mv "$1.build" "$1/build"' _ "$source_folder"
}

# Packs what `cmake --install` would put on a host. The tests are no part of it, and their libraries need not be there.
pack_product() { # NODE FILE
  # shellcheck disable=SC2016 # expanded inside
  world run "$1" sh -euc 'cd "$1"
    exec 3>&1 >&2
    cmake --preset release "$2"
    cmake --build --preset release
    mkdir /tmp/stage
    DESTDIR=/tmp/stage cmake --install build/release
    tar -C /tmp/stage -c . >&3' _ "$source_folder" "${3:--DBUILD_TESTING=ON}" >"$2.new" </dev/null || return 1
  mv "$2.new" "$2"
}

# The steps of README's installation, from the packed files on.
install_product() { # NODE FILE
  world run "$1" sh -euc '
    tar -x -C / --no-same-owner --keep-directory-symlink --no-overwrite-dir
    { systemd-sysusers && systemd-tmpfiles --create --prefix=/var --prefix=/etc; } 2>/tmp/log || { cat /tmp/log >&2; exit 1; }' <"$2"
}
