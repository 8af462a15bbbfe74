# shellcheck shell=bash
# Sourced by the other scripts: installs what is missing where Debian or Ubuntu has it, else says what to install.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# PATH often lacks the folders of servers, and that of rustup until the next login.
PATH=${HOME:-/root}/.cargo/bin:$PATH:/usr/sbin:/usr/local/sbin

say() { printf '\n── %s\n' "$*"; }

fail() {
  printf '\n%s\n' "$@" >&2
  exit 1
}

# step TITLE COMMAND…: says how long it took; sets `result` to FAILED and the title, for the case that it fails.
# shellcheck disable=SC2034 # scripts print the result when they end
step() {
  local began=$SECONDS
  result="FAILED: $1"
  say "$1"
  "${@:2}"
  echo "   $((SECONDS - began)) s"
}

# need_room GB: that much disk for the folder target, what is in it included. A disk that fills up fails anywhere, and late.
need_room() {
  local room
  mkdir -p "$root/target"
  room=$(($(df --output=avail --block-size=1M "$root" | tail -1) + $(du --summarize --block-size=1M "$root/target" | cut --fields=1)))
  ((room >= $1 * 1000)) || fail "This needs $1 GB of disk, and has $((room / 1000)). What was built before can go: rm -r $root/target"
}

# have PROGRAM…: whether all of them are there.
have() {
  local program
  for program in "$@"; do command -v "$program" >/dev/null || return; done
}

# at_least WANTED VERSION
at_least() { printf '%s\n' "$1" "$2" | sort --version-sort --check=quiet; }

# npm_ci FOLDER: installs its packages as the lock file says, unless they are there.
npm_ci() {
  [[ $1/package-lock.json -nt $1/node_modules/.package-lock.json ]] || return 0
  say "Fetching the packages of ${1#"$root/"}"
  quietly npm ci --prefix "$1" --no-audit --no-fund
}

# quietly COMMAND…: shows what it prints only if it fails.
quietly() {
  local output
  output=$(mktemp /tmp/hanip-output.XXXXXX)
  if ! "$@" >"$output" 2>&1; then
    cat "$output" >&2
    rm "$output"
    return 1
  fi
  rm "$output"
}

# cargo_build OPTION…: on a terminal says how many packages are built; prints cargo's messages only if it fails.
cargo_build() {
  local line messages='' packages=0 status
  while IFS= read -r line; do
    messages+=$line$'\n'
    if [[ $line == *" Compiling "* && -t 1 ]]; then printf '\r   %d packages' $((++packages)); fi
  done < <(cargo build "$@" 2>&1 </dev/null)
  wait $! && status=0 || status=$?
  ((packages == 0)) || printf '\n'
  ((status == 0)) || printf '%s' "$messages" >&2
  return "$status"
}

can_install() { have apt-get && { ((EUID == 0)) || have sudo; }; }

apt() {
  local command=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq "$@")
  if ((EUID)); then
    echo "As root: ${command[*]}"
    command=(sudo "${command[@]}")
  fi
  quietly "${command[@]}"
}

# apt_offers PACKAGE: prints the version that can be installed, if any.
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

# mariadb-dump makes the backups.
need_mariadb_dump() { have mariadb-dump || need_apt mariadb-client; }

# A C compiler links Rust programs, and builds parts of some libraries.
need_cc() { { have cc && [[ -e $(cc -print-file-name=crt1.o) ]]; } || need_apt gcc libc6-dev; }

need_rust() {
  local wanted
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")
  # Rust of Debian 12 and Ubuntu 24.04 is too old; later releases have rustup.
  if ! have cargo && can_install; then
    apt update
    [[ -z $(apt_offers rustup) ]] || { need_apt rustup && rustup default stable; }
  fi
  have cargo rustc || fail "Please install Rust $wanted or newer with rustup: https://rustup.rs"
  at_least "$wanted" "$(rustc --version | cut -d ' ' -f 2)" ||
    fail "$(rustc --version) is too old, $wanted is needed. With rustup: rustup update stable && rustup default stable"
}

# build_static: from here on cargo links statically, so that a program runs in an image without any other file.
# The target has to be named, since procedural macros can't be static. Paths of this machine are remapped.
# Programs are not position-independent: relocating their 37,000 pointers, most of them of the time zones, took as long
# as all the rest of a start.
build_static() {
  host=$(rustc --version --verbose | sed -n 's/^host: //p')
  export CARGO_BUILD_TARGET=$host
  export RUSTFLAGS="-C target-feature=+crt-static -C relocation-model=static --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$root=/hanip"
}

declare -A cpu_of=([amd64]=x86_64 [arm64]=aarch64)

# own_architecture: sets `own`, that of this machine.
own_architecture() {
  case $(uname -m) in
    x86_64) own=amd64 ;;
    aarch64 | arm64) own=arm64 ;;
    *) fail "Programs are built for amd64 and arm64, and this machine is $(uname -m)" ;;
  esac
}

# build_for ARCHITECTURE: build_static for it. Sets `target`, and `tools`, the prefix of the names of its tools. `own` is set.
build_for() {
  local variable
  build_static
  target=${cpu_of[$1]}-${host#*-} tools=
  [[ $1 != "$own" ]] || return 0
  tools=${cpu_of[$1]}-linux-gnu-
  variable=CARGO_TARGET_${target^^}_LINKER
  export CARGO_BUILD_TARGET=$target "${variable//-/_}=${tools}gcc"
}

# need_cross ARCHITECTURE: the compiler and the library of C, and the library of Rust, for another architecture.
need_cross() {
  local cpu=${cpu_of[$1]}
  need_apt "gcc-${cpu/_/-}-linux-gnu" "libc6-dev-$1-cross"
  build_for "$1"
  [[ ! -d $(rustc --print sysroot)/lib/rustlib/$target ]] || return 0
  have rustup || fail "Another architecture needs rustup: https://rustup.rs"
  rustup target add "$target"
}

# copy_sources FOLDER: puts a copy of the sources there, without what git ignores.
copy_sources() {
  (
    cd "$root" || exit
    git ls-files -z --cached --others --exclude-standard |
      while IFS= read -r -d '' file; do [[ ! -f $file ]] || printf '%s\0' "$file"; done |
      tar --create --null --files-from=-
  ) | tar --extract --directory "$1"
}

# copy_manifests: sets `copy`, a copy of the sources with what scripts/deploy writes into each overlay. It ends with the
# script: no local digest gets in, and no planted mistake stays behind.
copy_manifests() {
  local name overlay
  copy=$(mktemp -d /tmp/hanip-manifests.XXXXXX)
  trap 'rm -rf "$copy"' EXIT
  copy_sources "$copy"
  for name in migrate web $(functions); do
    echo "registry.example/hanip/$name@sha256:$(printf '0%.0s' {1..64})"
  done >"$copy/images"
  for name in mariadb mariadb-operator; do
    echo "registry.example/$name@sha256:$(printf '0%.0s' {1..64})" >>"$copy/images"
  done
  for overlay in "$root"/knative/overlays/*/; do
    overlay=$(basename "$overlay")
    "$root/scripts/deploy" write "$overlay" "$copy/images" "$copy/knative/overlays/$overlay/written"
  done
}

# functions: prints the names of the functions that run on a cluster, which are all but standalone.
functions() {
  local main
  for main in "$root"/functions/*/src/main.rs; do
    main=${main#"$root/functions/"}
    [[ $main == standalone/* ]] || echo "${main%/src/main.rs}"
  done
}

need_node() {
  local wanted=20.19
  if ! have node && can_install; then
    need_apt nodejs npm
  fi
  # An older Node.js still has npm, which can install a newer one; it goes into target/.
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

# need_venv NAME: a Python environment target/NAME with the packages of tests/NAME/requirements.txt.
need_venv() {
  local venv=$root/target/$1 wanted=$root/tests/$1/requirements.txt
  ! cmp --quiet "$wanted" "$venv/installed.txt" || return 0
  { have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; } || need_apt python3 python3-venv
  say "Fetching the Python packages of $1"
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
  cp "$wanted" "$venv/installed.txt"
}

# need_jars NAME: the libraries of tests/NAME/pom.xml, in target/NAME-jars.
need_jars() {
  local folder=$root/target/$1-jars wanted=$root/tests/$1/pom.xml
  have java || need_apt default-jre-headless
  ! cmp --quiet "$wanted" "$folder/installed.xml" || return 0
  have mvn || need_apt maven
  say "Fetching the Java libraries of $1"
  rm -rf "$folder"
  quietly mvn --batch-mode --file "$wanted" dependency:copy-dependencies "-DoutputDirectory=$folder"
  cp "$wanted" "$folder/installed.xml"
}

# need_kubectl: the machine's own, or one that is built here.
need_kubectl() {
  local wanted=5.5 # kustomize 5.5 is in kubectl 1.32
  ! have kubectl || ! at_least "$wanted" "$(kubectl version --client 2>/dev/null | sed -n 's/^Kustomize Version: v//p')" || return 0
  cluster_program kubernetes kubectl k8s.io/kubernetes/cmd/kubectl
}

# cosign signs images, and checks signatures.
need_cosign() {
  local wanted=3.0
  ! have cosign || ! at_least "$wanted" "$(cosign version 2>/dev/null | sed -n 's/^GitVersion: *v//p')" || return 0
  cluster_program cosign cosign github.com/sigstore/cosign/v3/cmd/cosign
}

# need_go: Go as the modules of tests/cluster want it, from the package index where the system has an older one.
need_go() {
  local wanted=1.26.0
  ! have go || ! at_least "$wanted" "$(go env GOVERSION | tr -d go)" || return 0
  need_venv go
  PATH=$root/target/go/bin:$PATH
  hash -r
}

# need_api_server: an API server, its store, and Knative's webhooks.
need_api_server() {
  need_kubectl
  cluster_program kubernetes etcd go.etcd.io/etcd/server/v3
  cluster_program kubernetes kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
  cluster_program knative serving-webhook knative.dev/serving/cmd/webhook
  cluster_program knative eventing-webhook knative.dev/eventing/cmd/webhook
}

# cluster_program MODULE NAME PACKAGE [OPTION…]: builds it into target/cluster, at the version that a module of
# tests/cluster names, with options of `go build`.
cluster_program() {
  local module=$root/tests/cluster/$1 programs=$root/target/cluster made_of version
  PATH=$programs:$PATH
  made_of=$(cd "$module" && cat go.mod && [[ $3 != .* ]] || cat "$3"/*.go)
  [[ ! -x $programs/$2 || $made_of != "$(<"$programs/$2.mod")" ]] || return 0
  need_go
  say "Building $2: some minutes, once"
  # A Kubernetes says which version it is, and Knative asks it.
  version=$(sed -n 's/^\tk8s.io\/kubernetes \(v[0-9.]*\).*/-X k8s.io\/component-base\/version.gitVersion=\1/p' "$module/go.mod")
  (cd "$module" && CGO_ENABLED=0 go build -o "$programs/$2" -ldflags "-s -w $version" "${@:4}" "$3")
  echo "$made_of" >"$programs/$2.mod"
}

# need_cluster: what runs the pods of a cluster on this machine, and all of Knative, as programs.
need_cluster() {
  local name
  need_api_server
  for name in kube-controller-manager kube-scheduler kubelet kube-proxy; do
    cluster_program kubernetes "$name" "k8s.io/kubernetes/cmd/$name"
  done
  for name in queue activator autoscaler controller; do
    cluster_program knative "serving-$name" "knative.dev/serving/cmd/$name"
  done
  for name in controller mtping broker/ingress broker/filter mtchannel_broker in_memory/channel_controller in_memory/channel_dispatcher; do
    cluster_program knative "eventing-${name##*/}" "knative.dev/eventing/cmd/$name"
  done
  cluster_program knative gateway ./gateway
  cluster_program knative trivial ./trivial
  cluster_program network kube-router github.com/cloudnativelabs/kube-router/v2/cmd/kube-router
  cluster_program network names ./names
  cluster_program metrics metrics-server sigs.k8s.io/metrics-server/cmd/metrics-server
}

# need_server PROGRAM PACKAGE…: installing a server's package would start it. So where the program is missing, the first
# package that has it is unpacked into target/, without being installed.
need_server() {
  local program=$1 folder=$root/target/$1 package
  PATH=$PATH:$folder/usr/sbin:$folder/usr/bin
  ! have "$program" || return 0
  can_install || fail "Please install $program"
  say "Fetching $program"
  apt update
  mkdir -p "$folder"
  for package in "${@:2}"; do
    (cd "$folder" && rm -f ./*.deb && apt-get -qq download "$package" && dpkg --extract ./*.deb .)
    ! have "$program" || return 0
  done
  fail "$program does not run here. Please install it."
}

# nginx is the edge.
need_nginx() {
  need_server nginx nginx nginx-core
  nginx -v 2>/dev/null || fail "nginx does not run here. Please install it."
}

# need_pam_plugin: sets TEST_PLUGIN_DIR, where the plugin is by which a MariaDB asks PAM.
need_pam_plugin() {
  export TEST_PLUGIN_DIR=/usr/lib/mysql/plugin
  [[ ! -e $TEST_PLUGIN_DIR/auth_pam_v1.so ]] || return 0
  need_server wsrep_sst_rsync mariadb-server
  TEST_PLUGIN_DIR=$root/target/wsrep_sst_rsync/usr/lib/mysql/plugin
  [[ -e $TEST_PLUGIN_DIR/auth_pam_v1.so ]] || fail "Please install a MariaDB that has the plugin auth_pam_v1"
}

# build_aws [FUNCTION…]: the programs that the tests of AWS run, as handlers of Lambda and with all that AWS says of a
# database; these functions too. They go into a folder of their own, since the images have none of it; the others have to be
# built after them, to be in their place.
build_aws() {
  local programs=target/$host/debug functions=(auth foods tick "$@")
  cargo build --locked --package migrations "${functions[@]/#/--package=}" --features common/lambda
  mkdir -p "$programs/aws"
  cp "$programs/migrate" "${functions[@]/#/$programs/}" "$programs/aws/"
}

# cargo-deny checks the dependencies; it is built into target/.
need_cargo_deny() {
  local wanted=0.20.2 tools=$root/target/tools
  [[ $("$tools/bin/cargo-deny" --version 2>/dev/null) != "cargo-deny $wanted" ]] || return 0
  say "Building cargo-deny: a minute or two, once"
  cargo install --quiet --locked --profile dev --root "$tools" --target-dir "$tools/build" "cargo-deny@$wanted"
  rm -rf "$tools/build"
}

# need_browsers: the three engines of browsers, and what drives them. Firefox's driver is built into target/.
need_browsers() {
  local wanted=0.37.1 tools=$root/target/tools
  need_apt chromium webkit2gtk-driver xvfb fonts-noto-cjk fonts-noto-color-emoji
  have firefox || need_apt firefox-esr
  export PATH=$tools/bin:$PATH
  [[ $(geckodriver --version 2>/dev/null) != "geckodriver $wanted"* ]] || return 0
  say "Building geckodriver, which drives Firefox: a minute or two, once"
  cargo install --quiet --locked --profile dev --root "$tools" --target-dir "$tools/build" "geckodriver@$wanted"
  rm -rf "$tools/build"
}

# need_docker: uses a Docker daemon that answers, else starts one without any network, which ends with the script.
need_docker() {
  have docker || need_apt docker.io iptables
  ! docker info &>/dev/null || return 0
  ((EUID == 0)) || fail "Docker does not answer. Please start it and let $USER use it: sudo usermod -aG docker $USER"
  have dockerd iptables || need_apt docker.io iptables
  docker_files=$(mktemp -d /tmp/hanip-docker.XXXXXX)
  export DOCKER_HOST=unix://$docker_files/socket
  # No firewall rules: those of the machine stay as they are.
  dockerd --host="$DOCKER_HOST" --data-root="$docker_files/data" --exec-root="$docker_files/exec" \
    --pidfile="$docker_files/pid" --bridge=none --iptables=false --ip6tables=false </dev/null &>"$docker_files/log" &
  docker_daemon=$!
  until docker info &>/dev/null; do
    kill -0 "$docker_daemon" 2>/dev/null || fail "Docker can't run here:" "$(tail -n 5 "$docker_files/log")"
    sleep 0.1
  done
}

# Stops the Docker daemon that need_docker has started, if it has.
stop_docker() {
  [[ -n ${docker_daemon:-} ]] || return 0
  { kill "$docker_daemon" && wait "$docker_daemon"; } 2>/dev/null || true
  rm -rf "$docker_files"
}

# free_port: prints a port that nothing listens on.
free_port() {
  local port
  while port=$((10000 + RANDOM % 20000)) && (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

# start_mariadb [OPTION…]: starts a MariaDB for tests: fast, not durable, on a unix socket alone.
start_mariadb() {
  local as=()
  scratch=$(mktemp -d /tmp/hanip-tests.XXXXXX) # not in TMPDIR: a socket's path has at most 107 bytes
  ((EUID)) || as=(-uroot) # it refuses to be root unless told so
  # A starting server deletes temporary tables of other servers with the same TMPDIR.
  TMPDIR=$scratch mariadb-install-db --no-defaults "${as[@]}" --datadir="$scratch/data" --force --skip-test-db \
    --auth-root-authentication-method=normal >"$scratch/log" 2>&1 || fail "$(<"$scratch/log")"
  TMPDIR=$scratch mariadbd --no-defaults "${as[@]}" --datadir="$scratch/data" --socket="$scratch/socket" --pid-file="$scratch/pid" \
    --skip-networking --skip-ssl --skip-name-resolve --skip-log-bin --performance-schema=0 --max-connections=500 \
    --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 \
    --character-set-server=utf8mb4 "$@" </dev/null >>"$scratch/log" 2>&1 &
  server=$!
  until mariadb --no-defaults --user=root --socket="$scratch/socket" --execute='SELECT 1' &>/dev/null; do
    kill -0 "$server" 2>/dev/null || fail "$(<"$scratch/log")"
    sleep 0.1
  done
  export TEST_SCRATCH=$scratch
  export TEST_DATABASE_URL="mysql://root@localhost/?socket=$scratch/socket"
}

# Stops that MariaDB, if it was started, and removes what tests have left.
stop_mariadb() {
  [[ -z ${server:-} ]] || { kill "$server" && wait "$server"; } 2>/dev/null || true
  [[ -z ${scratch:-} ]] || rm -rf "$scratch"
}
