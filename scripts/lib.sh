# shellcheck shell=bash
# Sourced by the other scripts: says what is missing, and installs what Debian or Ubuntu can.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# A person's PATH often lacks the folders of servers, and that of rustup until the next login.
PATH=${HOME:-/root}/.cargo/bin:$PATH:/usr/sbin:/usr/local/sbin

say() { printf '\n── %s\n' "$*"; }

fail() {
  printf '\n%s\n' "$@" >&2
  exit 1
}

# have PROGRAM…: whether all of them are there.
have() {
  local program
  for program in "$@"; do command -v "$program" >/dev/null || return; done
}

# at_least WANTED VERSION
at_least() { printf '%s\n' "$1" "$2" | sort --version-sort --check=quiet; }

# npm_ci FOLDER: its packages as the lock file says, unless they are there.
npm_ci() {
  [[ $1/package-lock.json -nt $1/node_modules/.package-lock.json ]] || return 0
  say "Fetching the packages of ${1#"$root/"}"
  (cd "$1" && npm ci)
}

can_install() { have apt-get && { ((EUID == 0)) || have sudo; }; }

apt() {
  local command=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq "$@")
  if ((EUID)); then
    echo "As root: ${command[*]}"
    command=(sudo "${command[@]}")
  fi
  "${command[@]}"
}

# apt_offers PACKAGE: the version that can be installed, if any.
apt_offers() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: \([0-9]\)/\1/p'; }

# need_apt PACKAGE…: installs those that are missing.
need_apt() {
  local package missing=()
  for package in "$@"; do
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  can_install || fail "Please install (these are Debian's names): ${missing[*]}"
  say "Installing ${missing[*]}"
  apt update
  apt install -y --no-install-recommends "${missing[@]}"
}

need_mariadb() { have mariadbd mariadb-install-db mariadb || need_apt mariadb-server-core mariadb-client-core; }

# A compiler of C links Rust programs and builds parts of some of their libraries.
need_cc() { { have cc && [[ -e $(cc -print-file-name=crt1.o) ]]; } || need_apt gcc libc6-dev; }

need_rust() {
  local wanted
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")
  # The distributions' own Rust is older than that; newer ones have rustup.
  if ! have cargo && can_install; then
    apt update
    [[ -z $(apt_offers rustup) ]] || { need_apt rustup && rustup default stable; }
  fi
  have cargo rustc || fail "Please install Rust $wanted or newer with rustup: https://rustup.rs"
  at_least "$wanted" "$(rustc --version | cut -d ' ' -f 2)" ||
    fail "$(rustc --version) is too old, $wanted is needed. With rustup: rustup update stable && rustup default stable"
}

need_node() {
  local wanted=20.19
  if ! have node && can_install; then
    need_apt nodejs npm
  fi
  # An older Node.js still has npm, which has newer ones; it stays in a folder of ours.
  PATH=$root/target/node/node_modules/.bin:$PATH
  if have node npm && ! at_least "$wanted" "$(node --version | tr -d v)"; then
    say "Fetching a newer Node.js"
    npm install --silent --no-save --prefix "$root/target/node" node@24
    hash -r
  fi
  if ! have node || ! at_least "$wanted" "$(node --version | tr -d v)"; then
    fail "Please install Node.js $wanted or newer, with npm: https://nodejs.org"
  fi
  have npm || need_apt npm
}
