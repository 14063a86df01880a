# Makes this computer a provider of a Coop network: fetches the agent from the network's own server, checks it, enrols with the
# token from the join command, and runs it. The server puts the values of ORIGIN to NODE_ARCH above these lines.
#
#   COOP_JOIN_TOKEN    the single-use token (required the first time)
#   COOP_SERVICE=1     install a systemd service instead of running here       (or: sh -s -- --service)
#   COOP_AGENT_DIR     where everything goes; default /opt/coop-agent, or ~/.local/share/coop-agent when not root
#   COOP_MACHINE_NAME  what to call this machine; default its host name

NODE_MAJOR_MIN=24

# All in functions, called by the very last line: a script that was cut off in transit does nothing.
main() {
  service=${COOP_SERVICE:-}
  for argument in "$@"; do
    case $argument in
      --service) service=1 ;;
      *) fail "unknown argument $argument" "the only one is --service" ;;
    esac
  done
  # Not left in the environment of curl and the like.
  token=${COOP_JOIN_TOKEN:-}
  unset COOP_JOIN_TOKEN

  check_computer
  choose_directory
  mkdir -p "$dir"
  download=$(mktemp -d "$dir/.download.XXXXXX")
  trap 'rm -rf "$download"' EXIT
  trap 'exit 130' INT TERM HUP

  get_node
  get_agent
  write_program
  enrol
  rm -rf "$download"
  trap - EXIT INT TERM HUP
  case $service in
    '' | 0 | no) run_here ;;
    *) run_as_service ;;
  esac
}

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "coop: $1"
  [ $# -lt 2 ] || say "  -> $2"
  exit 1
}

check_computer() {
  [ "$(uname -s)" = Linux ] || fail "this is $(uname -s), and the agent runs on Linux" "on Windows use WSL 2"
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "a $(uname -m) processor is not supported" "the agent runs on 64-bit x86 and ARM" ;;
  esac
  for program in curl mktemp sed; do
    command -v "$program" >/dev/null 2>&1 || fail "$program is missing" "install it, then run the join command again"
  done
  if command -v sha256sum >/dev/null 2>&1; then sum=sha256sum
  elif command -v shasum >/dev/null 2>&1; then sum='shasum -a 256'
  else fail "sha256sum is missing" "install coreutils, then run the join command again"
  fi
}

choose_directory() {
  if [ -n "${COOP_AGENT_DIR:-}" ]; then dir=$COOP_AGENT_DIR
  elif [ "$(id -u)" = 0 ]; then dir=/opt/coop-agent
  else dir=${HOME:?}/.local/share/coop-agent
  fi
  case $dir in
    /*) ;;
    *) dir=$(pwd)/$dir ;;
  esac
  # It is written into scripts, a unit file and this sentence.
  case $dir in
    *[!A-Za-z0-9/._+@:-]*) fail "the directory $dir has unusual characters in its name" "choose another by COOP_AGENT_DIR" ;;
  esac
}

# fetch PATH FILE: from the one server that the join command named, under the same pin.
fetch() {
  set -- "$ORIGIN$1" "$2" --fail --silent --show-error --connect-timeout 15 --retry 3 --speed-limit 1000 --speed-time 60
  if [ -n "$SPKI_PIN" ]; then
    # -k lets a self-made certificate pass; the pin is checked all the same, and nothing but that key gets through.
    set -- "$@" -k --pinnedpubkey "sha256//$SPKI_PIN"
  fi
  if curl --version | grep -q libz; then set -- "$@" --compressed; fi
  url=$1
  file=$2
  shift 2
  curl "$@" --output "$file" "$url" || fail "cannot fetch $url"
}

# check FILE SHA256
check() {
  found=$($sum "$1" | cut -d ' ' -f 1)
  [ "$found" = "$2" ] || fail "what came from $ORIGIN is not what it should be (sha256 $found instead of $2)" \
    "nothing of it was run; ask for a new join command"
}

# Sets $node: one that is here and new enough, or the server's own.
get_node() {
  for candidate in "$(command -v node 2>/dev/null || true)" "$dir/bin/node"; do
    if [ -n "$candidate" ] && [ "$(node_major "$candidate")" -ge "$NODE_MAJOR_MIN" ]; then
      node=$candidate
      return 0
    fi
  done
  [ "$NODE_ARCH" = "$arch" ] || fail "this computer has no Node $NODE_MAJOR_MIN, and the server has none for $arch to give" \
    "install Node $NODE_MAJOR_MIN or newer from https://nodejs.org, then run the join command again"
  say "Fetching Node $NODE_VERSION from $ORIGIN ($((NODE_BYTES / 1048576)) MB) ..."
  fetch "/agent/node" "$download/node"
  check "$download/node" "$NODE_SHA256"
  chmod 755 "$download/node"
  [ "$(node_major "$download/node")" -ge "$NODE_MAJOR_MIN" ] || fail "the server's Node does not run on this computer" \
    "install Node $NODE_MAJOR_MIN or newer by other means, then run the join command again"
  mkdir -p "$dir/bin"
  mv -f "$download/node" "$dir/bin/node"
  node=$dir/bin/node
}

# 0 where the program does not run at all.
node_major() {
  major=$("$1" --version 2>/dev/null | sed -n 's/^v\([0-9][0-9]*\)\..*/\1/p')
  echo "${major:-0}"
}

get_agent() {
  say "Fetching the agent from $ORIGIN ..."
  fetch "/agent/agent.mjs" "$download/agent.mjs"
  check "$download/agent.mjs" "$AGENT_SHA256"
  mv -f "$download/agent.mjs" "$dir/agent.mjs"
  if [ -n "$CERT_PEM" ]; then
    printf '%s\n' "$CERT_PEM" >"$download/server.pem"
    mv -f "$download/server.pem" "$dir/server.pem"
  fi
}

# coop-agent, with which everything else is done: by this script, by the service and by people.
write_program() {
  {
    echo '#!/bin/sh'
    echo "export COOP_AGENT_DIR='$dir'"
    echo "exec '$node' '$dir/agent.mjs' \"\$@\""
  } >"$download/coop-agent"
  chmod 755 "$download/coop-agent"
  mv -f "$download/coop-agent" "$dir/coop-agent"
}

enrol() {
  # Joining again where this computer is a machine of this very network brings the agent up to date, and no more.
  if "$dir/coop-agent" status --json 2>/dev/null </dev/null | grep -qF "\"server\":\"$ORIGIN\""; then
    say "This computer is a machine of $ORIGIN already; the agent is up to date now."
    return 0
  fi
  [ -n "$token" ] || fail "there is no join token" "run the whole line that 'coop machine add' prints"
  set -- --server "$ORIGIN"
  [ -z "$CERT_PEM" ] || set -- "$@" --ca "$dir/server.pem"
  [ -z "${COOP_MACHINE_NAME:-}" ] || set -- "$@" --name "$COOP_MACHINE_NAME"
  COOP_JOIN_TOKEN=$token "$dir/coop-agent" enrol "$@" </dev/null || fail "this computer could not be enrolled" \
    "see what is missing: $dir/coop-agent doctor"
}

run_here() {
  say ""
  say "This computer is a provider now. It serves while this runs; Ctrl-C ends it."
  say "  check it        $dir/coop-agent doctor"
  say "  run it always   $dir/coop-agent service install"
  say "  remove it       $dir/coop-agent uninstall"
  say ""
  exec "$dir/coop-agent" run </dev/null
}

run_as_service() {
  "$dir/coop-agent" service install </dev/null || fail "the service could not be installed" "run it by hand: $dir/coop-agent run"
  say ""
  say "This computer is a provider now."
  say "  check it    $dir/coop-agent doctor"
  say "  see it      $dir/coop-agent service status"
  say "  remove it   $dir/coop-agent uninstall"
}

main "$@"
